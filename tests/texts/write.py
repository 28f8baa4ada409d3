"""Write what the programs say into files that a reviewer reads from top to bottom.

    python tests/texts/write.py

`errors.txt` has the errors, `messages.txt` what is printed or drawn, `pages.txt` the texts of the
web pages and their scripts, `help.txt` each command's `--help`. `tests/test_texts.py` fails when a
file is out of date.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).resolve().parent
PACKAGES = ("data_cards", "o365seg", "annotate_app", "benchmark", "model")
PROGRAMS = {
    "o365seg": "o365seg",
    "annotate-app": "annotate_app",
    "benchmark": "benchmark",
    "dataseg": "model",
}
WIDTH = 100

# Two words of plain text in a row, or a sentence; a name, a format or a key has neither.
_PROSE = re.compile(r"[A-Za-z’']{2,}[,;:]? +[a-z’']+|^[A-Z][a-z]+( [a-z]+)*[.!?:…]$")
_FILLED_IN = re.compile(r"\$?\{[^{}]*\}")
_CODE = re.compile(
    r"^\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|WITH|PRAGMA|LOCK|SET) "
    r"|IS NULL|^default-src "
)
_TAG = re.compile(r"</?\w+[^>]*>")
_ERROR_NAME = re.compile(r"(Error|Exception|Refused|Problem|Gone|BadParameter|Warning|Exit)$")
_NOT_LISTED = {"Option", "Argument", "Typer", "make_app", "command", "cast"}


def is_prose(text: str) -> bool:
    """Whether a text is for readers."""
    return bool(_PROSE.search(_FILLED_IN.sub("", text).strip()))


class _PageTexts(HTMLParser):
    """Collects a page's visible texts, a block each, and the attributes that are read aloud."""

    INLINE = frozenset({"a", "b", "code", "em", "kbd", "span", "strong", "time", "small", "output"})
    READ = frozenset({"alt", "aria-label", "placeholder", "title"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self._block = ""
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.INLINE:
            self.end_block()
        self._silent += tag in {"script", "style"}
        self.texts.extend(value for name, value in attrs if name in self.READ and value)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.INLINE:
            self.end_block()
        self._silent -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._block += data

    def end_block(self) -> None:
        """Keep the block that ends here, where it has a word."""
        block = " ".join(self._block.split())
        self._block = ""
        if re.search(r"[A-Za-z]{2}", re.sub(r"\{\{.*?\}\}", "", block)):
            self.texts.append(block)


def markup_texts(markup: str) -> list[str]:
    """The texts of a piece of HTML, each once, in its order."""
    parser = _PageTexts()
    parser.feed(markup)
    parser.close()
    parser.end_block()
    return list(dict.fromkeys(parser.texts))


def page_texts(file: Path) -> list[str]:
    """The texts of an HTML template, each once, in the file's order; its `{% … %}` left out."""
    return markup_texts(re.sub(r"\{%.*?%\}|\{#.*?#\}", "", file.read_text(), flags=re.DOTALL))


def text_of(node: ast.expr) -> str | None:
    """The text of a literal, an f-string or a sum of them; `{expression}` for what is filled in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts: list[str] = []
        for value in node.values:
            if isinstance(value, ast.Constant):
                parts.append(str(value.value))
            elif isinstance(value, ast.FormattedValue):
                parts.append("{" + _filled_in(value.value) + "}")
        return "".join(parts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = text_of(node.left), text_of(node.right)
        if left is None and right is None:
            return None
        return (left if left is not None else "{" + _filled_in(node.left) + "}") + (
            right if right is not None else "{" + _filled_in(node.right) + "}"
        )
    return None


def _filled_in(node: ast.expr) -> str:
    """An expression, in few characters; texts within it are listed where they stand."""
    shown = ast.unparse(node)
    return shown if len(shown) <= 40 else "…"


def _called(node: ast.Call) -> str:
    """The last name of what is called."""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _texts_below(node: ast.AST, *, in_error: bool) -> Iterator[tuple[bool, str]]:
    """Each text below `node`, with whether it belongs to an error."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a docstring
    if isinstance(node, ast.Call):
        name = _called(node)
        if name in _NOT_LISTED:
            return  # in help.txt, or a type
        in_error = in_error or bool(_ERROR_NAME.search(name))
    if isinstance(node, ast.Raise):
        in_error = True
    if isinstance(node, ast.expr):
        text = text_of(node)
        if text is not None:
            if not _CODE.search(text):
                shown = markup_texts(text) if _TAG.search(text) else [text]
                yield from ((in_error, part) for part in shown if is_prose(part))
            if isinstance(node, ast.Constant):
                return
            for part in ast.walk(node):  # texts within {…}
                if isinstance(part, ast.FormattedValue):
                    yield from _texts_below(part.value, in_error=in_error)
            return
    for name, value in ast.iter_fields(node):
        if name not in {"annotation", "returns"}:
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from _texts_below(child, in_error=in_error)


def python_texts(file: Path) -> tuple[list[str], list[str]]:
    """The errors and the other texts of a Python file, each once, in the file's order."""
    found = list(_texts_below(ast.parse(file.read_text()), in_error=False))
    return (
        list(dict.fromkeys(text for error, text in found if error)),
        list(dict.fromkeys(text for error, text in found if not error)),
    )


_SCRIPT_PART = re.compile(
    r"//[^\n]*|/\*.*?\*/"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'(?:[^'\\\n]|\\.)*'"
    r"|`(?:[^`\\]|\\.)*`",
    re.DOTALL,
)


