"""Where in a padded batch the images are, so that what fills the rest never matters."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Padding:
    """The unpadded parts of a batch of images that were padded at the bottom and the right.

    Attributes:
        sizes: (B, 2) int64, each image's own height and width in pixels.
        height: The batch's height in pixels.
        width: The batch's width in pixels.
    """

    sizes: torch.Tensor
    height: int
    width: int

    def extents(self, rows: int, columns: int) -> torch.Tensor:
        """(B, 2) int64: how many rows and columns of a coarser grid hold any of the image."""
        grid = self.sizes.new_tensor([rows, columns])
        canvas = self.sizes.new_tensor([self.height, self.width])
        return (self.sizes * grid + canvas - 1) // canvas

    def inside(self, rows: int, columns: int) -> torch.Tensor:
        """(B, rows, columns) bool: which cells of that grid hold any of the image."""
        extents = self.extents(rows, columns)
        row = torch.arange(rows, device=extents.device) < extents[:, :1]  # (B, rows)
        column = torch.arange(columns, device=extents.device) < extents[:, 1:]  # (B, columns)
        return row[:, :, None] & column[:, None, :]

    def blank(self, features: torch.Tensor) -> torch.Tensor:
        """(B, C, h, w) with zeros outside the images, as a convolution's own padding has them."""
        inside = self.inside(*features.shape[-2:])
        return features.masked_fill(~inside[:, None], 0.0)


def make_padding(images: torch.Tensor, sizes: torch.Tensor | None) -> Padding | None:
    """The padding of (B, 3, H, W) `images`; None where nothing is padded.

    Whether anything is can be asked without waiting for the device only of `sizes` on the CPU, and
    not while a graph is traced; else padding is assumed, which gives the same numbers, slower.
    """
    if sizes is None:
        return None
    height, width = images.shape[-2:]
    if sizes.device.type == "cpu" and not torch.compiler.is_compiling():
        canvas = sizes.new_tensor([height, width])
        if bool((sizes == canvas).all()):
            return None
    return Padding(sizes.to(images.device), height, width)
