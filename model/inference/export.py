"""Export to ONNX and to `torch.export`, for any vocabulary: text embeddings are an input.

Inputs: `images` (1, 3, S, S) float32 RGB 0 to 255; `text` (K, D) float32, K free; `sizes` (1, 2)
int64, the unpadded height and width (S, S without padding). Outputs: `logits`
(1, N, K + 1) and `masks` (1, N, S / 4, S / 4) of the last layer.
"""

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import nn

from model.network.dataseg import DaTaSeg
from model.network.preprocess import MULTIPLE
from model.runtime.checkpoint import load_checkpoint
from o365seg.errors import InputError
from o365seg.formats.json_files import replacing

_EXAMPLE_CLASSES = 7  # not 0 or 1, which tracing may treat as constants


class _LastLayer(nn.Module):
    """The network with tensors as outputs, for one fixed data set."""

    def __init__(self, model: DaTaSeg, dataset_index: int | None) -> None:
        super().__init__()
        self.model = model
        self.dataset_index = dataset_index

    def forward(
        self, images: torch.Tensor, text: torch.Tensor, sizes: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        final = self.model(images, text, sizes, self.dataset_index).final
        return final.logits, final.masks


def make_program(
    model: DaTaSeg, size: int, dataset_index: int | None = None
) -> torch.export.ExportedProgram:
    """The network as an exported program for `size` x `size` images and any vocabulary.

    Raises:
        InputError: `size` is not a positive multiple of 32.
    """
    if size < MULTIPLE or size % MULTIPLE:
        raise InputError(f"the image size must be a positive multiple of {MULTIPLE}, not {size}")
    example = (
        torch.zeros(1, 3, size, size),
        torch.zeros(_EXAMPLE_CLASSES, model.config.text_dim),
        torch.tensor([[size, size]]),
    )
    classes = torch.export.Dim("classes", min=2)
    return torch.export.export(
        _LastLayer(model.eval(), dataset_index), example, dynamic_shapes=(None, {0: classes}, None)
    )


def export_program(
    checkpoint: str | Path, path: str | Path, size: int = 512, dataset_index: int | None = None
) -> None:
    """Export a checkpoint as a `torch.export` program (`.pt2`, read by `torch.export.load`).

    Raises:
        InputError: the checkpoint or the size is invalid, or the file cannot be written.
    """
    program = make_program(load_checkpoint(checkpoint), size, dataset_index)
    # It warns that channels-last weights are not contiguous; loaded, they are the same.
    with _quiet(), replacing(path) as temporary:
        torch.export.save(program, temporary)


def export_onnx(
    checkpoint: str | Path, path: str | Path, size: int = 512, dataset_index: int | None = None
) -> None:
    """Export a checkpoint as one ONNX file, including the weights.

    Raises:
        InputError: the checkpoint or the size is invalid, the file cannot be written, or the
            `export` extra is not installed.
    """
    program = make_program(load_checkpoint(checkpoint), size, dataset_index)
    try:
        with _quiet(), replacing(path) as temporary:
            torch.onnx.export(
                program,
                (),
                str(temporary),
                dynamo=True,
                external_data=False,
                dynamic_shapes={"images": None, "text": {0: "classes"}, "sizes": None},
                input_names=["images", "text", "sizes"],
                output_names=["logits", "masks"],
            )
    except ImportError as error:
        raise InputError(f"ONNX export needs {error.name}: pip install 'o365seg[export]'") from None


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Suppress the exporter's output and warnings; errors are still raised."""
    level = logging.getLogger("torch.onnx").level
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
    logging.getLogger("torch.onnx").setLevel(level)
