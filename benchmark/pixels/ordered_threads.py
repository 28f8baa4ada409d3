"""Work on files across threads with results in the files' order, whatever thread ends first."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import numpy as np

from benchmark.reading.processors import processors
from o365seg.terminal.progress_bar import progress

T = TypeVar("T")
R = TypeVar("R")


BUDGET = 2**27
"""Bytes of results that are read ahead of their reader, where `map_in_order` knows their sizes."""


AT_ONCE = 16
"""Images that are best compared together: enough to make numpy's calls few, soon done."""


def in_batches(items: Sequence[T]) -> list[Sequence[T]]:
    """The items in their order, up to `AT_ONCE` together, with several batches for each thread."""
    size = min(max(len(items) // (4 * processors()), 1), AT_ONCE)
    return [items[at : at + size] for at in range(0, len(items), size)]


def map_in_order(
    work: Callable[[T], R],
    items: Sequence[T],
    label: str,
    size: Callable[[R], int] | None = None,
) -> Iterator[R]:
    """`work` of each item, in the order of `items`, behind a progress bar.

    Threads suffice: decoding an image lets go of Python's lock. Only a few items are worked on
    ahead of the reader, so memory does not grow with their number. The first item in the order
    that fails raises its error, the same on every run, and the rest is dropped.

    Args:
        work: Called from several threads at once.
        items: What to work on.
        label: Of the progress bar.
        size: Bytes of a result, of which then only `BUDGET` are worked on ahead, and one item at
            least: large images fill no memory. None where results are small.
    """
    threads = processors()
    _let_memory_be_reused()
    waiting = iter(items)
    limit = 4 * threads if size is None else 1
    largest = 1
    with ThreadPoolExecutor(threads) as pool:
        ahead = [pool.submit(work, item) for item in islice(waiting, limit)]
        try:
            for _ in progress(range(len(items)), label):
                result = ahead.pop(0).result()
                if size is not None:
                    largest = max(largest, size(result))
                    limit = min(max(BUDGET // largest, 1), 4 * threads)
                missing = max(limit - len(ahead), 0)
                ahead.extend(pool.submit(work, item) for item in islice(waiting, missing))
                yield result
        finally:
            for future in ahead:
                future.cancel()


def _let_memory_be_reused() -> None:
    """Keep glibc from handing each image's memory back and asking for it again.

    Its limit for that rises to the largest block freed so far, up to 32 MiB; a block that nobody
    touches costs nothing. Without, clearing pages took two fifths of the time of decoding PNGs.
    Elsewhere than on Linux this does nothing.
    """
    np.empty(31 * 2**20, np.uint8)
