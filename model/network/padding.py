"""Position of the images in a padded batch, so that the content of the padding has no effect."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Padding:
    """The unpadded parts of a batch of images that were padded at the bottom and the right.

    Attributes:
        sizes: (B, 2) int64, unpadded height and width of each image in pixels.
        height: The batch's height in pixels.
        width: The batch's width in pixels.
    """

    sizes: torch.Tensor
    height: int
    width: int

    def extents(self, rows: int, columns: int) -> torch.Tensor:
        """(B, 2) int64: rows and columns of a coarser grid that contain part of the image."""
        # By numbers, not by tensors of them, whose copy to a GPU the host would wait for.
        row = (self.sizes[:, 0] * rows + self.height - 1) // self.height
        column = (self.sizes[:, 1] * columns + self.width - 1) // self.width
        return torch.stack((row, column), 1)

    def inside(self, rows: int, columns: int) -> torch.Tensor:
        """(B, rows, columns) bool: the cells of that grid that contain part of the image."""
        extents = self.extents(rows, columns)
        row = torch.arange(rows, device=extents.device) < extents[:, :1]  # (B, rows)
        column = torch.arange(columns, device=extents.device) < extents[:, 1:]  # (B, columns)
        return row[:, :, None] & column[:, None, :]

    def blank(self, features: torch.Tensor) -> torch.Tensor:
        """Finite (B, C, h, w) with zeros outside the images, like the padding of a convolution."""
        # A product, as `where` takes twice its time forwards and backwards, and `masked_fill` makes
        # channels-first maps.
        return features * self.inside(*features.shape[-2:])[:, None]


def make_padding(images: torch.Tensor, sizes: torch.Tensor | None) -> Padding | None:
    """The padding of (B, 3, H, W) `images`; None if nothing is padded.

    This is checked only if `sizes` is on the CPU, where the check does not wait for the device, and
    not during tracing. Otherwise padding is assumed, with the same results at lower speed.
    """
    if sizes is None:
        return None
    height, width = images.shape[-2:]
    checked = sizes.device.type == "cpu" and not torch.compiler.is_compiling()
    if checked and all(size == [height, width] for size in sizes.tolist()):
        return None
    return Padding(sizes.to(images.device, non_blocking=True), height, width)
