# %% [markdown]
# # Train and predict
#
# A very small network learns masks from the boxes alone, as in the paper, and is scored on the
# painted masks. It shows the steps, not what DaTaSeg can do: six photographs teach nothing general.
#
#     python examples/train_and_predict.py OUT
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
# A configuration names the data sets to learn together; here one, of boxes. `docs/training.md`
# describes every key. Random orthogonal vectors stand for CLIP's text embeddings of the class
# names, which would have to be downloaded (`dataseg predict --vocabulary` computes them).

# %%
CONFIG = """
iterations = {iterations}
batch_size = 2
image_size = 96
workers = 0
log_every = 10
checkpoint_every = 1000
text = {{file = "text.npz"}}
optimizer = {{lr = 5e-4}}
[model]
preset = "tiny"
backbone = {{name = "vitdet_tiny"}}
hidden_dim = 32
dim_feedforward = 64
decoder_layers = 2
num_queries = 20
text_dim = 32
"""
DATA = """
[[data]]
layout = "coco_instances"
name = "painted"
images = "{images}"
annotations = "{annotations}"
"""
OF_BOXES = 'boxes_only = true\nweights = "objects365_boxes"\n'


# %%
def train(release: Path, out: Path, iterations: int) -> Path:
    """Train as `dataseg train` does; gives the checkpoint."""
    config = out / "painted.toml"
    images = out / "project" / IMAGES_FOLDER
    names = [category.name for category in read_annotations(release).categories]
    vectors = np.linalg.qr(np.random.default_rng(0).normal(size=(32, 32)))[0][: len(names)]
    save_embeddings(out / "text.npz", names, vectors, {"origin": "random"})
    data = DATA.format(images=images.resolve(), annotations=release.resolve())
    config.write_text(CONFIG.format(iterations=iterations) + data + OF_BOXES)
    (out / "data.toml").write_text(data)
    run("train", config, "--out", out / "run", "--device", "cpu")
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
    model = train(truth, target, int(sys.argv[2]) if len(sys.argv) > 2 else 300)
    metrics = evaluate(predict(model, target), truth).metrics
    print(f"AP50 on its own training images: {100 * metrics['AP50']:.1f}")
