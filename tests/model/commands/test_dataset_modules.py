"""`--dataset`: whose own modules `dataseg predict` and `export` use."""

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner, Result

from model.commands.main import app
from model.network.config import DatasetModulesConfig, preset
from model.network.dataseg import build_dataseg
from model.runtime.checkpoint import load_checkpoint, save_checkpoint


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with modules of two data sets, one without, text embeddings and an image."""
    folder = tmp_path_factory.mktemp("modules")
    config = replace(preset("tiny"), text_dim=8)
    modules = DatasetModulesConfig(("coco_panoptic", "ade20k_semantic"))
    torch.manual_seed(0)
    save_checkpoint(folder / "own.safetensors", build_dataseg(
        replace(config, dataset_modules=modules)))  # fmt: skip
    save_checkpoint(folder / "shared.safetensors", build_dataseg(config))
    random = np.random.default_rng(0)
    np.save(folder / "text.npy", random.normal(size=(3, 8)).astype(np.float32))
    Image.fromarray(random.integers(0, 256, (64, 64, 3), np.uint8)).save(folder / "1.png")
    return folder


def predict(folder: Path, model: str, out: str, *options: object) -> Result:
    return run("predict", folder / "1.png", "--checkpoint", folder / model, "--vocabulary", "a,b,c",
               "--embeddings", folder / "text.npy", "--size", 64, "--device", "cpu", "--task",
               "instance", "--out", folder / out, *options)  # fmt: skip


def test_the_named_data_set_s_modules_predict(folder: Path) -> None:
    found = []
    for name in ("coco_panoptic", "ade20k_semantic"):
        done = predict(folder, "own.safetensors", name, "--dataset", name)
        assert done.exit_code == 0, (done.output, done.exception)
        found.append((folder / name / "instances.json").read_bytes())
    assert found[0] != found[1]


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ("own.safetensors", (), "has modules for coco_panoptic, ade20k_semantic; choose one with "
         "--dataset"),
        ("own.safetensors", ("--dataset", "coco_panoptc"), "unknown data set 'coco_panoptc'; did "
         "you mean 'coco_panoptic'?"),
        ("shared.safetensors", ("--dataset", "coco_panoptic"), "has no modules of data sets; leave "
         "out --dataset"),
    ],
)  # fmt: skip
def test_a_wrong_choice_is_one_line(
    folder: Path, model: str, options: tuple[str, ...], message: str
) -> None:
    for done in (
        predict(folder, model, "none", *options),
        run("export", folder / model, "--program", folder / "x.pt2", "--size", 64, *options),
    ):
        assert done.exit_code == 1
        assert message in str(done.exception)
    assert not (folder / "none").exists() and not (folder / "x.pt2").exists()


def test_the_exported_program_has_the_named_modules(folder: Path) -> None:
    out = folder / "ade.pt2"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        done = run("export", folder / "own.safetensors", "--program", out, "--size", 64,
                   "--dataset", "ade20k_semantic")  # fmt: skip
    assert done.exit_code == 0, (done.output, done.exception)
    assert done.output == f"written: {out}\n"
    network = load_checkpoint(folder / "own.safetensors")
    images, text = torch.rand(1, 3, 64, 64) * 255, torch.randn(4, 8)
    with torch.no_grad():
        wanted = network(images, text, None, 1).final
        logits, _ = torch.export.load(out).module()(images, text, torch.tensor([[64, 64]]))
    assert torch.allclose(logits, wanted.logits, atol=1e-4)
