"""The data card of a release: its numbers and figures in the template of `data_cards`."""

import hashlib
import shlex
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import data_cards
from o365seg.formats.categories import display_name
from o365seg.formats.json_files import make_folder, write_bytes_atomic
from o365seg.formats.records import AnnotationFile, read_annotations
from o365seg.release.consensus import LEAST_MASKS
from o365seg.release.licences import licence
from o365seg.release.publication import Publication
from o365seg.statistics.box_agreement import BoxAgreement, box_agreement
from o365seg.statistics.contents import (
    AREA_NAMES,
    SetCurves,
    SetNumbers,
    kind_of,
    set_curves,
    set_numbers,
)
from o365seg.statistics.skip_statistics import SkipRates, skip_rates
from o365seg.statistics.time_statistics import RaterTimes, answer_words, rater_times

CARD_FILE = "data_card.md"
FIGURES_FOLDER = "figures"
RARE_BELOW = 5
"""Masks below which a category is called rare."""
LEAST_ANSWERS = 10
"""Answers from which on a category's skip rate is worth telling."""
_LISTED = 8


# What raters can have done for them by a command on a whole mask, by its name in `info.assistance`.
_ASSISTANCE = {
    "specks": "remove small pieces",
    "holes": "fill small holes",
    "smoothing": "smooth the edge",
}


@dataclass(frozen=True)
class Correction:
    """How a file corrects another.

    Attributes:
        name: That file's.
        sha256: Of its bytes.
        changed: Records that differ from its.
        hours: Rater time of the correction; None where not recorded.
    """

    name: str
    sha256: str
    changed: int
    hours: float | None


@dataclass(frozen=True)
class ReleaseFacts:
    """Everything that a card shows of a release.

    Attributes:
        path: The file.
        sha256: Of its bytes.
        file: The file, read.
        numbers: What it holds.
        curves: The paper's figure 5.
        rates: Skip rates; None where nothing was skipped.
        times: Rater time; None where none is recorded.
        agreement: Of masks with their boxes.
    """

    path: Path
    sha256: str
    file: AnnotationFile
    numbers: SetNumbers
    curves: SetCurves
    rates: SkipRates | None
    times: RaterTimes | None
    agreement: BoxAgreement

    @property
    def turned(self) -> int:
        """Images whose masks are on the pixels as turned by EXIF."""
        return sum(one.exif_orientation > 1 and not one.exif_ignored for one in self.file.images)

    @property
    def made_here(self) -> dict[str, Any]:
        """The release's `info` where o365seg wrote it; empty for any other file."""
        return self._info if {"source_sha256", "seed"} <= self._info.keys() else {}

    @property
    def correction(self) -> Correction | None:
        """Which file this one corrects; None where o365seg did not correct it."""
        corrects, changes = self._info.get("corrects"), self._info.get("changes")
        if not isinstance(corrects, dict) or not isinstance(changes, list):
            return None
        hours = corrects.get("rater_hours")
        return Correction(
            str(corrects.get("name", "")),
            str(corrects.get("sha256", "")),
            len(changes),
            hours if isinstance(hours, float) else None,
        )

    @property
    def assistance(self) -> list[str]:
        """What raters could do by a command on a whole mask, in words."""
        named = self._info.get("assistance")
        if not (self.made_here or self.correction) or not isinstance(named, list):
            return []
        return [_ASSISTANCE.get(str(name), str(name)) for name in named]

    @property
    def consensus_masks(self) -> int:
        """Masks that are the majority of several raters'."""
        consensus = self.made_here.get("consensus")
        return consensus.get("masks", 0) if isinstance(consensus, dict) else 0

    def summary(self, about: Publication) -> str:
        """What the set is, in a sentence."""
        return about.summary if self.made_here else "An annotation file in COCO format."

    @property
    def _info(self) -> dict[str, Any]:
        return self.file.info if isinstance(self.file.info, dict) else {}


def measure(path: Path, name: str) -> ReleaseFacts:
    """Read a release and measure it; figures call it `name`.

    Raises:
        InputError: the file or a mask in it is unsound.
    """
    file = read_annotations(path)
    return ReleaseFacts(
        path=path,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        file=file,
        numbers=set_numbers(file, name),
        curves=set_curves(file, name, path),
        rates=skip_rates(file),
        times=rater_times(file, path),
        agreement=box_agreement(file, path),
    )


def write_card(facts: ReleaseFacts, about: Publication, folder: Path) -> list[Path]:
    """Write the card and its figures.

    Args:
        facts: What `measure` found.
        about: What the publisher says.
        folder: Made where it is not there.

    Returns:
        The files written, the card first.

    Raises:
        InputError: the folder cannot be written.
    """
    make_folder(folder)
    figures = draw_figures(facts, folder / FIGURES_FOLDER)
    card = folder / CARD_FILE
    write_bytes_atomic(card, data_card(facts, about).encode())
    return [card, *figures]


