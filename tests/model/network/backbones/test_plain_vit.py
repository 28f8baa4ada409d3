"""timm's plain transformers as backbones: features, weights, training, and what is refused."""

import dataclasses
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file

from model.network.backbones.plain_vit import PlainViT, is_plain_vit
from model.network.config import BackboneConfig, preset
from model.network.dataseg import DaTaSeg, build_dataseg
from model.network.pretrained import load_backbone, load_pretrained
from model.runtime.checkpoint import load_checkpoint, save_checkpoint
from o365seg.errors import InputError

TEXT = torch.randn(5, 768, generator=torch.Generator().manual_seed(1))
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
PEOPLE_HAVE = [  # one of each family
    "vit_base_patch16_224.mae",
    "vit_small_patch14_dinov2",
    "vit_small_patch14_reg4_dinov2",
    "vit_small_patch16_dinov3",
    "vit_base_patch16_siglip_256.v2_webli",
    "vit_so400m_patch14_siglip_378.v2_webli",
    "eva02_base_patch14_448",
    "eva02_base_patch16_clip_224",
]
SMALL = [  # their building blocks in models small enough to train here
    "test_vit",  # a class token (MAE)
    "test_vit3",  # registers, no class token, pooling by attention (SigLIP)
    "vit_small_patch16_dinov3",  # rotary positions, registers, layer scale
    "eva02_tiny_patch14_224",  # patches of 14, SwiGLU, rotary positions as well as learned
]


def network(name: str, **changes: object) -> DaTaSeg:
    torch.manual_seed(0)
    backbone = BackboneConfig(name, **changes)  # pyright: ignore[reportArgumentType]
    return build_dataseg(dataclasses.replace(preset("tiny"), backbone=backbone))


@pytest.mark.parametrize("name", PEOPLE_HAVE)
def test_shapes_and_keys_of_real_sizes(name: str) -> None:
    with torch.device("meta"):
        model = network(name).eval()
        outputs = model(torch.empty(2, 3, 64, 96), torch.empty(5, 768)).final
        assert outputs.masks.shape == (2, 20, 16, 24)
        theirs = timm.create_model(name).state_dict()
    ours = model.backbone.net.state_dict()
    assert {k: v.shape for k, v in ours.items()}.items() <= {
        k: v.shape for k, v in theirs.items()
    }.items()
    assert all(
        key.startswith(("head.", "fc_norm.", "attn_pool.")) for key in theirs.keys() - ours.keys()
    )


@pytest.mark.parametrize("name", SMALL)
def test_a_step_trains_every_parameter(name: str) -> None:
    model = network(name, drop_path=0.1).train()
    outputs = model(torch.rand(2, 3, 64, 64) * 255, TEXT)
    terms = [p.logits.square().mean() + p.masks.square().mean() for p in outputs.layers]
    torch.stack(terms).sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == []
    before = [p.detach().clone() for p in model.parameters()]
    torch.optim.AdamW(model.parameters(), lr=1e-3).step()
    assert all(not torch.equal(*pair) for pair in zip(before, model.parameters(), strict=True))


@pytest.mark.parametrize("name", SMALL)
def test_features_are_those_of_timm_with_its_saved_weights(name: str, tmp_path) -> None:
    theirs: Any = timm.create_model(name, dynamic_img_size=True).eval()
    save_file(theirs.state_dict(), tmp_path / "saved.safetensors")
    backbone = network(name).backbone.eval()
    assert isinstance(backbone, PlainViT)
    report = load_backbone(backbone, tmp_path / "saved.safetensors")
    assert (report.missing, report.resized) == ((), ())
    assert set(report.used) == set(backbone.net.state_dict())
    patch = backbone.patch
    images = torch.nn.functional.interpolate(torch.randn(1, 3, 96, 64), (6 * 16, 4 * 16))
    inputs = torch.nn.functional.interpolate(images, (6 * patch, 4 * patch), mode="bilinear")
    with torch.no_grad():
        found = backbone.feature_map(images)
        tokens = theirs.forward_features(inputs)[:, theirs.num_prefix_tokens :]
    assert found.shape[-2:] == (6, 4)
    torch.testing.assert_close(found.flatten(2).transpose(1, 2), tokens, rtol=1e-4, atol=1e-4)


