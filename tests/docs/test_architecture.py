"""docs/architecture.md shows the folders of each package, in the order of its own table."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text()


@pytest.mark.parametrize("package", ["o365seg", "annotate_app", "benchmark", "model"])
def test_folders_are_those_of_the_package(package: str) -> None:
    docstring = ast.get_docstring(ast.parse((ROOT / package / "__init__.py").read_text())) or ""
    _, _, section = PAGE.partition(f"### {package}\n")
    shown = re.findall(r"^\| `(\w+)/` ", section.partition("\n#")[0], re.MULTILINE)
    folders = re.findall(r"^ {4}(\w+)/ ", docstring, re.MULTILINE)
    assert [folder for folder in shown if folder in folders] == folders
    assert all((ROOT / package / folder).is_dir() for folder in shown)
