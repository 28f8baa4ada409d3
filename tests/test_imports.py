"""Imports point one way: annotate_app and benchmark to o365seg, model to o365seg and benchmark.

Below them all: data_cards.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAY_IMPORT = {
    "data_cards": set(),
    "o365seg": {"data_cards"},
    "annotate_app": {"o365seg"},
    "benchmark": {"o365seg"},
    "model": {"o365seg", "benchmark", "data_cards"},
}
# What is large and not for everybody; gradio may serve the model's demo page alone.
HEAVY = {
    "data_cards": {"torch", "gradio"},
    "o365seg": {"torch", "gradio"},
    "annotate_app": {"torch"},
    "benchmark": {"torch", "gradio"},
}


def imported(file: Path) -> set[str]:
    """The top-level packages that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_lies_below_it(package: str) -> None:
    forbidden = (set(MAY_IMPORT) - MAY_IMPORT[package] - {package}) | HEAVY.get(package, set())
    files = list((ROOT / package).rglob("*.py"))
    assert files
    faults = {str(file.relative_to(ROOT)): imported(file) & forbidden for file in files}
    assert not {file: names for file, names in faults.items() if names}
