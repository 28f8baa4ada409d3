# %% [markdown]
# # Fine-tune and predict
#
# A very small network first learns generated shapes, and from there masks from the boxes alone, as
# in the paper; it is scored on the painted masks. It shows the steps, not what DaTaSeg can do: six
# photographs teach nothing general.
#
#     python examples/fine_tune_and_predict.py OUT
#
# OUT is where `paint_and_release.py` has written; it is called if it has not.

# %%
import subprocess
import sys
from pathlib import Path

import numpy as np
from paint_and_release import paint_and_release

from benchmark import evaluate
from model.text.embedding_files import save_embeddings
from o365seg.demo import IMAGES_FOLDER
from o365seg.formats.records import read_annotations
from o365seg.release.build import FILE_NAME

# %% [markdown]
# A configuration names the data sets to learn together: first two generated ones, which need no
# file, then one of painted boxes. `docs/training.md` describes every key. Random orthogonal vectors
# stand for CLIP's text embeddings of the class names, which would have to be downloaded
# (`dataseg predict --vocabulary` computes them).

# %%
SETTINGS = """
iterations = {iterations}
batch_size = 2
image_size = 96
workers = 0
log_every = 10
checkpoint_every = 1000
optimizer = {{lr = 5e-4}}
"""
SHAPES = """
text = {synthetic = true}
[model]
preset = "tiny"
backbone = {name = "vitdet_tiny"}
hidden_dim = 32
dim_feedforward = 64
decoder_layers = 2
num_queries = 20
text_dim = 32
[[data]]
layout = "synthetic"
which = "panoptic"
size = 96
[[data]]
layout = "synthetic"
which = "boxes"
size = 96
"""
TEXT = 'text = {file = "text.npz"}\n'
DATA = """
[[data]]
layout = "coco_instances"
name = "painted"
images = "{images}"
annotations = "{annotations}"
"""
OF_BOXES = 'boxes_only = true\nweights = "objects365_boxes"\n'


# %%
def learn_shapes(out: Path, iterations: int) -> Path:
    """Train on generated images as `dataseg train` does; gives the checkpoint."""
    config = out / "shapes.toml"
    config.write_text(SETTINGS.format(iterations=iterations) + SHAPES)
    run("train", config, "--out", out / "shapes", "--device", "cpu")
    return out / "shapes" / "model.safetensors"


# %% [markdown]
# `--start` takes the network and its weights from a checkpoint, whatever classes it has learnt, and
# lists what it could not use. A checkpoint of your own goes here.


# %%
def fine_tune(start: Path, release: Path, out: Path, iterations: int) -> Path:
    """Train on from a checkpoint; gives the new one."""
    config = out / "painted.toml"
    images = out / "project" / IMAGES_FOLDER
    names = [category.name for category in read_annotations(release).categories]
    vectors = np.linalg.qr(np.random.default_rng(0).normal(size=(32, 32)))[0][: len(names)]
    save_embeddings(out / "text.npz", names, vectors, {"origin": "random"})
    data = DATA.format(images=images.resolve(), annotations=release.resolve())
    config.write_text(SETTINGS.format(iterations=iterations) + TEXT + data + OF_BOXES)
    (out / "data.toml").write_text(data)
    run("train", config, "--start", start, "--out", out / "run", "--device", "cpu")
    return out / "run" / "model.safetensors"


# %% [markdown]
# `dataseg evaluate` writes the predictions and their scores; `benchmark evaluate` gives the same.


# %%
def predict(checkpoint: Path, out: Path) -> Path:
    """Predict the photographs, and score the masks; gives the results file."""
    run(
        "evaluate", checkpoint, "--config", out / "data.toml", "--embeddings",
        checkpoint.with_name("text.npz"), "--out", out / "predictions", "--device", "cpu",
    )  # fmt: skip
    (found,) = (out / "predictions").rglob("*.json")
    return found


def run(*words: object) -> None:
    """A command of `dataseg`."""
    subprocess.run([sys.executable, "-m", "model", *map(str, words)], check=True)


# %%
if __name__ == "__main__":
    target = Path(sys.argv[1])
    painted = target / FILE_NAME
    truth = painted if painted.is_file() else paint_and_release(target)
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    model = fine_tune(learn_shapes(target, count), truth, target, count)
    metrics = evaluate(predict(model, target), truth).metrics
    print(f"AP50 on its own training images: {100 * metrics['AP50']:.1f}")
