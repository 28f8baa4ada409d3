"""The device's memory."""

import sys

import pytest
from peak_memory import resident_mb

from model.runtime.device import release_unused_memory


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc can be asked for it")
def test_memory_that_was_freed_is_given_back() -> None:
    """Blocks below the allocator's threshold stay with it when another lies behind them."""
    release_unused_memory()  # or the blocks lie where other tests had theirs
    before = resident_mb()
    blocks = [bytearray(100_000) for _ in range(3000)]
    last = bytearray(100_000)
    del blocks
    kept = resident_mb() - before
    release_unused_memory()
    assert kept > 200
    assert resident_mb() - before < 100
    assert len(last) == 100_000
