"""The texts of the pages, one TOML file a language.

`annotate_app/texts/en.toml` has every text. A file of another language has the same keys, with the
same `{…}`; where it lacks a key, the English text is shown. Python pages, templates and scripts all
read the same catalogue.
"""

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from o365seg.errors import InputError, unknown
from o365seg.formats.file_bytes import read_text

ENGLISH = "en"
SHIPPED = Path(str(resources.files("annotate_app") / "texts"))
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_BRACE = re.compile(r"[{}]")


@dataclass(frozen=True)
class Catalogue:
    """The texts of one language.

    Attributes:
        language: Its code, such as `de` or `pt-BR`.
        texts: The text of each key, such as `sign_in.title`; `{name}` is filled in.
        missing: Keys for which the file has no text, so that the English one is used.
        languages: What each language that there is calls itself, by its code; English first.
    """

    language: str
    texts: dict[str, str]
    missing: tuple[str, ...]
    languages: dict[str, str]

    def text(self, key: str, **values: object) -> str:
        """The text of `key`, with `values` in place of its `{…}`."""
        return _PLACEHOLDER.sub(lambda found: str(values[found[1]]), self.texts[key])

    def html(self, key: str, **values: object) -> Markup:
        """As `text`, for a page: values are escaped unless they are HTML already."""
        safe = {name: escape(value) for name, value in values.items()}
        filled = _PLACEHOLDER.sub(lambda found: safe[found[1]], str(escape(self.texts[key])))
        return Markup(filled)  # noqa: S704  (text and values are escaped)

    def counted(self, noun: str, number: int) -> str:
        """A number with its noun, as `1 skip` or `1,200 skips`; `noun` is a key of `count`."""
        form = "one" if number == 1 else "other"
        return self.text(f"count.{noun}.{form}", count=self.number(number))

    def number(self, number: float, places: int = 0) -> str:
        """A number with the language's separators."""
        marks = {",": self.texts["format.thousands"], ".": self.texts["format.decimal"]}
        return "".join(marks.get(sign, sign) for sign in f"{number:,.{places}f}")

    def percent(self, share: float, places: int = 1) -> str:
        """A share, 0–1, as per cent."""
        return self.text("format.percent", number=self.number(100 * share, places))

    def day(self, day: int, month: int, year: int | None = None) -> str:
        """A date, as `30 Nov`; `month` from 1."""
        name = self.texts["format.months"].split()[month - 1]
        if year is None:
            return self.text("format.day", day=day, month=name)
        return self.text("format.day_and_year", day=day, month=name, year=year)

    @cached_property
    def script(self) -> str:
        """The module `texts/catalogue.js`: the texts, and the name of each language by its code."""
        values = {"LANGUAGE": self.language, "LANGUAGES": self.languages, "TEXTS": self.texts}
        lines = (
            f"export const {name} = {json.dumps(value, ensure_ascii=False)};\n"
            for name, value in values.items()
        )
        return "".join(lines)

    @cached_property
    def digest(self) -> str:
        """Changes with the script, and so with what any of its URLs names."""
        return hashlib.sha256(self.script.encode()).hexdigest()[:8]


def read_catalogues(*folders: Path) -> dict[str, Catalogue]:
    """Every language, by its code; of two files of a language, the later folder's texts count.

    Raises:
        InputError: a file is not a catalogue: not TOML, an unknown key, a wrong `{…}`.
    """
    english = _shipped_texts()[ENGLISH]
    found = {language: dict(texts) for language, texts in _shipped_texts().items()}
    for folder in folders:
        for language, texts in _folder_texts(folder, english).items():
            found.setdefault(language, {}).update(texts)
    for language, texts in found.items():
        if "name" not in texts:
            raise InputError(
                "missing: the language's own name", file=f"{language}.toml", field="name"
            )
    ordered = sorted(found.items(), key=lambda item: item[0] != ENGLISH)
    names = {language: texts["name"] for language, texts in ordered}
    return {
        language: Catalogue(
            language, english | texts, tuple(sorted(english.keys() - texts.keys())), names
        )
        for language, texts in ordered
    }


@cache
def _shipped_texts() -> dict[str, dict[str, str]]:
    """Those of every project."""
    return _folder_texts(SHIPPED, read_texts(SHIPPED / f"{ENGLISH}.toml"))


def _folder_texts(folder: Path, english: dict[str, str]) -> dict[str, dict[str, str]]:
    """The texts of a folder's files by language, checked against the English ones."""
    found = {}
    for path in sorted(folder.glob("*.toml")):
        if not LANGUAGE.fullmatch(path.stem):
            raise InputError("must be named after a language, such as fr.toml", file=path)
        found[path.stem] = read_texts(path)
        check_texts(found[path.stem], english, path)
    return found


def read_texts(path: Path) -> dict[str, str]:
    """The texts of a file by their keys, tables joined by dots.

    Raises:
        InputError: it cannot be read, is not TOML, or a value is not a text.
    """
    try:
        tables = tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"invalid TOML: {error}", file=path) from None
    texts = dict(_flat(tables))
    for key, value in texts.items():
        if not isinstance(value, str) or not value.strip():
            raise InputError("must be a text", file=path, field=key)
    return texts


def check_texts(texts: dict[str, str], english: dict[str, str], path: Path) -> None:
    """Check a language's texts against the English ones.

    Raises:
        InputError: an unknown key, or a text with other `{…}` than the English one.
    """
    for key, text in texts.items():
        if key not in english:
            raise InputError(unknown("text", key, english), file=path)
        here, there = (set(_PLACEHOLDER.findall(one)) for one in (text, english[key]))
        # A language may write the number of one thing as a word.
        optional = {"count"} if key.endswith(".one") else set()
        if here - there or there - here - optional or _BRACE.search(_PLACEHOLDER.sub("", text)):
            wanted = ", ".join(f"{{{name}}}" for name in sorted(there)) or "none"
            raise InputError(
                f"its {{…}} must be those of the English text: {wanted}", file=path, field=key
            )
    months = texts.get("format.months")
    if months is not None and len(months.split()) != 12:
        raise InputError("must be 12 names with spaces between", file=path, field="format.months")


def _flat(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
