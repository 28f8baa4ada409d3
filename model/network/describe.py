"""Parameters, arithmetic and memory of a configuration, computed without allocating it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

from model.network.activation_checkpointing import checkpoint_activations
from model.network.config import DaTaSegConfig, preset
from model.network.dataseg import DaTaSeg

_MEBI = 2**20


@dataclass(frozen=True)
class Part:
    """A part of the network.

    Attributes:
        name: `backbone`, `pixel decoder`, `decoder`, `heads`, or `total`.
        parameters: Trainable parameters.
        multiply_adds: Multiply-adds of a forward pass in evaluation mode (FLOPs are twice that).
    """

    name: str
    parameters: int
    multiply_adds: int


@dataclass(frozen=True)
class Description:
    """Parameters, arithmetic and memory of a network.

    Attributes:
        parts: The parts and, last, their total.
        size: Height and width of the image that arithmetic and memory are for, in pixels.
        weight_bytes: The weights in float32.
        optimiser_bytes: Weights, gradients and AdamW's two moments in float32.
        activation_bytes: Tensors that the forward pass of a training step keeps for the backward
            pass, for one image in float32, without those of the losses. Attention weights count
            where a fused kernel would keep them, too: where their bias is learned (ViTDet).
        checkpointed_bytes: The same with activation checkpointing, without those of the block that
            is computed again.
    """

    parts: tuple[Part, ...]
    size: int
    weight_bytes: int
    optimiser_bytes: int
    activation_bytes: int
    checkpointed_bytes: int

    def rows(self) -> list[tuple[str, str, str]]:
        """Rows of a table: part, parameters and multiply-adds, then the memory."""
        parts = [
            (p.name, f"{p.parameters / 1e6:.2f} M", f"{p.multiply_adds / 1e9:.2f} G")
            for p in self.parts
        ]
        memory = [
            ("weights", f"{self.weight_bytes / _MEBI:.0f} MiB", ""),
            ("weights, gradients, AdamW", f"{self.optimiser_bytes / _MEBI:.0f} MiB", ""),
            ("activations of a training image", f"{self.activation_bytes / _MEBI:.0f} MiB", ""),
            ("… with checkpointing", f"{self.checkpointed_bytes / _MEBI:.0f} MiB", ""),
        ]
        return parts + memory


def describe_preset(name: str, size: int = 512, classes: int = 133) -> Description:
    """`describe` for a preset.

    Raises:
        InputError: unknown preset.
    """
    return describe(preset(name), size, classes)


def describe(config: DaTaSegConfig, size: int = 512, classes: int = 133) -> Description:
    """Count parameters, arithmetic and memory for one `size` x `size` image.

    Tensors are on PyTorch's meta device, which has shapes but no data.

    Args:
        config: The network's configuration.
        size: Height and width in pixels, a multiple of 32.
        classes: Classes in the vocabulary.
    """
    with torch.device("meta"):
        model = DaTaSeg(config).eval()
        images = torch.empty(1, 3, size, size)
        text_embeddings = torch.empty(classes, config.text_dim)
        # Without gradients, as the counter's hooks fail on views of parameters.
        counted = DaTaSeg(config).eval().requires_grad_(False)
    dataset_index = None if config.dataset_modules is None else 0
    counter = FlopCounterMode(display=False)
    with counter:
        counted(images, text_embeddings, dataset_index=dataset_index)
    flops = {name: sum(ops.values()) for name, ops in counter.get_flop_counts().items()}
    heads = _part("heads", model, "decoder.heads", flops)
    decoder = _part("decoder", model, "decoder", flops)
    parts = [_part("backbone", model, "backbone", flops)]
    if model.pixel_decoder is not None:
        parts.append(_part("pixel decoder", model, "pixel_decoder", flops))
    parts.append(
        Part(
            "decoder",
            decoder.parameters - heads.parameters,
            decoder.multiply_adds - heads.multiply_adds,
        )
    )
    parts.append(heads)
    total = Part("total", _parameters(model), flops["Global"] // 2)
    weights = sum(t.numel() * t.element_size() for t in model.state_dict().values())
    return Description(
        (*parts, total),
        size,
        weights,
        weights + 12 * total.parameters,
        _activation_bytes(model.train(), [], images, text_embeddings, dataset_index),
        _activation_bytes(
            model, checkpoint_activations(model), images, text_embeddings, dataset_index
        ),
    )


def _part(name: str, model: DaTaSeg, path: str, flops: dict[str, int]) -> Part:
    """The part at `path`; its arithmetic is that of the outermost modules called in it."""
    prefix = f"DaTaSeg.{path}"
    inside = [key for key in flops if f"{key}.".startswith(f"{prefix}.")]
    outermost = [key for key in inside if not any(key.startswith(f"{other}.") for other in inside)]
    adds = sum(flops[key] for key in outermost) // 2
    return Part(name, _parameters(model.get_submodule(path)), adds)


def _parameters(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def _activation_bytes(
    model: DaTaSeg,
    checkpointed: Iterable[nn.Module],
    images: torch.Tensor,
    text_embeddings: torch.Tensor,
    dataset_index: int | None,
) -> int:
    """Bytes of the distinct tensors that autograd saves, the parameters themselves left out.

    Of a checkpointed block, these are its inputs.
    """
    own = {t.untyped_storage()._cdata for t in (*model.parameters(), *model.buffers())}
    saved: dict[int, torch.UntypedStorage] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            saved[storage._cdata] = storage
        return tensor

    def keep(_: nn.Module, inputs: tuple[Any, ...]) -> None:
        for each in inputs:
            if isinstance(each, torch.Tensor):
                pack(each)

    for block in checkpointed:
        block.register_forward_pre_hook(keep)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor), _FusedAttention():
        outputs = model(images, text_embeddings, dataset_index=dataset_index)
    assert outputs.layers
    return sum(storage.nbytes() for storage in saved.values())


class _FusedAttention(TorchFunctionMode):
    """Lets attention keep what a fused kernel keeps; on the meta device there is none."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is F.scaled_dot_product_attention:
            mask = kwargs.get("attn_mask", args[3] if len(args) > 3 else None)
            if mask is None or not mask.requires_grad:
                return _AttentionShapes.apply(*args[:3], mask)
        return func(*args, **kwargs)


class _AttentionShapes(torch.autograd.Function):
    """Saves inputs, output and the logarithms of the sums (B, heads, N), as FlashAttention does."""

    @staticmethod
    def forward(
        ctx: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        mask: torch.Tensor | None,
    ) -> torch.Tensor:
        output = torch.empty_like(query)
        ctx.save_for_backward(query, key, value, mask, output, output[..., 0].clone())
        return output
