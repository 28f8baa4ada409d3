"""What is installed from the wheel: see `check_wheel.sh`, which a person may run too."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.mark.slow
def test_the_wheel_runs_in_an_empty_environment() -> None:
    pytest.importorskip("build", reason="build is not installed")
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("only a git checkout knows which files belong to the distribution")
    command = ["sh", HERE / "check_wheel.sh", sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "No matching distribution" in done.stdout + done.stderr:
        pytest.skip("the package index cannot be reached")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("the wheel is sound\n")


def test_the_changelog_begins_with_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    headings = [
        line for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line.startswith("## ")
    ]
    assert headings[0] == f"## {version}"
