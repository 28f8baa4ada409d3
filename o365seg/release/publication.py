"""What the publisher of a release says about it, for nothing in its file does."""

import datetime
import tomllib
from dataclasses import dataclass
from pathlib import Path

from o365seg.errors import InputError
from o365seg.formats.convert import convert, refuse_unknown
from o365seg.formats.file_bytes import read_text


@dataclass(frozen=True)
class Publication:
    """Facts for cards and metadata; None for what is not said.

    Attributes:
        name: The set's name.
        licence: Of the annotations: an SPDX identifier (CC-BY-4.0), an address, or words.
        creator: Who made it.
        url: Its home page.
        date: When it is published, as YYYY-MM-DD.
        version: Of the set.
        contact: Whom to ask, or to tell of errors: an address.
        citation: How to cite the set itself.
        raters: Who painted: how many, how they were found and trained.
        pay: What they were paid.
        ethics: Review by an ethics board, consent, working conditions.
        funding: Who paid for it.
        maintenance: Who keeps it, and how errors are corrected.
        biases, limitations, personal_information, use_cases, social_impact: Of this set, to be
            added to what holds for every release.
    """

    name: str = "Objects365 instance segmentation, painted validation set"
    licence: str | None = None
    creator: str | None = None
    url: str | None = None
    date: str | None = None
    version: str = "1.0.0"
    contact: str | None = None
    citation: str | None = None
    raters: str | None = None
    pay: str | None = None
    ethics: str | None = None
    funding: str | None = None
    maintenance: str | None = None
    biases: str | None = None
    limitations: str | None = None
    personal_information: str | None = None
    use_cases: str | None = None
    social_impact: str | None = None

    @property
    def summary(self) -> str:
        """What the set is, in a sentence."""
        return (
            "Instance masks painted by people for Objects365 boxes, after the protocol of the "
            "DaTaSeg paper: a benchmark for segmentation that was learned from boxes."
        )


def publication(about: Path | None = None, **said: str | None) -> Publication:
    """What was said, by `Publication`'s names; the defaults for what is None.

    Args:
        about: A TOML file with further facts, by the same names; `said` comes before it.
        said: Facts; one line each.

    Raises:
        InputError: no date, text that is empty or has more than a line, or an invalid file.
    """
    given = {name: text for name, text in said.items() if text is not None}
    for name, text in given.items():
        if not text.strip() or len(text.splitlines()) > 1:
            raise InputError("must be one line of text", field=name)
    given = (_read(about) if about else {}) | given
    if "date" in given:
        try:
            datetime.date.fromisoformat(given["date"])
        except ValueError:
            raise InputError(
                f"must be a date, YYYY-MM-DD, not {given['date']!r}", file=about, field="date"
            ) from None
    return Publication(**given)


def _read(path: Path) -> dict[str, str]:
    try:
        table = tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"not valid TOML: {error}", file=path) from None
    refuse_unknown(table, Publication.__dataclass_fields__, file=path)
    if isinstance(table.get("date"), datetime.date):
        table["date"] = table["date"].isoformat()
    texts = {name: convert(value, str, file=path, field=name) for name, value in table.items()}
    for name, text in texts.items():
        if not text.strip():
            raise InputError("must not be empty", file=path, field=name)
    return {
        name: " ".join(text.split()) if name != "citation" else text.strip()
        for name, text in texts.items()
    }
