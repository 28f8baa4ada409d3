"""MkDocs hook: code named in a page becomes a link to the very line.

`model/objective/merge.py::merge_masks` (a name in a file; `Class.method` too) and
`model/objective/merge.py` in back ticks lead to a page of the site that shows the file
with numbered lines. What is not there ends the build, so no page can name code that has moved.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
_PACKAGES = "o365seg|annotate_app|benchmark|model|tests"
_NAME = rf"(?P<path>(?:{_PACKAGES})/[\w/]+\.(?:py|c|h|js|toml|sh))(?:::(?P<name>[\w.]+))?"
_WRITTEN = re.compile(rf"(?<!`)`{_NAME}`(?!`)")
_SHOWN = re.compile(rf"<code>{_NAME}</code>")
_LANGUAGES = {"py": "python", "c": "c", "h": "c", "js": "javascript", "toml": "toml", "sh": "sh"}


def find_line(path: str, name: str | None) -> int:
    """The line, from 1, at which a name is defined in a Python file of the project.

    Raises:
        LookupError: no such file, or no such name in it.
    """
    file = ROOT / path
    if not file.is_file():
        raise LookupError(f"there is no file {path}")
    if name is None:
        return 1
    body: list[ast.stmt] = ast.parse(file.read_text()).body
    line = 0
    for step in name.split("."):
        found = next((node for node in body if step in _defined(node)), None)
        if found is None:
            raise LookupError(f"{path} defines no {name}")
        line = found.lineno
        body = found.body if isinstance(found, ast.ClassDef) else []
    return line


def _defined(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    yield from (target.id for target in targets if isinstance(target, ast.Name))


def references(markdown: str) -> list[tuple[str, str | None]]:
    """Every (path, name) that a page's text refers to."""
    return [(match["path"], match["name"]) for match in _WRITTEN.finditer(markdown)]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each source file that some page refers to."""
    paths = {
        path
        for page in files.documentation_pages()
        for path, _ in references(page.content_string)
        if (ROOT / path).is_file()
    }
    for path in sorted(paths):
        text = (ROOT / path).read_text()
        language = _LANGUAGES[path.rpartition(".")[2]]
        page = (
            f"---\nsearch: {{exclude: true}}\nhide: [toc]\n---\n# `{path}`\n\n"
            f'````````{{.{language} linenums="1"}}\n{text.rstrip()}\n````````\n'
        )
        files.append(File.generated(config, f"source/{path}.md", content=page))
    return files


def on_page_content(html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn the references of one page into links; after MkDocs has looked at the page's own."""
    if page.file.src_uri.startswith("source/"):
        return html

    def link(match: re.Match[str]) -> str:
        path, name = match["path"], match["name"]
        try:
            line = find_line(path, name)
        except LookupError as error:
            raise PluginError(f"{page.file.src_uri}: {error}") from None
        source = files.get_file_from_path(f"source/{path}.md")
        if source is None:  # named by an included file: shown nowhere, so no link
            return match[0]
        anchor = f"#__codelineno-0-{line}" if name else ""
        return f'<a href="{source.url_relative_to(page.file)}{anchor}">{match[0]}</a>'

    return _SHOWN.sub(link, html)
