"""The model card: what the header and the evaluation say, and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from o365seg.errors import InputError

torch = pytest.importorskip("torch")
pytest.importorskip("timm")

from model.commands.main import app  # noqa: E402
from model.evaluation.card import model_card, read_evaluations  # noqa: E402
from model.runtime.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402
from model.runtime.untrained import write_untrained  # noqa: E402


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("card") / "m.safetensors"
    write_untrained("tiny", 8, 0, None, path)
    return path


def evaluation(checkpoint: str, **metrics: float | None) -> dict[str, Any]:
    """As `scores_json` writes it."""
    one = {"task": "semantic", "metrics": metrics, "images": 7, "details": {"x": 1},
           "repeat": ["benchmark", "evaluate", "a b", "```"]}  # fmt: skip
    return {"checkpoint": checkpoint, "data": {"ade|20k": one}}


def test_an_untrained_model_is_called_so(checkpoint: Path) -> None:
    card = model_card(checkpoint, [])
    network = load_checkpoint(checkpoint)
    count = sum(p.numel() for p in network.parameters() if p.requires_grad)
    assert "**Untrained.**" in card
    assert f"| total | {count:,} parameters |" in card
    assert "None. Without evaluation" in card
    assert "Not stated." in card


def test_scores_are_the_evaluations_and_text_is_no_markup(checkpoint: Path, tmp_path: Path) -> None:
    numbers = tmp_path / "numbers.json"
    numbers.write_text(json.dumps(evaluation("runs/m.safetensors", mIoU=0.12345, pixel=None)))
    out = tmp_path / "card.md"
    done = run("card", checkpoint, "--evaluation", numbers, "--out", out, "--licence", "<b>MIT</b>")
    assert done.exit_code == 0, done.output
    card = out.read_text()
    assert "| data set | mIoU | pixel | images |" in card
    assert r"| ade\|20k | 12.35 | – | 7 |" in card
    assert "benchmark evaluate 'a b' '''''" in card  # what would end the code is taken out
    assert r"\<b\>MIT\</b\>." in card
    assert card.count("```") == 4


def test_what_it_was_trained_on_is_told(checkpoint: Path, tmp_path: Path) -> None:
    path = tmp_path / "trained.safetensors"
    config = {
        "batch_size": 4, "image_size": 64, "seed": 3, "backbone_weights": None,
        "optimizer": {"lr": 1e-4, "weight_decay": 0.05, "clip_norm": 0.1},
        "text": {"synthetic": True},
        "data": [{"source": {"layout": "ade20k", "root": "/home/ada/d"}, "share": 1.0, "lr": 3.0}],
    }  # fmt: skip
    about = {"trained": {"iterations": 1200, "images": {"ade": 4800}, "config": config}}
    save_checkpoint(path, load_checkpoint(checkpoint), about)
    card = model_card(path, [])
    assert "Untrained" not in card
    assert "1,200 iterations of 4 images at 64 × 64 pixels, seed 3" in card
    assert "| ade | `layout ade20k, root d` | 4,800 | 1.0 | 3.0 |" in card
    assert "Backbone weights to begin with: random." in card
    assert "Started from" not in card and "moving average" not in card
    assert "/home/" not in card  # where somebody keeps their data
    config |= {"start": "/home/ada/first.safetensors", "backbone_weights": "/home/ada/r50.pth",
               "freeze": ["backbone"], "average": 0.99}  # fmt: skip
    save_checkpoint(path, load_checkpoint(checkpoint), about)
    card = model_card(path, [])
    assert "Started from the weights of `first.safetensors`." in card
    assert "Backbone weights to begin with: `r50.pth`." in card
    assert "Not trained: `backbone`." in card
    assert "a moving average over the iterations, with decay 0.99" in card
    assert "/home/" not in card


def test_the_evaluation_of_another_model_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    numbers = tmp_path / "numbers.json"
    numbers.write_text(json.dumps(evaluation("other.safetensors", mIoU=0.5)))
    with pytest.raises(
        InputError, match=r"belongs to 'other\.safetensors', not to 'm\.safetensors'"
    ):
        read_evaluations([numbers], checkpoint)
    numbers.write_text("{}")
    with pytest.raises(InputError, match="checkpoint"):
        read_evaluations([numbers], checkpoint)
