"""What the publisher of a release says about it, for nothing in its file does."""

import datetime
from dataclasses import dataclass

from o365seg.errors import InputError


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
    """

    name: str = "Objects365 instance segmentation, painted validation set"
    licence: str | None = None
    creator: str | None = None
    url: str | None = None
    date: str | None = None
    version: str = "1.0.0"

    @property
    def summary(self) -> str:
        """What the set is, in a sentence."""
        return (
            "Instance masks painted by people for Objects365 boxes, after the protocol of the "
            "DaTaSeg paper: a benchmark for segmentation that was learned from boxes."
        )


def publication(**said: str | None) -> Publication:
    """What was said, by `Publication`'s names; the defaults for what is None.

    Raises:
        InputError: no date, or text that is empty or has more than a line.
    """
    given = {name: text for name, text in said.items() if text is not None}
    for name, text in given.items():
        if not text.strip() or len(text.splitlines()) > 1:
            raise InputError("must be one line of text", field=name)
    if "date" in given:
        try:
            datetime.date.fromisoformat(given["date"])
        except ValueError:
            raise InputError(
                f"must be a date, YYYY-MM-DD, not {given['date']!r}", field="date"
            ) from None
    return Publication(**given)
