"""The texts that users read are listed in `tests/texts/`, and use the words of the field."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
import write

ROOT = Path(__file__).resolve().parents[1]

# What to say in place of each: CONTRIBUTING.md, "Names" and "Texts".
AVOIDED = {
    "is no …": r"(?<!there )\b(is|are) no (?!longer\b|more\b|less\b|such\b)",
    "… is meant?": r"is meant\?",
    "chances (probabilities)": r"\bchances\b",
    "shadow (projection)": r"\bshadows?\b",
    "mend (fix)": r"\bmend(s|ed|ing)?\b",
    "truths (ground truth)": r"\btruths\b",
    "tell of": r"\btell(s|ing)? of\b",
    "shut out (deactivate)": r"\bshuts? out\b",
    "at home": r"\bat home\b",
    "put right (correct)": r"\bputs? right\b",
    "may forget": r"\bmay forget\b",
    "set apart by (separated by)": r"\bset apart by\b",
}
AVOIDED_NAMES = {"chances", "shadow", "shadows", "mended", "mending", "truths"}
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


@cache
def texts() -> dict[str, str]:
    """What each list of texts should contain now."""
    return write.files()


@pytest.mark.parametrize("name", ["errors.txt", "messages.txt", "pages.txt", "help.txt"])
def test_the_list_of_texts_is_up_to_date(name: str) -> None:
    assert (write.FOLDER / name).read_text() == texts()[name], (
        f"tests/texts/{name} is out of date: run `python tests/texts/write.py` and read its changes"
    )


def found(pattern: str, text: str) -> list[str]:
    """The lines of a text with a match."""
    return [line.strip() for line in text.splitlines() if re.search(pattern, line, re.IGNORECASE)]


@pytest.mark.parametrize("avoided", AVOIDED)
def test_texts_and_documentation_avoid(avoided: str) -> None:
    sources = texts() | {str(page.relative_to(ROOT)): page.read_text() for page in PAGES}
    faults = {name: found(AVOIDED[avoided], text) for name, text in sources.items()}
    assert not {name: lines for name, lines in faults.items() if lines}


def names(file: Path) -> set[str]:
    """The words of every name that a Python file defines, without those of other libraries."""
    defined: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.arg):
            defined.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            defined.add(node.id)
    return {word for name in defined for word in name.lower().split("_")}


@pytest.mark.parametrize("package", write.PACKAGES)
def test_names_in_the_code_are_the_fields(package: str) -> None:
    faults = {
        str(file.relative_to(ROOT)): (names(file) | set(file.stem.split("_"))) & AVOIDED_NAMES
        for file in sorted((ROOT / package).rglob("*.py"))
    }
    assert not {file: words for file, words in faults.items() if words}


def test_a_text_is_found_wherever_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "some.py"
    file.write_text(
        '"""A docstring is not listed."""\n'
        "def check(value, name):\n"
        '    raise InputError(f"{value!r} is not " + f"a number of {name}", field="key")\n'
        '    print("written: two words", HELP, typer.Option(help="not listed here"))\n'
    )
    assert write.python_texts(file) == (
        ["{value} is not a number of {name}"],
        ["written: two words"],
    )


def test_pages_and_scripts_are_read(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text('<p>Some <b>bold</b> words{% if x %}</p><img alt="Read aloud"><p>{{ x }}</p>')
    assert write.page_texts(page) == ["Some bold words", "Read aloud"]
    script = tmp_path / "script.js"
    script.write_text("// it's a comment\nsay('No connection. ' + `Wait ${n} seconds.`);")
    assert write.script_texts(script) == ["No connection. ", "Wait ${n} seconds."]


def test_every_option_in_the_documentation_exists() -> None:
    option = re.compile(r"(?<![\w-])--[a-z][\w-]*")
    known = set(option.findall(texts()["help.txt"]))
    unknown = {str(page.relative_to(ROOT)): set(option.findall(page.read_text())) for page in PAGES}
    assert not {page: names - known for page, names in unknown.items() if names - known}
