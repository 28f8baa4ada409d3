"""DaTaSeg: backbone, pixel decoder and transformer decoder put together (section 3.1, figure 3)."""

import torch
from torch import nn

from model.network.backbones import ConvBackbone
from model.network.config import DaTaSegConfig
from model.network.decoder import Decoder
from model.network.outputs import Outputs
from model.network.padding import Padding, make_padding
from model.network.pixel_decoder import PixelDecoder, PixelFeatures
from model.network.preprocess import MULTIPLE
from model.network.vitdet import SIZES, ViTDet
from o365seg.errors import InputError

PIXEL_MEAN = (123.675, 116.28, 103.53)  # ImageNet's, RGB, 0 to 255
PIXEL_STD = (58.395, 57.12, 57.375)


class DaTaSeg(nn.Module):
    """The network: images and text vectors in, mask proposals with class logits out.

    With a convolutional backbone, an image's proposals are the same however far it is padded; with
    a ViTDet they depend on how far (its windows take padding in), never on what fills the padding.

    Attributes:
        config: What it was built from.
        backbone: `ConvBackbone`, or `ViTDet`, which is its own pixel decoder.
        pixel_decoder: `PixelDecoder`, or None for a ViTDet.
        decoder: The transformer decoder with its heads.
    """

    pixel_mean: torch.Tensor
    pixel_std: torch.Tensor

    def __init__(self, config: DaTaSegConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("pixel_mean", torch.tensor(PIXEL_MEAN)[:, None, None], False)
        self.register_buffer("pixel_std", torch.tensor(PIXEL_STD)[:, None, None], False)
        self.pixel_decoder: PixelDecoder | None = None
        if config.backbone.name in SIZES:
            self.backbone = ViTDet(config.backbone, config.width)
        else:
            self.backbone = ConvBackbone(config.backbone)
            self.pixel_decoder = PixelDecoder(
                self.backbone.channels,
                config.width,
                config.heads,
                config.feedforward,
                config.encoder_layers,
                config.dropout,
            )
        self.decoder = Decoder(config)

    def forward(
        self,
        images: torch.Tensor,
        text: torch.Tensor,
        sizes: torch.Tensor | None = None,
        dataset: int | None = None,
    ) -> Outputs:
        """Predict mask proposals.

        Args:
            images: (B, 3, H, W) RGB, 0 to 255, float or uint8, padded at the bottom and the right
                with anything; H and W are multiples of 32.
            text: (K, text_width) float text vectors of the classes.
            sizes: (B, 2) int64 heights and widths of the unpadded parts; None: nothing is padded.
                Best on the CPU, where asking whether anything is padded waits for nothing.
            dataset: Index into the configuration's `dataset_modules.datasets`; needed just if
                those are on.

        Returns:
            Proposals at H / 4 x W / 4: of every decoder layer in training mode, else of the last.

        Raises:
            InputError: a shape does not fit the network, or `dataset` is missing or unknown.
        """
        self._check(images, text, dataset)
        padding = make_padding(images, sizes)
        features = self.pixel_features(self._normalise(images, padding), padding)
        return self.decoder(features, text, padding, dataset)

    def pixel_features(self, normalised: torch.Tensor, padding: Padding | None) -> PixelFeatures:
        """Levels and mask features of normalised images."""
        maps = self.backbone(normalised, padding)
        return maps if self.pixel_decoder is None else self.pixel_decoder(maps, padding)

    def _normalise(self, images: torch.Tensor, padding: Padding | None) -> torch.Tensor:
        """Standardised images; padding becomes the mean pixel, which is 0 then."""
        normalised = (images - self.pixel_mean) / self.pixel_std
        if padding is not None:
            normalised = padding.blank(normalised)
        return normalised.contiguous(memory_format=torch.channels_last)

    def _check(self, images: torch.Tensor, text: torch.Tensor, dataset: int | None) -> None:
        height, width = images.shape[-2:]
        if images.dim() != 4 or images.shape[1] != 3 or height % MULTIPLE or width % MULTIPLE:
            raise InputError(
                f"images must be (B, 3, H, W) with H and W multiples of {MULTIPLE}, "
                f"not {tuple(images.shape)}"
            )
        if text.dim() != 2 or text.shape[1] != self.config.text_width:
            raise InputError(
                f"text vectors must be (K, {self.config.text_width}) for this network, "
                f"not {tuple(text.shape)}"
            )
        modules = self.config.dataset_modules
        if modules is not None and (dataset is None or not 0 <= dataset < len(modules.datasets)):
            raise InputError(
                f"this network has modules of its own for {', '.join(modules.datasets)}: "
                f"say which by an index, not {dataset}"
            )


def build_dataseg(config: DaTaSegConfig) -> DaTaSeg:
    """A randomly initialised network in training mode, its convolutions laid out channels-last."""
    return DaTaSeg(config).to(memory_format=torch.channels_last)
