"""Pretrained backbone weights, from timm or from a file, with a report of all keys."""

import contextlib
import io
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import timm
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from model.network.backbones.convolutional import ConvBackbone
from model.network.backbones.feature_pyramid import SimpleFeaturePyramid
from model.network.backbones.plain_vit import PlainViT
from model.network.backbones.vitdet import PRETRAINED_GRID, ViTDet, resize_positions
from model.network.dataseg import DaTaSeg
from model.network.pixel_statistics import pretraining_statistics
from o365seg.errors import InputError

_WRAPPERS = ("model", "state_dict", "model_state_dict", "module")


@dataclass(frozen=True)
class WeightReport:
    """The use of loaded weights. Each key of the backbone and of the source is in one list.

    A source without the counters of batch norm lacks nothing: only a batch norm without momentum
    reads them, and they are in no list then.

    Attributes:
        used: Keys of the backbone that were loaded unchanged.
        resized: Keys of the backbone that were resized to fit.
        missing: Keys of the backbone that are not in the source; they keep their initial values.
        unused: Keys of the source that are not in the backbone (of a plain transformer, after timm
            has converted the source's keys to its own).
    """

    used: tuple[str, ...]
    resized: tuple[str, ...]
    missing: tuple[str, ...]
    unused: tuple[str, ...]

    def summary(self) -> str:
        """One line with the counts."""
        return (
            f"{len(self.used)} used, {len(self.resized)} resized, "
            f"{len(self.missing)} missing, {len(self.unused)} unused"
        )


def load_pretrained(network: DaTaSeg, source: str | Path) -> WeightReport:
    """Load weights into a network's backbone, and take over the pixel statistics they expect.

    Args:
        network: The network, changed in place.
        source: As for `load_backbone`.

    Returns:
        The used, resized, missing and unused keys.

    Raises:
        InputError: as `load_backbone`.
    """
    report = load_backbone(network.backbone, source)
    network.set_pixel_statistics(*pretraining_statistics(network.config.backbone.name, source))
    return report


def load_backbone(
    backbone: ConvBackbone | SimpleFeaturePyramid, source: str | Path
) -> WeightReport:
    """Load weights into a backbone's `net`.

    Args:
        backbone: The backbone, changed in place.
        source: A `.pth`, `.pt`, `.bin` or `.safetensors` file, or the name of weights in timm.

    Returns:
        The used, resized, missing and unused keys.

    Raises:
        InputError: the file or name does not exist, the weights cannot be downloaded, shapes differ
            (they are named), a number is not finite, or no key is in common.
    """
    weights = read_weights(source)
    refuse_not_finite(weights, source)
    assert isinstance(backbone.net, nn.Module)
    target = backbone.net.state_dict()
    names = {_plain(name): name for name in target}
    shapes = {key: tensor.shape for key, tensor in weights.items()}
    if isinstance(backbone, PlainViT):
        weights = _as_timm(backbone.net, weights)
    used, resized, unused, misfits = [], [], [], []
    taken: dict[str, torch.Tensor] = {}
    for key, tensor in weights.items():
        name = names.get(_plain(key))
        if name is None:
            unused.append(key)
        elif tensor.shape == target[name].shape:
            taken[name] = tensor
            (used if shapes.get(key, tensor.shape) == tensor.shape else resized).append(name)
        elif isinstance(backbone, ViTDet) and name == "pos_embed" and _is_square(tensor):
            taken[name] = resize_positions(tensor, PRETRAINED_GRID)
            (used if tensor.shape[1] == PRETRAINED_GRID**2 + 1 else resized).append(name)
        else:
            misfits.append(f"{key} is {tuple(tensor.shape)}, not {tuple(target[name].shape)}")
    if misfits:
        raise InputError(f"weights do not fit this network: {'; '.join(misfits[:5])}", file=source)
    if not taken:
        raise InputError(
            f"has no weights of this backbone (it has {', '.join(list(weights)[:3])} …)",
            file=source,
        )
    backbone.net.load_state_dict(taken, strict=False)
    missing = [
        name for name in target if name not in taken and not name.endswith("num_batches_tracked")
    ]
    return WeightReport(tuple(used), tuple(resized), tuple(missing), tuple(unused))


def refuse_not_finite(weights: Mapping[str, torch.Tensor], source: str | Path) -> None:
    """See that no weight is NaN or infinite: training would fail later, and name something else.

    Raises:
        InputError: one is; names the file and the key.
    """
    for key, tensor in weights.items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise InputError("has a value that is not finite", file=source, record=key)


def read_weights(source: str | Path) -> dict[str, torch.Tensor]:
    """The tensors by name in a file or in timm's weights.

    Raises:
        InputError: as `load_backbone`.
    """
    path = Path(source)
    if path.exists() or path.suffix in (".pth", ".pt", ".bin", ".safetensors"):
        return _read_file(path)
    name = str(source)
    if not timm.is_model_pretrained(name):
        raise InputError(f"not a file and not a timm name of weights: {name!r}")
    try:
        return timm.create_model(name, pretrained=True).state_dict()
    except Exception as error:  # the hub's client raises many kinds of errors
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"the weights {name!r} are not on this machine and could not be fetched ({reason}); "
            "give a local .pth or .safetensors file instead"
        ) from None


def _read_file(path: Path) -> dict[str, torch.Tensor]:
    if not path.is_file():
        raise InputError("no such file", file=path)
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        weights = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, RuntimeError, EOFError, OSError) as error:
        raise InputError(f"cannot be read: {str(error).splitlines()[0]}", file=path) from None
    except Exception:  # pickle raises many kinds of errors
        raise InputError("not a file with only PyTorch weights", file=path) from None
    for wrapper in _WRAPPERS:
        if isinstance(weights, dict) and isinstance(weights.get(wrapper), dict):
            weights = weights[wrapper]
    if not isinstance(weights, dict):
        raise InputError("not a dictionary of weights", file=path)
    tensors = {str(k): v for k, v in weights.items() if isinstance(v, torch.Tensor)}
    return {key.removeprefix("module."): tensor for key, tensor in tensors.items()}


def _as_timm(net: nn.Module, weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Weights of another publisher's form, or for another size of image, as timm's model has them.

    DINOv2's, DINOv3's and EVA's own files are converted, and positions and patches resized. Weights
    that fit are returned as they are.
    """
    target = net.state_dict()
    if all(key in weights and weights[key].shape == tensor.shape for key, tensor in target.items()):
        return weights
    convert = sys.modules[type(net).__module__].checkpoint_filter_fn
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints the biases that it drops
            return convert(weights, net)
    except (RuntimeError, KeyError, ValueError, AttributeError, AssertionError, IndexError):
        return weights  # the caller reports what does not fit


def _plain(key: str) -> str:
    """A key in timm's form for feature extractors: `stages_0` for `stages.0`."""
    return key.replace(".", "_")


def _is_square(positions: torch.Tensor) -> bool:
    """Whether (1, L, C) positions are those of a square grid, with or without a class token."""
    tokens = positions.shape[1] if positions.dim() == 3 else 0
    return any(n > 0 and round(n**0.5) ** 2 == n for n in (tokens, tokens - 1))
