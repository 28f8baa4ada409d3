"""Area and box of many compressed masks at once, as `check_rle` and `tight_box` give of each.

A call of numpy costs more than the arithmetic of a small mask, so hundreds of masks are measured at
a time. A mask that is not plain and valid is not measured; the caller checks it alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BATCH = 512
"""Masks measured at once: few enough for their arrays to stay in the processor's cache."""


@dataclass(frozen=True)
class Measured:
    """One entry per mask.

    Attributes:
        known: bool[n], whether it was measured: valid run lengths of its image's size, with pixels
            and without runs of no pixel behind the first. pycocotools' box is then the tight one.
        areas: float64[n], in pixels; undefined where not known.
        boxes: float64[n, 4], tight (x, y, width, height) in pixels; likewise.
    """

    known: np.ndarray
    areas: np.ndarray
    boxes: np.ndarray


def measure(texts: Sequence[str | None], sizes: np.ndarray) -> Measured:
    """Measure compressed run lengths.

    Args:
        texts: The counts; None for a mask to leave out.
        sizes: int64[n, 2], height and width of each mask.
    """
    found = Measured(np.zeros(len(texts), bool), np.zeros(len(texts)), np.zeros((len(texts), 4)))
    places = np.array([i for i, text in enumerate(texts) if text and text.isascii()], np.int64)
    for first in range(0, len(places), BATCH):
        here = places[first : first + BATCH]
        _measure_batch([texts[i] or "" for i in here.tolist()], here, sizes[here], found)
    return found


def _measure_batch(
    texts: list[str], places: np.ndarray, sizes: np.ndarray, found: Measured
) -> None:
    digits = np.frombuffer("".join(texts).encode("ascii"), np.uint8).astype(np.int64) - 48
    lengths = np.array([len(text) for text in texts])
    text_ends = np.cumsum(lengths)
    last = (digits & 32) == 0
    sound = np.logical_and.reduceat((digits >= 0) & (digits < 64), text_ends - lengths)
    sound &= last[text_ends - 1]
    last[text_ends - 1] = True  # a text that is cut short must not run into the next

    # Numbers: 5 bits a character, least first; 0x10 in the last character is the sign.
    ends = np.flatnonzero(last)
    starts = np.concatenate([[0], ends[:-1] + 1])
    count = ends - starts + 1
    mask_of = np.repeat(np.arange(len(texts)), lengths)[starts]
    long = count > 6  # beyond what a sound mask needs
    sound[mask_of[long]] = False
    shifts = 5 * np.minimum(np.arange(len(digits)) - np.repeat(starts, count), 11)
    numbers = np.add.reduceat((digits & 31) << shifts, starts)
    numbers -= np.where(digits[ends] & 16, np.int64(1) << (5 * np.minimum(count, 6)), 0)
    numbers[~sound[mask_of]] = 0

    # From the fourth on each is the difference to the one two before it.
    firsts = np.searchsorted(mask_of, np.arange(len(texts)))
    rank = np.arange(len(numbers)) - firsts[mask_of]
    odd = rank % 2 == 1
    runs = np.where(rank == 0, numbers, 0)
    for chain in (odd, ~odd & (rank > 0)):
        runs += np.where(chain, _sums_within(np.where(chain, numbers, 0), firsts, mask_of), 0)

    pixels = sizes.prod(axis=1)
    sound &= np.minimum.reduceat(runs, firsts) >= 0
    sound &= np.maximum.reduceat(runs, firsts) <= pixels
    sound &= np.add.reduceat(runs, firsts) == pixels
    sound &= np.logical_and.reduceat((runs > 0) | (rank == 0), firsts)
    areas = np.add.reduceat(np.where(odd, runs, 0), firsts)
    sound &= areas > 0

    run_ends = _sums_within(runs, firsts, mask_of)
    kept = odd & sound[mask_of]
    if not kept.any():
        return
    of_mask, height = mask_of[kept], sizes[mask_of[kept], 0]
    left, top = np.divmod(run_ends[kept] - runs[kept], height)
    right, bottom = np.divmod(run_ends[kept] - 1, height)
    first_run = np.flatnonzero(np.diff(of_mask, prepend=-1))
    last_run = np.append(first_run[1:], len(of_mask)) - 1
    # A run that goes on in the next column touches bottom and top.
    crossing = left < right
    y = np.minimum.reduceat(np.where(crossing, 0, top), first_run)
    end = np.maximum.reduceat(np.where(crossing, height - 1, bottom), first_run)
    x = left[first_run]
    at = places[of_mask[first_run]]
    found.known[at] = True
    found.areas[at] = areas[of_mask[first_run]]
    found.boxes[at] = np.stack([x, y, right[last_run] - x + 1, end - y + 1], axis=1)


def _sums_within(values: np.ndarray, firsts: np.ndarray, mask_of: np.ndarray) -> np.ndarray:
    """Cumulative sums that restart with every mask."""
    sums = np.cumsum(values)
    return sums - (sums[firsts] - values[firsts])[mask_of]