def draw_figures(facts: ReleaseFacts, folder: Path) -> list[Path]:
    """Write the figures that the card shows, each with its table; gives their paths."""
    from o365seg.statistics.figures import write_figures
    from o365seg.statistics.skip_figures import write_skip_figures
    from o365seg.statistics.time_figures import write_time_figures

    make_folder(folder)
    written = write_figures([facts.curves], folder)
    if facts.rates is not None:
        written += write_skip_figures(facts.rates, folder)
    if facts.times is not None:
        written += write_time_figures(facts.times, folder)
    return written


def data_card(facts: ReleaseFacts, about: Publication) -> str:
    """The card as Markdown. Equal facts give equal text."""
    numbers, curves, info = facts.numbers, facts.curves, facts.made_here
    per_category = curves.masks_per_category
    by_category = _masks_by_category(facts)
    return data_cards.render(
        "data_card.md.jinja",
        {
            "name": about.name,
            "summary": facts.summary(about),
            "licence": about.licence and licence(about.licence),
            "about": about,
            "citation": data_cards.verbatim((about.citation or "").replace("```", "'''")),
            "is_ours": bool(info),
            "assistance": facts.assistance,
            "correction": facts.correction,
            # Counted since schema 2; an earlier release does not tell, nor does a corrected one.
            "checks": info if "accepted" in info else None,
            "repeated": info if {"replicas", "gold_answers"} <= info.keys() else None,
            "ceiling": info.get("human_ceiling"),
            "consensus": info.get("consensus"),
            "least_masks": LEAST_MASKS,
            "source": info.get("source"),
            "source_sha256": info.get("source_sha256"),
            "seed": info.get("seed"),
            "file_name": facts.path.name,
            "sha256": facts.sha256,
            "numbers": numbers,
            "turned": facts.turned,
            "not_turned": sum(one.exif_ignored for one in facts.file.images),
            "mappings": sorted(
                {one.pixel_mapping for one in facts.file.images if one.pixel_mapping}
            ),
            "per_image": _per_image(curves),
            "largest": by_category[:_LISTED],
            "rare": int((per_category < RARE_BELOW).sum()),
            "rare_below": RARE_BELOW,
            "by_area": list(zip(AREA_NAMES, curves.masks_by_area.tolist(), strict=True)),
            "skip_rate": numbers.skipped / max(1, numbers.skipped + numbers.masks),
            "most_skipped": _most_skipped(facts.rates),
            "skip_least": LEAST_ANSWERS,
            "times": _times(facts.times),
            "agreement": _agreement(facts.agreement),
            "tool_version": version("o365seg"),
            "command": data_cards.verbatim(_command(facts.path, about)),
        },
    )


def _masks_by_category(facts: ReleaseFacts) -> list[dict[str, Any]]:
    """Categories with masks, the most frequent first; ties in the file's order."""
    counts = Counter(a.category_id for a in facts.file.annotations if kind_of(a) == "mask")
    rows = [
        {"name": display_name(category.name), "masks": counts[category.id]}
        for category in facts.file.categories
        if counts[category.id]
    ]
    return sorted(rows, key=lambda row: -row["masks"])


def _per_image(curves: SetCurves) -> dict[str, float] | None:
    counts = curves.masks_per_image
    if not len(counts):
        return None
    return {"median": float(np.median(counts)), "most": int(counts[0])}


def _most_skipped(rates: SkipRates | None) -> list[dict[str, Any]]:
    """Categories by falling rate, of those with enough answers to have one worth telling."""
    if rates is None:
        return []
    rows = [
        {"name": display_name(name), "answered": answered, "skipped": skipped}
        for name, answered, skipped in zip(
            rates.category_names,
            rates.by_category.answered.tolist(),
            rates.by_category.skipped.tolist(),
            strict=True,
        )
        if answered >= LEAST_ANSWERS and skipped
    ]
    return sorted(rows, key=lambda row: -row["skipped"] / row["answered"])[:_LISTED]


def _times(times: RaterTimes | None) -> list[dict[str, Any]]:
    if times is None:
        return []
    found = times.by_answer
    return [
        {
            "answer": answer_words(answer),
            "count": count,
            "lower": lower,
            "median": median,
            "upper": upper,
            "mean": mean,
        }
        for answer, count, (lower, median, upper), mean in zip(
            times.answers,
            found.answers.tolist(),
            found.quartiles.tolist(),
            found.mean.tolist(),
            strict=True,
        )
    ]


def _agreement(found: BoxAgreement) -> dict[str, Any] | None:
    if not len(found.ids):
        return None
    low = found.ids[found.ious < 0.5]
    return {
        "count": len(found.ids),
        "median": float(np.median(found.ious)),
        "low": len(low),
        "low_ids": low[:_LISTED].tolist(),
        "beyond": int((found.beyond > 5).sum()),
    }


def _command(path: Path, about: Publication) -> str:
    words = ["o365seg", "card", path.name]
    default = Publication()
    for field in ("name", "licence", "creator", "url", "contact", "citation"):
        value = getattr(about, field)
        if value != getattr(default, field) and "\n" not in value:
            words += [f"--{field}", value]
    return shlex.join(words)
