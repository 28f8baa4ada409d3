"""timm's plain vision transformers (MAE, DINOv2, DINOv3, SigLIP 2, EVA-02, …) as backbones."""

from typing import Any

import timm
import torch
import torch.nn.functional as F  # noqa: N812

from model.network.backbones.feature_pyramid import SimpleFeaturePyramid
from model.network.config import BackboneConfig
from o365seg.errors import InputError

_STRIDE = 16
_PATCHES = (14, 16)
_MODULES = ("vision_transformer", "deit", "eva")  # timm's files of transformers without levels


def is_plain_vit(name: str) -> bool:
    """Whether timm has a plain vision transformer of that name, with or without a tag."""
    if not timm.is_model(name):
        return False
    module = timm.model_entrypoint(name.partition(".")[0]).__module__
    return module.rpartition(".")[2] in _MODULES


class PlainViT(SimpleFeaturePyramid):
    """A plain transformer of timm, all attention global, with the simple feature pyramid.

    A patch always covers 1/16 of the image's sides: for patches of 14 pixels, images are resized
    by 14/16, so that the pretrained weights are used as they are.

    Attributes:
        net: timm's model without its pooling and classifier, with timm's state keys.

    Raises:
        InputError: timm cannot make it for images of any size, or its patches have another size.
    """

    def __init__(self, config: BackboneConfig, hidden_dim: int) -> None:
        net = _create(config)
        super().__init__(net, net.embed_dim, hidden_dim)
        self.patch: int = net.patch_embed.patch_size[0]

    def feature_map(self, images: torch.Tensor) -> torch.Tensor:
        """Normalised (B, 3, H, W) images -> (B, channels, H / 16, W / 16), after the last norm."""
        if self.patch != _STRIDE:
            size = [side // _STRIDE * self.patch for side in images.shape[-2:]]
            images = F.interpolate(images, size=size, mode="bilinear", align_corners=False)
        (features,) = self.net.forward_intermediates(
            images, indices=1, norm=True, intermediates_only=True
        )
        return features


def _create(config: BackboneConfig) -> Any:
    """A randomly initialised transformer of timm for images of any size, without its head."""
    options: dict[str, Any] = {"drop_path_rate": config.drop_path} if config.drop_path else {}
    try:
        net: Any = timm.create_model(config.name, num_classes=0, dynamic_img_size=True, **options)
        net.prune_intermediate_layers(1, prune_head=True)
        patch = tuple(net.patch_embed.patch_size)
    except (RuntimeError, TypeError, AttributeError, AssertionError) as error:
        raise InputError(
            f"timm's {config.name} cannot be a backbone: {str(error).splitlines()[0]}",
            field="backbone.name",
        ) from None
    if patch not in [(side, side) for side in _PATCHES]:
        raise InputError(
            f"timm's {config.name} has patches of {patch[0]}×{patch[1]} pixels; "
            f"those of a backbone must be 14×14 or 16×16",
            field="backbone.name",
        )
    return net
