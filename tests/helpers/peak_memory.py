"""The most memory that this process has had.

`ru_maxrss` is of no use in a process that another one started: it begins with the parent's.
"""

from pathlib import Path


def peak_mb() -> float:
    """The largest resident memory since the start or `reset_peak`, in MB (Linux)."""
    status = Path("/proc/self/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024 / 1e6


def reset_peak() -> None:
    """Let the largest be what is resident now."""
    Path("/proc/self/clear_refs").write_text("5")
