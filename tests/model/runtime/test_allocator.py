"""The C library's memory on a CPU."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only glibc can be asked for it")

# Ten steps, each with 128 MiB of blocks: what is freed at the end of a step is returned to the
# system, and faulted in again in the next, unless it is kept.
_STEPS = """
import resource
from pathlib import Path
from model.runtime.allocator import give_back_freed_memory, keep_freed_memory

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        blocks = [bytearray(b"1") * (16 << 20) for _ in range(8)]
        del blocks
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

print(faults())
keep_freed_memory()
print(faults())
kept = resident()
give_back_freed_memory()
print(kept - resident())
"""


def test_what_is_freed_is_kept_for_the_next_step_and_can_still_be_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", _STEPS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    by_default, kept, given_back = map(float, done.stdout.split())
    assert kept < by_default / 4
    assert given_back > 100e6
