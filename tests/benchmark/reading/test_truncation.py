"""A file that is cut short while it is mapped ends a command with words, not by a signal alone."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.average_precision import native_path

READ = """
import os, sys
from benchmark import _native
from benchmark.average_precision import native_path
from benchmark.reading.input_text import map_file
if sys.argv[2] == "command":
    native_path.explain_bus_errors()
text = map_file(sys.argv[1]).data
os.truncate(sys.argv[1], 0)
_native.Evaluation(text, text, True, 1, True)
"""


@pytest.mark.skipif(not native_path.is_built(), reason="the native core is not built")
@pytest.mark.parametrize(
    ("mode", "status", "words"),
    [("command", 1, "error: an input file was truncated while it was read\n"),
     ("library", -signal.SIGBUS, "")],
)  # fmt: skip
def test_a_file_cut_short_is_told(tmp_path: Path, mode: str, status: int, words: str) -> None:
    path = tmp_path / "results.json"
    path.write_text("[" + " " * 100_000 + "]")
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path), mode], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (status, words)
