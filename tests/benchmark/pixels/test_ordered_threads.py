"""Work ahead on threads: in order, and of large results only what a budget allows."""

import threading
import time

import numpy as np
import pytest

from benchmark.pixels import ordered_threads
from benchmark.pixels.ordered_threads import map_in_order


def test_results_come_in_the_order_of_the_items() -> None:
    def work(number: int) -> int:
        time.sleep(0.001 * (number % 3))
        return number

    assert list(map_in_order(work, range(40), "working")) == list(range(40))


@pytest.mark.parametrize(("size", "most"), [(2**20, 8), (2**30, 2)])
def test_of_large_results_few_are_ahead_of_the_reader(
    size: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ordered_threads, "processors", lambda: 2)
    begun, lock = [], threading.Lock()

    def work(number: int) -> np.ndarray:
        with lock:
            begun.append(number)
        return np.empty(0)

    ahead = []
    for read, _ in enumerate(map_in_order(work, range(30), "working", size=lambda _: size)):
        time.sleep(0.002)
        ahead.append(len(begun) - read)
    assert len(ahead) == 30
    assert max(ahead) <= most + 1
    assert max(ahead) >= min(most, 2)
