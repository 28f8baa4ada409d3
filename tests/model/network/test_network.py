"""The network: its shapes and invariants, its configuration, checkpoints, weights and exports."""

import dataclasses
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from model.inference.export import make_program
from model.network.backbones.convolutional import ConvBackbone
from model.network.backbones.fast_frozen_norm import FrozenBatchNorm
from model.network.backbones.vitdet import SIZES, ViT, ViTDet
from model.network.config import (
    PRESETS,
    BackboneConfig,
    DatasetModulesConfig,
    config_from_dict,
    config_to_dict,
    preset,
)
from model.network.dataseg import DaTaSeg, build_dataseg
from model.network.decoder import attention_mask
from model.network.describe import describe_preset
from model.network.fast_convolution import conv2d
from model.network.pixel_decoder import ChannelNorm
from model.network.pretrained import load_backbone
from model.runtime.checkpoint import load_checkpoint, read_header, save_checkpoint
from o365seg.errors import InputError

TINY = preset("tiny")
MODULES = DatasetModulesConfig(("ade", "coco"), num_queries=3, context=True)


def make(config=TINY, seed: int = 0) -> DaTaSeg:
    torch.manual_seed(seed)
    return build_dataseg(config).eval()


def pixels(batch: int, height: int, width: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(batch, 3, height, width, generator=generator) * 255


TEXT = torch.randn(5, 768, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", PRESETS)
def test_shapes_of_every_preset(name):
    with torch.device("meta"):
        model = DaTaSeg(preset(name)).eval()
        for training, layers in ((False, 1), (True, model.config.decoder_layers)):
            outputs = model.train(training)(torch.empty(2, 3, 64, 96), torch.empty(5, 768))
            assert len(outputs.layers) == layers
            for proposals in outputs.layers:
                assert proposals.logits.shape == (2, model.config.num_queries, 6)
                assert proposals.masks.shape == (2, model.config.num_queries, 16, 24)


@pytest.mark.parametrize("backbone", ["test_resnet", "vitdet_tiny"])
def test_every_parameter_is_trained(backbone):
    model = make(dataclasses.replace(TINY, backbone=BackboneConfig(backbone))).train()
    outputs = model(pixels(2, 64, 64), TEXT)
    terms = [p.logits.square().mean() + p.masks.square().mean() for p in outputs.layers]
    torch.stack(terms).sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == []


def test_permuting_the_queries_permutes_the_proposals():
    model, order = make(), torch.randperm(TINY.num_queries)
    with torch.no_grad():
        before = model(pixels(1, 64, 64), TEXT).final
        for parameter in (model.decoder.queries, model.decoder.query_positions):
            parameter.copy_(parameter[order])
        after = model(pixels(1, 64, 64), TEXT).final
    torch.testing.assert_close(after.logits, before.logits[:, order], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(after.masks, before.masks[:, order], rtol=1e-4, atol=1e-4)


@settings(max_examples=10)
@given(st.integers(1, 64), st.integers(1, 64), st.sampled_from([0, 32]), st.sampled_from([32, 64]))
def test_padding_changes_nothing_inside_the_image(height, width, more_rows, more_columns):
    model, sizes = make(), torch.tensor([[height, width]])
    small = pixels(1, -(-height // 32) * 32, -(-width // 32) * 32)
    large = F.pad(small, (0, more_columns, 0, more_rows), value=200.0)
    with torch.no_grad():
        one, other = model(small, TEXT, sizes).final, model(large, TEXT, sizes).final
    inside = (..., slice(-(-height // 4)), slice(-(-width // 4)))
    torch.testing.assert_close(other.logits, one.logits, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(other.masks[inside], one.masks[inside], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("backbone", ["test_resnet", "vitdet_tiny"])
def test_what_fills_the_padding_never_matters(backbone):
    model = make(dataclasses.replace(TINY, backbone=BackboneConfig(backbone)))
    sizes, images = torch.tensor([[40, 64], [64, 50]]), pixels(2, 64, 64)
    other = images.clone()
    other[0, :, 40:], other[1, :, :, 50:] = 0, float("nan")
    with torch.no_grad():
        one, two = model(images, TEXT, sizes).final, model(other, TEXT, sizes).final
    assert torch.equal(one.logits, two.logits) and torch.equal(one.masks, two.masks)


@given(st.integers(0, 2**31), st.booleans())
def test_attention_mask_against_a_loop(seed, padded):
    generator = torch.Generator().manual_seed(seed)
    embeddings = torch.randn(2, 4, 3, generator=generator)
    coarse = torch.randn(2, 3, 5, generator=generator)
    embeddings[0, 0] = 0
    coarse[1, 0], embeddings[1, 1] = 1, torch.tensor([-9.0, 0, 0])  # empty
    inside = torch.ones(2, 1, 1, 5, dtype=torch.bool)
    inside[..., 3:] = not padded
    found = attention_mask(embeddings, coarse, inside if padded else None)
    for b in range(2):
        for n in range(4):
            own = [
                bool(inside[b, 0, 0, i]) and float(embeddings[b, n] @ coarse[b, :, i]) >= 0
                for i in range(5)
            ]
            assert found[b, 0, n].tolist() == (own if any(own) else inside[b, 0, 0].tolist())


def test_mask_resizing_commutes_with_the_product():
    """A8: the masks at a level are the stride-4 masks resized to it."""
    embeddings, features = torch.randn(1, 4, 8), torch.randn(1, 8, 16, 24)
    masks = torch.einsum("bnc,bchw->bnhw", embeddings, features)
    for size in ((2, 3), (4, 6), (8, 12)):
        options = {"size": size, "mode": "bilinear", "align_corners": False}
        short = embeddings @ F.interpolate(features, **options).flatten(2)
        long = F.interpolate(masks, **options).flatten(2)
        torch.testing.assert_close(short, long, rtol=1e-5, atol=1e-5)


def test_channel_norm_normalises_over_channels():
    x = torch.randn(2, 6, 3, 4)
    mean, var = x.mean(1, keepdim=True), x.var(1, keepdim=True, unbiased=False)
    torch.testing.assert_close(ChannelNorm(6)(x), (x - mean) / (var + 1e-6).sqrt())


@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(
    ("channels", "kernel", "stride", "padding"),
    [
        ((3, 4), (3, 3), 1, (1, 1)),
        ((3, 4), (3, 3), 2, (1, 1)),
        ((3, 4), (1, 1), 1, (0, 0)),
        ((3, 4), (1, 1), 2, (0, 0)),
        ((64, 65), (3, 3), 1, (1, 1)),  # wide: a product for each position in the kernel
        ((64, 65), (2, 5), 1, (0, 3)),
        ((64, 65), (3, 3), 2, (1, 1)),
    ],
)
def test_convolution_is_that_of_pytorch(channels, kernel, stride, padding, memory):
    inputs, outputs = channels
    shapes = ((2, inputs, 6, 7), (outputs, inputs, *kernel), (outputs,))
    values = [torch.randn(shape, dtype=torch.float64) for shape in shapes]
    values[0] = values[0].contiguous(memory_format=memory)
    ours = [x.clone().requires_grad_() for x in values]
    theirs = [x.clone().requires_grad_() for x in values]
    found = conv2d(*ours, stride=(stride, stride), padding=padding)
    expected = F.conv2d(*theirs, stride=stride, padding=padding)
    torch.testing.assert_close(found, expected)
    found.relu_().square().sum().backward()  # in place, as in ResNets
    expected.relu_().square().sum().backward()
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one.grad, other.grad)


def test_padded_images_keep_every_map_channels_last():
    """Otherwise each layer copies its maps between the layouts, forwards and backwards."""
    network = build_dataseg(TINY)
    found = []

    def look(name, tensor):
        if tensor.dim() == 4 and not tensor.is_contiguous(memory_format=torch.channels_last):
            found.append(name)

    def watch(module, inputs, output, name):
        look(f"input of {name}", inputs[0])
        output.register_hook(lambda gradient: look(f"gradient of {name}", gradient))

    for name, module in network.backbone.named_modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.BatchNorm2d):
            module.register_forward_hook(partial(watch, name=name))
    images = torch.rand(2, 3, 64, 96) * 255
    outputs = network(images, torch.randn(3, TINY.text_dim), torch.tensor([[64, 90], [50, 96]]))
    torch.stack([proposals.masks for proposals in outputs.layers]).sum().backward()
    assert not found


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("resnet18", 20),  # all
        ("tf_efficientnet_lite0", 43),  # norms with activations; 5 convolutions pad by themselves
        ("mobilenetv3_small_050", 34),
    ],
)
def test_frozen_norm_is_folded_and_stays(name: str, folded: int):
    net: Any = timm.create_model(name, features_only=True)
    finest = len(net.feature_info.reduction()) - 4
    indices = tuple(range(finest, finest + 4))
    plain = timm.create_model(name, features_only=True, out_indices=indices).eval()
    for key, buffer in plain.named_buffers():
        if key.endswith(("mean", "var")):
            buffer.copy_(torch.rand_like(buffer) + 0.5)
    backbone = ConvBackbone(BackboneConfig(name, freeze_norm=True))
    frozen = [module for module in backbone.modules() if isinstance(module, FrozenBatchNorm)]
    assert sum(norm.folded for norm in frozen) == folded
    assert backbone.net.state_dict().keys() == plain.state_dict().keys()
    backbone.net.load_state_dict(plain.state_dict())
    backbone.train()
    before = {k: v.clone() for k, v in backbone.net.named_buffers()}
    image = torch.randn(2, 3, 64, 64)
    ours, theirs = backbone(image, None), plain(image)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-3)
    weights = {k: v for k, v in backbone.net.named_parameters() if k.endswith("weight")}
    counterparts = [dict(plain.named_parameters())[key] for key in weights]
    for one, other in zip(
        torch.autograd.grad(_sum_of_squares(ours), list(weights.values()), allow_unused=True),
        torch.autograd.grad(_sum_of_squares(theirs), counterparts, allow_unused=True),
        strict=True,
    ):
        assert (one is None) == (other is None)
        if one is not None:
            torch.testing.assert_close(one, other, rtol=1e-2, atol=1e-3 * other.abs().max().item())
    assert all(torch.equal(before[k], v) for k, v in backbone.net.named_buffers())
    assert not any("bn" in name for name, _ in backbone.named_parameters())


def _sum_of_squares(levels: Sequence[torch.Tensor]) -> torch.Tensor:
    return torch.stack([level.square().mean() for level in levels]).sum()


def test_vit_against_timm():
    """timm's SAM ViT is the same transformer written by others."""
    size = dataclasses.replace(SIZES["vitdet_tiny"])
    ours = ViT(size, grid=16, drop_path=0.0).eval()
    other = timm.models.vision_transformer_sam.VisionTransformerSAM(
        img_size=256,  # 16 x 16 tokens: windows of 14 x 14 are padded
        num_classes=0,
        embed_dim=size.hidden_dim,
        depth=size.depth,
        num_heads=size.num_heads,
        neck_chans=0,
        norm_layer=partial(torch.nn.LayerNorm, eps=1e-6),  # pyright: ignore[reportArgumentType]
        use_rel_pos=True,
        window_size=14,
        global_attn_indexes=size.global_blocks,
    ).eval()
    weights = ours.state_dict()
    for name, tensor in weights.items():
        if "rel_pos" in name:
            tensor.normal_()
    weights.pop("pos_embed").zero_()  # theirs has another grid
    assert other.pos_embed is not None
    torch.nn.init.zeros_(other.pos_embed)
    missing, unexpected = other.load_state_dict(weights, strict=False)
    assert not unexpected and not [
        k for k in missing if not k.startswith(("pos_embed", "neck", "head"))
    ]
    image = torch.randn(1, 3, 256, 256)
    with torch.no_grad():
        reference = other.blocks(other.patch_embed(image) + other.pos_embed)
        torch.testing.assert_close(ours(image).permute(0, 2, 3, 1), reference, rtol=1e-4, atol=1e-4)


def test_resnet50_weights_of_timm_and_torchvision(tmp_path):
    source = timm.create_model("resnet50").state_dict()
    assert len(source) == 320
    torch.save({"state_dict": source}, tmp_path / "resnet50.pth")
    backbone = ConvBackbone(PRESETS["dataseg_r50"].backbone)
    report = load_backbone(backbone, tmp_path / "resnet50.pth")
    assert (len(report.used), report.resized, report.missing) == (318, (), ())
    assert report.unused == ("fc.weight", "fc.bias")
    assert torch.equal(backbone.net.state_dict()["layer1.0.bn3.bias"], source["layer1.0.bn3.bias"])


@pytest.mark.parametrize("grid", [14, 8])
def test_mae_weights(tmp_path, grid):
    width, depth = SIZES["vitdet_tiny"].hidden_dim, SIZES["vitdet_tiny"].depth
    source = timm.models.VisionTransformer(
        img_size=16 * grid, embed_dim=width, depth=depth, num_heads=3, num_classes=0
    ).state_dict()
    assert len(source) == 6 + 12 * depth  # 150 for a depth of 12, as MAE's ViT-B has
    save_file({**source, "decoder_pred.weight": torch.zeros(2)}, tmp_path / "mae.safetensors")
    backbone = ViTDet(BackboneConfig("vitdet_tiny"), 32)
    report = load_backbone(backbone, tmp_path / "mae.safetensors")
    assert len(report.used) + len(report.resized) == 3 + 12 * depth
    assert report.resized == (() if grid == 14 else ("pos_embed",))
    assert all("rel_pos" in name for name in report.missing)
    assert set(report.unused) == {"cls_token", "norm.weight", "norm.bias", "decoder_pred.weight"}


def test_weights_that_do_not_fit(tmp_path):
    backbone = ConvBackbone(BackboneConfig("resnet18"))
    save_file({"conv1.weight": torch.zeros(3)}, tmp_path / "a.safetensors")
    with pytest.raises(InputError, match=r"conv1\.weight is"):
        load_backbone(backbone, tmp_path / "a.safetensors")
    save_file({"other": torch.zeros(3)}, tmp_path / "b.safetensors")
    with pytest.raises(InputError, match="has no weights of this backbone"):
        load_backbone(backbone, tmp_path / "b.safetensors")
    with pytest.raises(InputError, match="no such file"):
        load_backbone(backbone, tmp_path / "none.pth")
    with pytest.raises(InputError, match="not a file and not a timm name"):
        load_backbone(backbone, "no_such_model.of_timm")


def test_dataset_modules_tell_data_sets_apart():
    model = make(dataclasses.replace(TINY, dataset_modules=MODULES))
    with torch.no_grad():
        one, two = (model(pixels(1, 64, 64), TEXT, dataset_index=i).final for i in range(2))
    assert one.masks.shape[1] == TINY.num_queries + MODULES.num_queries
    assert not torch.allclose(one.logits, two.logits)
    for dataset in (None, 2):
        with pytest.raises(InputError, match="ade, coco"):
            model(pixels(1, 64, 64), TEXT, dataset_index=dataset)


def test_context_moves_the_classes_of_its_data_set_only():
    model = make(dataclasses.replace(TINY, dataset_modules=MODULES))
    with torch.no_grad():
        before = [model(pixels(1, 64, 64), TEXT, dataset_index=i).final.logits for i in range(2)]
        context = model.decoder.heads.classifier.context
        assert context is not None
        context[1] += torch.randn(768)
        after = [model(pixels(1, 64, 64), TEXT, dataset_index=i).final.logits for i in range(2)]
    assert torch.equal(before[0], after[0]) and not torch.equal(before[1], after[1])
    assert torch.equal(before[1][..., -1], after[1][..., -1])  # the background's


def test_dot_classifier_is_section_3_4_to_the_letter():
    heads = make(dataclasses.replace(TINY, classifier="dot")).decoder.heads
    embeddings = torch.randn(1, 4, 768)
    found = heads.classifier(embeddings, TEXT, None)
    classes = torch.cat((TEXT, heads.classifier.background))
    torch.testing.assert_close(found, torch.einsum("bnd,kd->bnk", embeddings, classes))


@pytest.mark.parametrize("modules", [None, MODULES])
def test_checkpoint_round_trip(tmp_path, modules):
    model = make(dataclasses.replace(TINY, dataset_modules=modules))
    save_checkpoint(tmp_path / "a.safetensors", model, {"data": ["toy"]})
    assert read_header(tmp_path / "a.safetensors") == (model.config, {"data": ["toy"]})
    again = load_checkpoint(tmp_path / "a.safetensors")
    with torch.no_grad():
        one, two = (m(pixels(1, 64, 64), TEXT, dataset_index=0).final for m in (model, again))
    assert torch.equal(one.logits, two.logits) and torch.equal(one.masks, two.masks)
    assert [p.name for p in tmp_path.iterdir()] == ["a.safetensors"]


def test_checkpoint_faults(tmp_path):
    model = make()
    model.config = dataclasses.replace(TINY, num_queries=7)
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, model)
    with pytest.raises(InputError, match=r"decoder\.queries is 20 x 64, not 7 x 64"):
        load_checkpoint(path)
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match="not a safetensors file"):
        load_checkpoint(path)
    save_file({"x": torch.zeros(1)}, path)
    with pytest.raises(InputError, match="not a dataseg checkpoint"):
        load_checkpoint(path)
    with pytest.raises(InputError, match="no such file"):
        load_checkpoint(Path("none"))
    with pytest.raises(InputError, match="cannot be written"):
        save_checkpoint(tmp_path / "none" / "a", model)


@pytest.mark.parametrize("name", PRESETS)
def test_config_round_trip(name):
    assert config_from_dict(config_to_dict(preset(name))) == preset(name)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"widht": 3}, "widht"),
        ({"hidden_dim": "3"}, "hidden_dim"),
        ({"hidden_dim": 10}, "hidden_dim"),
        ({"num_queries": 0}, "num_queries"),
        ({"classifier": "other"}, "classifier"),
        ({"backbone": {"name": "resnet50", "freeze_norm": True}}, "backbone.drop_path"),
        ({"backbone": 3}, "backbone"),
    ],
)
def test_config_faults_name_the_field(change, field):
    with pytest.raises(InputError) as caught:
        config_from_dict({**config_to_dict(TINY), **change}, "config.json")
    assert (caught.value.file, caught.value.field) == ("config.json", field)


