"""A label map from one run-length mask per class, without decoding any of them."""

import numpy as np

from benchmark.pixels.label_maps import NO_LABEL
from o365seg.formats.masks import MaskError, Rle, check_rle


class _Overlap(MaskError):
    """The mask of this number covers pixels of an earlier one."""

    def __init__(self, mask: int) -> None:
        super().__init__("overlaps another mask of the image; a pixel can have only one label")
        self.mask = mask


class LabelCanvas:
    """A map of a (height, width) in pixels, put together from the runs of its masks."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self._starts: list[np.ndarray] = [np.zeros(0, np.int64)]
        self._lengths: list[np.ndarray] = [np.zeros(0, np.int64)]
        self._labels: list[int] = []

    def add(self, rle: Rle, label: int) -> None:
        """Give the pixels of a mask a label below `NO_LABEL`.

        Raises:
            MaskError: not a mask, or of another size.
        """
        runs = check_rle(rle, self.size)
        ends = np.cumsum(runs)
        self._starts.append(ends[:-1:2])
        self._lengths.append(runs[1::2])
        self._labels.append(label)

    def labels(self) -> np.ndarray:
        """int32[height, width], `NO_LABEL` where no mask is.

        Raises:
            MaskError: two masks cover a pixel.
        """
        starts, lengths = np.concatenate(self._starts), np.concatenate(self._lengths)
        masks = np.repeat(np.arange(len(self._labels)), [len(s) for s in self._starts[1:]])
        filled = np.flatnonzero(lengths)
        order = filled[np.argsort(starts[filled], kind="stable")]
        starts, lengths, masks = starts[order], lengths[order], masks[order]
        gaps = np.diff(starts, prepend=0)
        gaps[1:] -= lengths[:-1]
        clash = np.flatnonzero(gaps < 0)
        if clash.size:
            raise _Overlap(int(max(masks[clash[0]], masks[clash[0] - 1])))
        # Gap, run, gap, run, …, and what is left after the last run.
        height, width = self.size
        values = np.full(2 * len(starts) + 1, NO_LABEL, np.int32)
        values[1::2] = np.array(self._labels, np.int32)[masks]
        spans = np.zeros(len(values), np.int64)
        spans[:-1:2], spans[1::2] = gaps, lengths
        spans[-1] = height * width - spans.sum()
        return np.repeat(values, spans).reshape(width, height).T

    def culprit(self, error: MaskError) -> int:
        """Which mask an error of `add` or `labels` is about, counted from 0."""
        return error.mask if isinstance(error, _Overlap) else len(self._labels)
