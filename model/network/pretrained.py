"""Pretrained backbone weights, from timm by name or from a file, with a report key by key."""

from dataclasses import dataclass
from pathlib import Path

import timm
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from model.network.backbones import ConvBackbone
from model.network.vitdet import PRETRAINED_GRID, ViTDet, resize_positions
from o365seg.errors import InputError

# The paper's: ImageNet-1K for ResNet, MAE on ImageNet-1K for ViTDet (section 4).
PAPER_WEIGHTS = {
    "resnet50": "resnet50.tv_in1k",
    "vitdet_b": "vit_base_patch16_224.mae",
    "vitdet_l": "vit_large_patch16_224.mae",
}
_WRAPPERS = ("model", "state_dict", "model_state_dict", "module")


@dataclass(frozen=True)
class WeightReport:
    """What became of a file's weights; every key is in exactly one of the lists it can be in.

    Attributes:
        used: Keys of the backbone that took a weight as it was.
        resized: Keys of the backbone that took a weight resized to their shape.
        missing: Keys of the backbone that the source has not; they keep their initial values.
        unused: Keys of the source that the backbone has not.
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


def load_pretrained(backbone: ConvBackbone | ViTDet, source: str | Path) -> WeightReport:
    """Load weights into a backbone's `net`.

    Args:
        backbone: Changed in place.
        source: A `.pth`, `.pt`, `.bin` or `.safetensors` file; else the name of weights in timm.

    Returns:
        What was used, resized, missing and unused.

    Raises:
        InputError: no such file or name, weights that cannot be had without a network, shapes that
            do not fit (they are named), or no key in common.
    """
    weights = read_weights(source)
    assert isinstance(backbone.net, nn.Module)
    target = backbone.net.state_dict()
    names = {_plain(name): name for name in target}
    used, resized, unused, misfits = [], [], [], []
    taken: dict[str, torch.Tensor] = {}
    for key, tensor in weights.items():
        name = names.get(_plain(key))
        if name is None:
            unused.append(key)
        elif tensor.shape == target[name].shape:
            taken[name] = tensor
            used.append(name)
        elif name == "pos_embed" and _is_square(tensor):
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
    missing = [name for name in target if name not in taken]
    return WeightReport(tuple(used), tuple(resized), tuple(missing), tuple(unused))


def read_weights(source: str | Path) -> dict[str, torch.Tensor]:
    """The named tensors of a file, or of timm's weights of that name.

    Raises:
        InputError: as `load_pretrained`.
    """
    path = Path(source)
    if path.exists() or path.suffix in (".pth", ".pt", ".bin", ".safetensors"):
        return _read_file(path)
    name = str(source)
    if not timm.is_model_pretrained(name):
        raise InputError(f"not a file and not a timm name of weights: {name!r}")
    try:
        return timm.create_model(name, pretrained=True).state_dict()
    except Exception as error:  # whatever the hub's client raises when it cannot fetch them
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
    except Exception:  # pickle errors of many kinds: not weights, or more than weights
        raise InputError("not a file with only PyTorch weights", file=path) from None
    for wrapper in _WRAPPERS:
        if isinstance(weights, dict) and isinstance(weights.get(wrapper), dict):
            weights = weights[wrapper]
    if not isinstance(weights, dict):
        raise InputError("not a dictionary of weights", file=path)
    tensors = {str(k): v for k, v in weights.items() if isinstance(v, torch.Tensor)}
    return {key.removeprefix("module."): tensor for key, tensor in tensors.items()}


def _plain(key: str) -> str:
    """timm writes `stages_0` for `stages.0` in a net that gives features."""
    return key.replace(".", "_")


def _is_square(positions: torch.Tensor) -> bool:
    """Whether (1, L, C) positions are a square grid's, with or without a class token."""
    tokens = positions.shape[1] if positions.dim() == 3 else 0
    return any(n > 0 and round(n**0.5) ** 2 == n for n in (tokens, tokens - 1))
