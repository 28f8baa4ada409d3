"""The C library's memory on a CPU: keep what was freed for the next tensors, or give it back.

By default, glibc returns a large block to the system when it is freed, and the system clears every
page of the next one: a fifth of the time of a small network's training step.
"""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of malloc.h
_LARGEST = 32 << 20  # bytes; glibc takes no larger threshold


def keep_freed_memory() -> None:
    """Keep freed blocks of up to 32 MiB for later ones, in this whole process and its children.

    For a program, not a library: it changes how all of the process allocates. glibc only.
    """
    adjust = _function("mallopt")
    if adjust is not None:
        adjust(_MMAP_THRESHOLD, _LARGEST)
        adjust(_TRIM_THRESHOLD, 2**31 - 1)


def give_back_freed_memory() -> None:
    """Return freed blocks to the system. glibc only."""
    trim = _function("malloc_trim")
    if trim is not None:
        trim(0)


def _function(name: str):
    """A function of glibc; None elsewhere (musl has neither)."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
