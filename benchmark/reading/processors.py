"""How many processors this process may use."""

import os


def processors() -> int:
    """At least 1; in a container often fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
