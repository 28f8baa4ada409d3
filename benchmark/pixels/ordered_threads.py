"""Work on files across threads with results in the files' order, whatever thread ends first."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import numpy as np

from benchmark.reading.processors import processors
from o365seg.terminal.command_line import progress

T = TypeVar("T")
R = TypeVar("R")


def map_in_order(work: Callable[[T], R], items: Sequence[T], label: str) -> Iterator[R]:
    """`work` of each item, in the order of `items`, behind a progress bar.

    Threads suffice: decoding an image lets go of Python's lock. Only a few items are worked on
    ahead of the reader, so memory does not grow with their number. The first item in the order
    that fails raises its error, the same on every run, and the rest is dropped.

    Args:
        work: Called from several threads at once.
        items: What to work on.
        label: Of the progress bar.
    """
    threads = processors()
    _let_memory_be_reused()
    waiting = iter(items)
    with ThreadPoolExecutor(threads) as pool:
        ahead = [pool.submit(work, item) for item in islice(waiting, 4 * threads)]
        try:
            for _ in progress(range(len(items)), label):
                result = ahead.pop(0).result()
                ahead.extend(pool.submit(work, item) for item in islice(waiting, 1))
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