def test_a_checkpoint_keeps_the_pixel_statistics(tmp_path) -> None:
    model = network("test_vit").eval()
    images = torch.full((1, 3, 32, 32), 255.0)
    assert model._normalise(images, None).unique().numel() == 3  # ImageNet's
    model.set_pixel_statistics([0.5] * 3, [0.5] * 3)
    save_checkpoint(tmp_path / "a.safetensors", model)
    again = load_checkpoint(tmp_path / "a.safetensors")
    torch.testing.assert_close(again._normalise(images, None), model._normalise(images, None))
    assert again._normalise(images, None).unique().tolist() == [1.0]
    with torch.no_grad():
        one, two = (m(images, TEXT).final for m in (model, again))
    assert torch.equal(one.masks, two.masks)


@pytest.mark.parametrize("name", ["test_vit", "eva02_tiny_patch14_224"])
def test_what_fills_the_padding_never_matters(name: str) -> None:
    model = network(name).eval()
    sizes, images = torch.tensor([[40, 64], [64, 50]]), torch.rand(2, 3, 64, 64) * 255
    other = images.clone()
    other[0, :, 40:], other[1, :, :, 50:] = 0, float("nan")
    with torch.no_grad():
        one, two = model(images, TEXT, sizes).final, model(other, TEXT, sizes).final
    assert torch.equal(one.logits, two.logits) and torch.equal(one.masks, two.masks)


def test_weights_of_timm_bring_their_pixel_statistics(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "vit_base_patch16_224.mae"  # by default that architecture's pixels are -1 to 1
    monkeypatch.setattr(
        "model.network.pretrained.read_weights",
        lambda _: network("test_vit").backbone.net.state_dict(),
    )
    model = network("test_vit")
    model.set_pixel_statistics([0.5] * 3, [0.5] * 3)
    load_pretrained(model, name)
    torch.testing.assert_close(model.pixel_mean.flatten(), torch.tensor(IMAGENET[0]) * 255)
    torch.testing.assert_close(model.pixel_std.flatten(), torch.tensor(IMAGENET[1]) * 255)


def test_weights_for_another_size_of_image_are_resized(tmp_path) -> None:
    source = timm.create_model("test_vit", img_size=224).state_dict()
    save_file(source, tmp_path / "large.safetensors")
    report = load_backbone(network("test_vit").backbone, tmp_path / "large.safetensors")
    assert (report.resized, report.missing) == (("pos_embed",), ())
    assert set(report.unused) == {"head.weight", "head.bias"}


def test_weights_of_open_clip_are_renamed(tmp_path) -> None:
    source = timm.create_model("test_vit").state_dict()
    renamed = {f"visual.trunk.{key}": tensor for key, tensor in source.items()}
    save_file(renamed | {"text.positions": torch.zeros(2)}, tmp_path / "clip.safetensors")
    backbone = network("test_vit").backbone
    report = load_backbone(backbone, tmp_path / "clip.safetensors")
    assert report.missing == ()
    assert torch.equal(backbone.net.state_dict()["pos_embed"], source["pos_embed"])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("vit_base_patch32_224", r"patches of 32×32 pixels; .* 14×14 or 16×16"),
        ("beit_base_patch16_224", r"takes images of 224 pixels only"),
        ("vit_base_patch16_422", "timm has no model"),
    ],
)
def test_refused(name: str, message: str) -> None:
    with torch.device("meta"), pytest.raises(InputError, match=message) as caught:
        network(name)
    assert caught.value.field == "backbone.name"


def test_hierarchical_transformers_take_any_size() -> None:
    with torch.device("meta"):
        model = network("swin_tiny_patch4_window7_224").eval()  # NHWC, and of 224 pixels by default
        assert model(torch.empty(2, 3, 64, 96), torch.empty(5, 768)).final.masks.shape[-1] == 24
        with pytest.raises(InputError, match="maxvit_tiny_tf_224 takes images of 224 pixels only"):
            network("maxvit_tiny_tf_224")


def test_plain_or_not() -> None:
    for name in PEOPLE_HAVE:
        assert is_plain_vit(name), name
    for name in ("resnet50", "swin_tiny_patch4_window7_224", "vit_small_r26_s32_224", "no_model"):
        assert not is_plain_vit(name), name
