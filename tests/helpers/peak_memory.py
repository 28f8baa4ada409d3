"""The most memory that this process has had.

`ru_maxrss` is of no use in a process that another one started: it begins with the parent's.
"""

from pathlib import Path


def peak_mb() -> float:
    """The largest resident memory since the start or `reset_peak`, in MB (Linux)."""
    return _status_mb("VmHWM")


def resident_mb() -> float:
    """The memory that is resident now, in MB (Linux)."""
    return _status_mb("VmRSS")


def _status_mb(name: str) -> float:
    status = Path("/proc/self/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith(name)]
    return int(line.split()[1]) * 1024 / 1e6


def reset_peak() -> None:
    """Let the largest be what is resident now."""
    Path("/proc/self/clear_refs").write_text("5")
