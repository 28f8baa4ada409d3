"""Checkpoints: one safetensors file, its header holding the configuration: none parts them."""

from pathlib import Path
from typing import Any

import msgspec
import safetensors
import torch
from safetensors.torch import save_file

from model.network.config import DaTaSegConfig, config_from_dict, config_to_dict
from model.network.dataseg import DaTaSeg, build_dataseg
from model.network.pixel_statistics import with_pixel_statistics
from model.network.pretrained import refuse_not_finite
from model.text.encoder import TextEncoder
from o365seg.errors import InputError
from o365seg.formats.json_files import replacing

_FORMAT = "dataseg-1"
_HEADER = "dataseg"
_LISTED = 5  # faults that a message names before it only counts


def save_checkpoint(path: str | Path, model: DaTaSeg, about: dict[str, Any] | None = None) -> None:
    """Write a network so that a reader sees the old file or the whole new one, never a part.

    Args:
        path: The file to write, by convention `*.safetensors`.
        model: The network; its configuration goes along.
        about: JSON-ready facts to keep with it: what it was trained on, for how long, by which
            command.

    Raises:
        InputError: the place cannot be written.
    """
    tensors = {name: tensor.detach().contiguous() for name, tensor in model.state_dict().items()}
    header = {
        "format": _FORMAT,
        "config": config_to_dict(model.config),
        "about": about or {},
    }
    # One key: safetensors writes several in random order, and equal content must be equal bytes.
    metadata = {_HEADER: msgspec.json.encode(header).decode()}
    try:
        with replacing(path) as temporary:
            save_file(tensors, temporary, metadata=metadata)
    except safetensors.SafetensorError as error:
        raise InputError(f"cannot be written: {error}", file=path) from None


def load_checkpoint(path: str | Path) -> DaTaSeg:
    """Rebuild a network from a checkpoint alone, in evaluation mode, on the CPU.

    Raises:
        InputError: no such file, not a checkpoint of this program, or configuration and weights
            do not fit; names the keys and shapes.
    """
    config, _ = read_header(path)
    with torch.device("meta"):
        wanted = {name: tensor.shape for name, tensor in DaTaSeg(config).state_dict().items()}
    tensors = read_tensors(path)
    faults = [
        *(f"{name} is missing" for name in wanted if name not in tensors),
        *(f"{name} is unknown" for name in tensors if name not in wanted),
        *(
            f"{name} is {_shape(tensors[name].shape)}, not {_shape(shape)}"
            for name, shape in wanted.items()
            if name in tensors and tensors[name].shape != shape
        ),
    ]
    if faults:
        more = f" and {len(faults) - _LISTED} more" if len(faults) > _LISTED else ""
        raise InputError(
            f"weights do not fit the configuration: {', '.join(faults[:_LISTED])}{more}", file=path
        )
    model = build_dataseg(config)
    model.load_state_dict(tensors)
    return model.eval()


def read_tensors(path: str | Path) -> dict[str, torch.Tensor]:
    """A checkpoint's weights by name, with the pixel statistics that version 0.1.0 left out.

    Raises:
        InputError: no such file, not a safetensors file, or a number that is not finite.
    """
    with _open(path) as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    refuse_not_finite(tensors, path)
    return with_pixel_statistics(tensors)


def read_header(path: str | Path) -> tuple[DaTaSegConfig, dict[str, Any]]:
    """A checkpoint's configuration, and what it says about itself.

    Raises:
        InputError: no such file, or not a checkpoint of this program; names the field.
    """
    with _open(path) as file:
        metadata = file.metadata() or {}
    try:
        if _HEADER in metadata:
            header = msgspec.json.decode(metadata[_HEADER])
        else:  # as 0.1.0 wrote it: a key for each part
            header = {
                name: text if name == "format" else msgspec.json.decode(text)
                for name, text in metadata.items()
                if name in ("format", "config", "about")
            }
    except msgspec.DecodeError as error:
        raise InputError(f"the header is not valid JSON: {error}", file=path) from None
    if header.get("format") != _FORMAT:
        raise InputError(
            f"a safetensors file, but not a dataseg checkpoint (format {header.get('format')!r})",
            file=path,
        )
    return config_from_dict(header.get("config"), str(path)), header.get("about", {})


def trained_size(path: str | Path) -> int | None:
    """Side of the input, in pixels, that a checkpoint was trained at; None where it was not.

    Raises:
        InputError: as `read_header`.
    """
    trained = read_header(path)[1].get("trained", {})
    return trained.get("config", {}).get("image_size")


def trained_encoder(path: str | Path) -> TextEncoder | None:
    """The text encoder that a checkpoint was trained with, and its prompts.

    None where it was not trained, or with embeddings of a file or of generated data.

    Raises:
        InputError: as `read_header`.
    """
    trained = read_header(path)[1].get("trained", {})
    text = trained.get("config", {}).get("text", {"file": "unknown"})
    if text.get("file") is not None or text.get("synthetic"):
        return None
    usual = TextEncoder()
    return TextEncoder(
        text.get("model", usual.model),
        text.get("pretrained", usual.pretrained),
        tuple(text.get("prompts", usual.templates)),
    )


def _open(path: str | Path) -> Any:
    path = Path(path)
    if not path.exists():
        raise InputError("no such file", file=path)
    if path.is_dir():
        raise InputError("is a folder, not a file", file=path)
    try:
        return safetensors.safe_open(path, "pt")
    except (OSError, safetensors.SafetensorError) as error:
        raise InputError(f"not a safetensors file: {error}", file=path) from None


def _shape(shape: torch.Size) -> str:
    return " x ".join(str(n) for n in shape) or "a scalar"
