"""The script for a GPU runs to its end in its CPU mode."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
def test_all_parts_run_on_a_cpu(tmp_path: Path) -> None:
    command = [sys.executable, str(Path(__file__).with_name("gpu.py")), "--device", "cpu"]
    paths = os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))
    done = subprocess.run(
        [*command, "--minutes", "0.05", "--out", "gpu.md"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    text = (tmp_path / "gpu.md").read_text()
    assert done.stdout == text
    titles = [line for line in text.splitlines() if line.startswith("## ")]
    assert [title.split()[1] for title in titles] == ["A", "Waits", "64×64,", "Images", "The"]
    rows = [line.split(" | ") for line in text.splitlines() if " | fp32 | " in line]
    assert [row[2] for row in rows] == ["0.0e+00"] * 3  # the CPU agrees with itself
    assert "synthetic_instances" in text and "mIoU" in text
