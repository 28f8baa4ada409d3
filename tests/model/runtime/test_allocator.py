"""The C library's memory on a CPU."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only glibc can be asked for it")

# Ten steps, each with 128 MiB of blocks: what is freed at the end of a step is returned to the
# system, and faulted in again in the next, unless it is kept.
_STEPS = """
import resource
from peak_memory import resident_mb
from model.runtime.allocator import give_back_freed_memory, keep_freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        blocks = [bytearray(b"1") * (16 << 20) for _ in range(8)]
        del blocks
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

print(faults())
keep_freed_memory()
print(faults())
kept = resident_mb()
give_back_freed_memory()
print(kept - resident_mb())
"""


def test_what_is_freed_is_kept_for_the_next_step_and_can_still_be_given_back() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _STEPS],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    by_default, kept, given_back = map(float, done.stdout.split())
    assert kept < by_default / 4
    assert given_back > 100
