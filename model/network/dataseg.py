"""DaTaSeg: backbone, pixel decoder and transformer decoder put together (section 3.1, figure 3)."""

from collections.abc import Sequence

import torch
from torch import nn

from model.network.backbones.convolutional import ConvBackbone
from model.network.backbones.feature_pyramid import SimpleFeaturePyramid
from model.network.backbones.plain_vit import PlainViT, is_plain_vit
from model.network.backbones.vitdet import SIZES, ViTDet
from model.network.config import DaTaSegConfig
from model.network.decoder import Decoder
from model.network.outputs import Outputs
from model.network.padding import Padding, make_padding
from model.network.pixel_decoder import PixelDecoder, PixelFeatures
from model.network.pixel_statistics import IMAGENET_MEAN, IMAGENET_STD
from model.network.preprocess import MULTIPLE
from o365seg.errors import InputError


class DaTaSeg(nn.Module):
    """The network: from images and text embeddings to mask proposals with class logits.

    With a convolutional backbone, an image's proposals do not depend on its padding. With a plain
    transformer they depend on the size of the padding (its attention includes it), but not on its
    content. The configuration's `mask_padding` can change that, for training or for good.

    Attributes:
        config: The configuration it was built from.
        backbone: `ConvBackbone`, or a plain transformer, which is its own pixel decoder.
        pixel_decoder: `PixelDecoder`, or None for a plain transformer.
        decoder: The transformer decoder with its heads.
        pixel_mean: (3, 1, 1) mean of the RGB pixels, 0 to 255, that images are standardised with:
            ImageNet's, or that of the backbone's pretraining. Saved with the weights.
        pixel_std: (3, 1, 1) their standard deviation.
    """

    pixel_mean: torch.Tensor
    pixel_std: torch.Tensor

    def __init__(self, config: DaTaSegConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("pixel_mean", torch.empty(3, 1, 1))
        self.register_buffer("pixel_std", torch.empty(3, 1, 1))
        self.set_pixel_statistics(IMAGENET_MEAN, IMAGENET_STD)
        self.pixel_decoder: PixelDecoder | None = None
        self.backbone: ConvBackbone | SimpleFeaturePyramid
        if config.backbone.name in SIZES:
            self.backbone = ViTDet(config.backbone, config.hidden_dim)
        elif is_plain_vit(config.backbone.name):
            self.backbone = PlainViT(config.backbone, config.hidden_dim)
        else:
            self.backbone = ConvBackbone(config.backbone)
            self.pixel_decoder = PixelDecoder(
                self.backbone.channels,
                config.hidden_dim,
                config.num_heads,
                config.dim_feedforward,
                config.encoder_layers,
                config.dropout,
            )
        self.decoder = Decoder(config)

    def set_pixel_statistics(self, mean: Sequence[float], std: Sequence[float]) -> None:
        """Set the mean and standard deviation of the RGB pixels, given for pixels of 0 to 1."""
        for buffer, values in ((self.pixel_mean, mean), (self.pixel_std, std)):
            buffer.copy_(255 * torch.tensor(values)[:, None, None])

    def forward(
        self,
        images: torch.Tensor,
        text_embeddings: torch.Tensor,
        sizes: torch.Tensor | None = None,
        dataset_index: int | None = None,
    ) -> Outputs:
        """Predict mask proposals.

        Args:
            images: (B, 3, H, W) RGB, 0 to 255, float or uint8, padded at the bottom and the right
                with any content; H and W are multiples of 32.
            text_embeddings: (K, text_dim) float, the classes' text embeddings.
            sizes: (B, 2) int64 heights and widths of the unpadded parts; None if nothing is padded.
                Keep it on the CPU, so that checking for padding does not wait for the device.
            dataset_index: Index into the configuration's `dataset_modules.datasets`; required if
                the network has those modules.

        Returns:
            Proposals at H / 4 x W / 4: of every decoder layer in training mode, otherwise of the
            last.

        Raises:
            InputError: a shape is invalid, or `dataset_index` is missing or out of range.
        """
        self._check(images, text_embeddings, dataset_index)
        rule = self.config.mask_padding
        masked = rule == "always" or (rule == "inference" and not self.training)
        padding = make_padding(images, sizes) if masked else None
        features = self.pixel_features(self._normalise(images, padding), padding)
        return self.decoder(features, text_embeddings, padding, dataset_index)

    def pixel_features(self, normalised: torch.Tensor, padding: Padding | None) -> PixelFeatures:
        """Levels and mask features of normalised images."""
        maps = self.backbone(normalised, padding)
        return maps if self.pixel_decoder is None else self.pixel_decoder(maps, padding)

    def _normalise(self, images: torch.Tensor, padding: Padding | None) -> torch.Tensor:
        """Standardised images; padding becomes the mean pixel, which is 0."""
        normalised = (images - self.pixel_mean) / self.pixel_std
        if padding is not None:
            inside = padding.inside(*normalised.shape[-2:])[:, None]
            normalised = torch.where(inside, normalised, 0.0)  # it may hold NaN
        return normalised.contiguous(memory_format=torch.channels_last)

    def _check(
        self, images: torch.Tensor, text_embeddings: torch.Tensor, dataset_index: int | None
    ) -> None:
        height, width = images.shape[-2:]
        if images.dim() != 4 or images.shape[1] != 3 or height % MULTIPLE or width % MULTIPLE:
            raise InputError(
                f"images must be (B, 3, H, W) with H and W multiples of {MULTIPLE}, "
                f"not {tuple(images.shape)}"
            )
        text_dim = self.config.text_dim
        if text_embeddings.dim() != 2 or text_embeddings.shape[1] != text_dim:
            raise InputError(
                f"text_embeddings must have shape (K, {text_dim}) for this network, "
                f"not {tuple(text_embeddings.shape)}"
            )
        modules = self.config.dataset_modules
        if modules is None:
            return
        last = len(modules.datasets) - 1
        if dataset_index is None or not 0 <= dataset_index <= last:
            raise InputError(
                f"this network has dataset-specific modules ({', '.join(modules.datasets)}): "
                f"dataset_index must be 0 to {last}, not {dataset_index}"
            )


def build_dataseg(config: DaTaSegConfig) -> DaTaSeg:
    """A randomly initialised network in training mode, its convolutions laid out channels-last."""
    return DaTaSeg(config).to(memory_format=torch.channels_last)