def script_texts(file: Path) -> list[str]:
    """The texts of a JavaScript file, each once, in the file's order."""
    strings = (part[1:-1] for part in _SCRIPT_PART.findall(file.read_text()) if part[0] != "/")
    return list(dict.fromkeys(text for text in strings if is_prose(text)))


def catalogue_texts(file: Path) -> list[str]:
    """The texts of a catalogue, each once, in the file's order."""

    def texts(table: dict[str, Any]) -> Iterator[str]:
        for value in table.values():
            yield from texts(value) if isinstance(value, dict) else [value]

    return list(dict.fromkeys(texts(tomllib.loads(file.read_text()))))


def _product_files(suffix: str) -> list[Path]:
    """Files of the packages, by package and then by path."""
    return [
        file
        for package in PACKAGES
        for file in sorted((ROOT / package).rglob(f"*{suffix}"))
        if "__pycache__" not in file.parts
    ]


def _listing(texts: dict[Path, list[str]]) -> str:
    """A heading for each file and a line for each of its texts."""
    blocks = []
    for file, lines in texts.items():
        if lines:
            shown = ["  " + " ⏎ ".join(map(str.strip, line.strip().splitlines())) for line in lines]
            blocks.append("\n".join([str(file.relative_to(ROOT)), *shown]))
    return "\n\n".join(blocks) + "\n"


def help_pages() -> str:
    """The `--help` of each program and of each of its commands, without a box or a colour."""
    import typer.main

    pages: list[str] = []

    def add(command: Any, name: str, parent: Any = None) -> None:
        command.rich_markup_mode = None
        context = command.make_context(
            name, [], parent, resilient_parsing=True, max_content_width=WIDTH, terminal_width=WIDTH
        )
        pages.append(f"{'=' * 20} {context.command_path}\n{command.get_help(context).rstrip()}")
        for below in getattr(command, "commands", {}).items():
            add(below[1], below[0], context)

    for program, package in PROGRAMS.items():
        add(typer.main.get_command(import_module(f"{package}.commands.main").app), program)
    return "\n\n".join("\n".join(map(str.rstrip, page.splitlines())) for page in pages) + "\n"


def files() -> dict[str, str]:
    """What each file of this folder shall hold, by its name."""
    errors: dict[Path, list[str]] = {}
    messages: dict[Path, list[str]] = {}
    for file in _product_files(".py"):
        errors[file], messages[file] = python_texts(file)
    pages = {file: page_texts(file) for file in _product_files(".html")}
    pages |= {file: script_texts(file) for file in _product_files(".js")}
    pages |= {file: catalogue_texts(file) for file in _product_files("en.toml")}
    return {
        "errors.txt": _listing(errors),
        "messages.txt": _listing(messages),
        "pages.txt": _listing(pages),
        "help.txt": help_pages(),
    }


def main() -> None:
    """Write the files."""
    for name, text in files().items():
        (FOLDER / name).write_text(text)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
