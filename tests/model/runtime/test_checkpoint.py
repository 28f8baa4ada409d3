"""What a checkpoint keeps beside its weights, and that equal content has equal bytes."""

import subprocess
import sys
from pathlib import Path

import pytest
import typer

torch = pytest.importorskip("torch")

from model.commands.options import input_size, text_choice  # noqa: E402
from model.network.config import PRESETS  # noqa: E402
from model.network.dataseg import build_dataseg  # noqa: E402
from model.runtime.checkpoint import (  # noqa: E402
    read_header,
    save_checkpoint,
    trained_encoder,
    trained_size,
)
from model.text.encoder import TextEncoder  # noqa: E402

ABOUT = {"trained": {"iterations": 3, "config": {"image_size": 128}}, "by": "a test", "z": 1}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("checkpoint") / "model.safetensors"
    save_checkpoint(path, build_dataseg(PRESETS["tiny"]), ABOUT)
    return path


def test_equal_content_has_equal_bytes_in_every_process(tmp_path: Path) -> None:
    torch.manual_seed(0)
    save_checkpoint(tmp_path / "here.safetensors", build_dataseg(PRESETS["tiny"]), ABOUT)
    code = f"""
import sys, torch
from model.network.config import PRESETS
from model.network.dataseg import build_dataseg
from model.runtime.checkpoint import save_checkpoint
torch.manual_seed(0)
save_checkpoint(sys.argv[1], build_dataseg(PRESETS["tiny"]), {ABOUT!r})
"""
    there = tmp_path / "there.safetensors"
    subprocess.run([sys.executable, "-c", code, str(there)], check=True)
    assert there.read_bytes() == (tmp_path / "here.safetensors").read_bytes()


def test_the_header_is_read_back(trained: Path) -> None:
    assert read_header(trained) == (PRESETS["tiny"], ABOUT)
    assert trained_size(trained) == 128


def test_the_size_is_the_checkpoint_s_own_unless_another_is_given(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert input_size(None, trained) == 128
    assert input_size("128", trained) == 128
    assert capsys.readouterr().err == ""
    assert input_size("256", trained) == 256
    assert capsys.readouterr().err == (
        f"{trained}: trained at 128 pixels, used at 256; results may be worse\n"
    )
    assert input_size("native", trained) is None
    assert "used at native" in capsys.readouterr().err
    with pytest.raises(typer.BadParameter, match="multiple of 32"):
        input_size("100", trained)


def test_an_untrained_checkpoint_takes_the_paper_s_size(tmp_path: Path) -> None:
    path = tmp_path / "untrained.safetensors"
    save_checkpoint(path, build_dataseg(PRESETS["tiny"]))
    assert input_size(None, path) == 1024
    assert input_size("64", path) == 64


OWN = TextEncoder("MobileCLIP2-S0", "dfndr2b", ("{}", "a picture of {a}."))
TEXT = {"file": None, "synthetic": False, "model": OWN.model, "pretrained": OWN.pretrained,
        "prompts": list(OWN.templates)}  # fmt: skip


def with_text(path: Path, **changes: object) -> Path:
    config = {"image_size": 128, "text": TEXT | changes}
    save_checkpoint(path, build_dataseg(PRESETS["tiny"]), {"trained": {"config": config}})
    return path


def test_the_text_encoder_is_the_checkpoint_s_own_unless_another_is_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = with_text(tmp_path / "m.safetensors")
    for given in (
        (None, None, None),
        ("MobileCLIP2-S0", "dfndr2b", ["{}", "a picture of {a}."]),
    ):
        assert text_choice(None, *given, path).encoder == OWN
    assert capsys.readouterr().err == ""
    # The weights trained with are no tag of another model; its prompts fit any.
    other = text_choice(None, "ViT-L-14", None, None, path).encoder
    assert other == TextEncoder("ViT-L-14", "openai", OWN.templates)
    assert capsys.readouterr().err == (
        f"{path}: trained with the text encoder MobileCLIP2-S0 dfndr2b, used with ViT-L-14 openai; "
        "results may be worse\n"
    )
    assert text_choice(None, None, None, ["{}"], path).encoder.templates == ("{}",)
    assert capsys.readouterr().err == f"{path}: trained with other prompts; results may be worse\n"
    text_choice(tmp_path / "text.npz", "ViT-L-14", None, ["{}"], path)  # none is used
    assert capsys.readouterr().err == ""


def test_a_checkpoint_that_names_no_encoder_takes_the_usual_one(
    trained: Path, tmp_path: Path
) -> None:
    of_file = with_text(tmp_path / "file.safetensors", file="text.npz")
    generated = with_text(tmp_path / "generated.safetensors", synthetic=True)
    for path in (trained, of_file, generated):
        assert trained_encoder(path) is None
    for path in (None, trained, of_file, generated):
        assert text_choice(None, None, None, None, path).encoder == TextEncoder()
