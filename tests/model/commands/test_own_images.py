"""docs/own_images.md: its files and commands, run on generated images at a toy size."""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_run import small_tables
from typer.testing import CliRunner

from model.commands.main import app
from model.data.samples import SegmentGroundTruth
from model.datasets.synthetic import Synthetic, Which, synthetic_text
from model.runtime.checkpoint import save_checkpoint
from model.text.embedding_files import save_embeddings
from model.training.config import train_config_from_dict
from model.training.starting import make_network
from o365seg.formats.masks import encode_rle

PAGE = (Path(__file__).parents[3] / "docs" / "own_images.md").read_text()
TOML = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
IMAGES, TRAINED = 50, 40
TOY = ["iterations=4", "batch_size=2", "image_size=64", "workers=0", "validation.every=2",
       "text.file=toy.npz"]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """50 photographs as the page has them, with COCO JSON besides, and a model to start from."""
    base = tmp_path_factory.mktemp("page")
    own = base / "own"
    for name in ("photos", "labels"):
        (own / name).mkdir(parents=True)
    data = Synthetic(Which.PANOPTIC, "val", 64, IMAGES)
    words = data.vocabulary
    splits = {"train": range(TRAINED), "val": range(TRAINED, IMAGES)}
    for split, numbers in splits.items():
        images, records = [], []
        for number in numbers:
            sample, name = data[number], f"{number + 1:04}"
            truth = sample.ground_truth
            assert isinstance(truth, SegmentGroundTruth)
            labels = np.full(truth.ids.shape, 255, np.uint8)
            images.append({"id": number + 1, "file_name": f"{name}.jpg", "width": 64, "height": 64})
            for segment in truth.segments:
                mask = truth.ids == segment.id
                labels[mask] = segment.label + 1
                if words.is_thing[segment.label]:
                    rle = encode_rle(mask)
                    records.append({
                        "id": len(records) + 1 + 1000 * number, "image_id": number + 1,
                        "category_id": words.ids[segment.label], "iscrowd": 0,
                        "area": int(mask.sum()), "bbox": [0, 0, 64, 64],
                        "segmentation": {"size": list(rle.size), "counts": rle.counts},
                    })  # fmt: skip
            Image.fromarray(sample.image).save(own / "photos" / f"{name}.jpg", quality=95)
            Image.fromarray(labels).save(own / "labels" / f"{name}.png")
        listed = "".join(f"{number + 1:04}\n" for number in numbers)
        (own / f"{split}.txt").write_text(listed)
        things = [c for c in words.as_categories() if c["isthing"]]
        content = {"images": images, "annotations": records, "categories": things}
        (own / f"{split}.json").write_text(json.dumps(content))
    pairs = zip(words.names, words.is_thing, strict=True)
    lines = [name if thing else f"{name}:stuff" for name, thing in pairs]
    (own / "classes.txt").write_text("\n".join(lines) + "\n")
    save_embeddings(own / "toy.npz", words.names, synthetic_text(words, 32), {})
    start = make_network(train_config_from_dict(small_tables()), Path())
    save_checkpoint(base / "model.safetensors", start)
    return own


def run(line: str) -> str:
    words = shlex.split(line, comments=True)
    assert words[0] == "dataseg", line
    if words[1] == "train":
        words += ["--device", "cpu", *(part for one in TOY for part in ("--set", one))]
    done = CliRunner().invoke(app, words[1:])
    assert done.exit_code == 0, (line, done.output, done.exception)
    return done.output


def validations(run: str) -> list[str]:
    return (Path(run) / "validation.jsonl").read_text().splitlines()


def the_command(name: str) -> str:
    (line,) = (line for line in COMMANDS if line.startswith(f"dataseg {name}"))
    return line


def test_the_page_s_commands_from_label_maps(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    config, _, scored = TOML
    Path("own.toml").write_text(config)
    Path("val.toml").write_text(scored)
    assert COMMANDS[0] == "cd own"
    for line in COMMANDS[1:]:
        run(line)
    assert list(folder.glob("*.png"))  # the picture of `check`
    assert len(list((folder / "results" / "overlays").glob("*.png"))) == IMAGES
    lines = [json.loads(line) for line in validations("runs/own")]
    best = max(line["own"]["mIoU"] for line in lines)
    numbers = json.loads((folder / "numbers.json").read_text())
    assert numbers["data"]["own"]["metrics"]["mIoU"] == best
    assert numbers["data"]["own"]["images"] == IMAGES - TRAINED


def test_the_same_from_coco_json(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    config, coco, _ = TOML
    Path("coco.toml").write_text(config[: config.index("[[data]]")] + coco.replace(
        "[[validation.data]]", "[validation]\nevery = 100\n\n[[validation.data]]"))  # fmt: skip
    train = the_command("train").replace("own.toml", "coco.toml")
    run(train.replace("runs/own", "runs/coco"))
    line = the_command("predict").replace("runs/own", "runs/coco").replace("results", "found")
    run(line.replace("classes.txt", "val.json").replace("semantic", "instance"))
    assert (folder / "found" / "instances.json").exists()
    lines = [json.loads(line) for line in validations("runs/coco")]
    assert set(lines[-1]) == {"iteration", "own"} and "AP" in lines[-1]["own"]
