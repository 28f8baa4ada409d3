"""Imports point one way, between packages and between the rooms (folders) of each package.

Between packages: annotate_app and benchmark import o365seg, model imports o365seg and benchmark.
Below them all: data_cards. Between rooms: each imports only those above it in the table of rooms
in its package's `__init__.py`.
"""

import ast
import re
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
PACKAGES = ("o365seg", "benchmark", "model", "annotate_app")
# What is large and not for everybody; gradio may serve the model's demo page alone.
HEAVY = {
    "data_cards": {"torch", "gradio"},
    "o365seg": {"torch", "gradio"},
    "annotate_app": {"torch"},
    "benchmark": {"torch", "gradio"},
}


def imported_modules(file: Path) -> set[str]:
    """The dotted names that a file imports, anywhere in it; of `from a import b` also `a.b`."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def imported(file: Path) -> set[str]:
    """The top-level packages that a file imports, anywhere in it."""
    return {name.partition(".")[0] for name in imported_modules(file)}


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_lies_below_it(package: str) -> None:
    forbidden = (set(MAY_IMPORT) - MAY_IMPORT[package] - {package}) | HEAVY.get(package, set())
    files = list((ROOT / package).rglob("*.py"))
    assert files
    faults = {str(file.relative_to(ROOT)): imported(file) & forbidden for file in files}
    assert not {file: names for file, names in faults.items() if names}


def rooms(package: str) -> list[str]:
    """The folders in the table of a package's `__init__.py`, from top to bottom."""
    table = ast.get_docstring(ast.parse((ROOT / package / "__init__.py").read_text())) or ""
    return re.findall(r"^ {4}(\w+)/ ", table, re.MULTILINE)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_room_imports_only_rooms_before_it(package: str) -> None:
    """Rooms stand in the order of imports: the first one imports no other."""
    order = rooms(package)
    faults = []
    for position, room in enumerate(order):
        later = {f"{package}.{name}" for name in order[position + 1 :]}
        for file in (ROOT / package / room).rglob("*.py"):
            for name in sorted(imported_modules(file)):
                if any(name == other or name.startswith(f"{other}.") for other in later):
                    faults.append(f"{file.relative_to(ROOT)} imports {name}")
    assert not faults


@pytest.mark.parametrize("package", PACKAGES)
def test_the_table_of_rooms_names_every_folder_of_code(package: str) -> None:
    folders = {file.parent.name for file in (ROOT / package).glob("*/*.py")}
    assert folders == set(rooms(package))


def test_the_native_core_includes_only_rooms_before_it() -> None:
    """The rooms stand in the order of includes in the comment at the top of base/core.h."""
    core = ROOT / "benchmark" / "native"
    head = (core / "base" / "core.h").read_text().partition("*/")[0]
    order = re.findall(r"^ \*   (\w+)/ ", head, re.MULTILINE)
    assert {file.parent.name for file in core.rglob("*.[ch]")} == set(order)
    faults = []
    for file in core.rglob("*.[ch]"):
        for room in re.findall(r'^#include "\.\./(\w+)/', file.read_text(), re.MULTILINE):
            if order.index(room) >= order.index(file.parent.name):
                faults.append(f"{file.relative_to(ROOT)} includes {room}/")
    assert not faults


def test_sql_is_in_the_store_alone() -> None:
    """Other code asks the store's functions, and names no table."""
    files = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    outside = [file for file in files if ROOT / "o365seg" / "store" not in file.parents]
    assert len(outside) < len(files)
    query = re.compile(r"\bsa\.select|\bdb\.execute")
    faults = [str(file) for file in outside if query.search(file.read_text())]
    assert not faults


def test_the_rooms_of_the_store_import_one_way() -> None:
    store = ROOT / "o365seg" / "store"
    table = ast.get_docstring(ast.parse((store / "__init__.py").read_text())) or ""
    order = re.findall(r"^ {4}(\w+)/ ", table, re.MULTILINE)
    folders = {file.parent.name for file in store.glob("*/*.py")}
    assert set(order) == folders
    faults = [
        f"{file.relative_to(ROOT)} imports {room}"
        for position, name in enumerate(order)
        for file in (store / name).rglob("*.py")
        for room in order[position + 1 :]
        if any(m.startswith(f"o365seg.store.{room}") for m in imported_modules(file))
    ]
    assert not faults