def test_description_adds_up():
    described = describe_preset("tiny", size=64)
    *parts, total = described.parts
    assert sum(p.parameters for p in parts) == total.parameters
    assert total.parameters == sum(p.numel() for p in make().parameters())
    assert abs(sum(p.multiply_adds for p in parts) / total.multiply_adds - 1) < 0.05


@pytest.mark.slow
def test_exports_agree_for_another_vocabulary(tmp_path, monkeypatch):
    onnxruntime = pytest.importorskip("onnxruntime")
    from model.inference import export

    model = make()
    save_checkpoint(tmp_path / "a.safetensors", model)
    programs = []  # the one that is made on the way to ONNX
    monkeypatch.setattr(
        export, "make_program", lambda *given: programs.append(make_program(*given)) or programs[0]
    )
    export.export_onnx(tmp_path / "a.safetensors", tmp_path / "a.onnx", 64)
    session = onnxruntime.InferenceSession(str(tmp_path / "a.onnx"))
    program = programs[0].module()
    for classes, size in ((3, 64), (50, 40)):
        inputs = {
            "images": pixels(1, 64, 64),
            "text": torch.randn(classes, 768),
            "sizes": torch.tensor([[size, 64]]),
        }
        with torch.no_grad():
            wanted = model(*inputs.values()).final
            exported = program(*inputs.values())
        ran = session.run(None, {name: tensor.numpy() for name, tensor in inputs.items()})
        for one, *others in zip((wanted.logits, wanted.masks), exported, ran, strict=True):
            for other in others:
                torch.testing.assert_close(torch.as_tensor(other), one, rtol=1e-5, atol=1e-5)


@pytest.mark.slow
def test_compiles_to_one_graph():
    model = make()
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    with torch.no_grad():
        sizes = torch.tensor([[40, 64]])
        one, two = (m(pixels(1, 64, 64), TEXT, sizes).final for m in (model, compiled))
    torch.testing.assert_close(one.masks, two.masks, rtol=1e-4, atol=1e-4)
