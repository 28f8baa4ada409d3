"""docs/paper.md names every equation, table and appendix of the paper, and code that is there."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAP = (ROOT / "docs/paper.md").read_text()


@pytest.fixture(scope="module")
def links() -> ModuleType:
    """The hook that makes links of names, as MkDocs loads it."""
    pytest.importorskip("mkdocs", reason="the [docs] extra is not installed")
    spec = importlib.util.spec_from_file_location("source_links", ROOT / "docs/source_links.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


WANTED = [
    *(f"Equation {number}" for number in range(1, 6)),
    *(f"Table {number}" for number in range(1, 11)),
    *(f"Section {number}" for number in ("3.1", "3.2", "3.3", "3.4", "3.5", "4", "4.5", "4.7")),
    *(f"Figure {number}" for number in (1, 2, 3, 4, 5, 6, 8)),
    *(f"Appendix {letter}" for letter in "BCDEF"),
]


@pytest.mark.parametrize("part", WANTED)
def test_each_part_of_the_paper_has_a_row_that_names_code(part: str, links: ModuleType) -> None:
    rows = [line for line in MAP.splitlines() if line.startswith(f"| {part} |")]
    assert rows
    assert all(links.references(row) for row in rows)


def test_all_code_that_the_documents_name_is_there(links: ModuleType) -> None:
    named = [
        (path, name)
        for page in sorted((ROOT / "docs").rglob("*.md"))
        for path, name in links.references(page.read_text())
    ]
    assert len(named) > 100
    for path, name in named:
        assert links.find_line(path, name) >= 1


def test_a_name_leads_to_the_line_that_defines_it(links: ModuleType) -> None:
    line = links.find_line("model/network/config.py", "DaTaSegConfig.num_queries")
    text = (ROOT / "model/network/config.py").read_text().splitlines()[line - 1]
    assert text.strip().startswith("num_queries")


@pytest.mark.parametrize(
    ("path", "name"), [("model/nothing.py", None), ("model/objective/merge.py", "nothing")]
)
def test_what_is_not_there_is_an_error(path: str, name: str | None, links: ModuleType) -> None:
    with pytest.raises(LookupError, match="nothing"):
        links.find_line(path, name)
