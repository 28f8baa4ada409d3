"""A set's statistics for the terminal and as JSON."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from o365seg.statistics.contents import AREA_NAMES, SetCurves, SetNumbers
from o365seg.statistics.skip_statistics import SkipRates
from o365seg.statistics.time_statistics import RaterTimes, answer_words

_AREAS = ("< 32² pixels", "32² to 96²", "≥ 96²")
_ROWS = {
    "questions": "questions",
    "masks": "valid masks",
    "skipped": "skipped",
    "unanswered": "unanswered",
    "unaskable": "boxes without question",
    "crowds": "crowds",
    "images": "images",
    "images_without_mask": "images without a mask",
    "categories": "categories",
    "categories_with_masks": "categories with masks",
}


@dataclass(frozen=True)
class Measured:
    """All measurements of a set; `rates` None: nothing was skipped; `times` None: not recorded."""

    numbers: SetNumbers
    curves: SetCurves
    rates: SkipRates | None
    times: RaterTimes | None


def numbers_json(found: Measured, file: Path) -> dict[str, Any]:
    """What `stats --json` says of a set; the curves themselves are in the CSV files."""
    numbers, curves, rates = found.numbers, found.curves, found.rates
    areas = dict(zip(AREA_NAMES, curves.masks_by_area.tolist(), strict=True))
    skips = None
    if rates is not None:
        groups = zip(
            rates.category_ids,
            rates.category_names,
            rates.by_category.answered.tolist(),
            rates.by_category.skipped.tolist(),
            strict=True,
        )
        names = ("id", "name", "answered", "skipped")
        skips = [dict(zip(names, group, strict=True)) for group in groups]
    return {
        **asdict(numbers),
        "masks_by_area": areas,
        "masks_by_relative_size": curves.relative_sizes.tolist(),
        "skips_by_category": skips,
        "active_seconds_by_answer": None if found.times is None else _times_json(found.times),
        "file": str(file),
    }


def _times_json(times: RaterTimes) -> list[dict[str, Any]]:
    groups = zip(
        times.answers,
        times.by_answer.answers.tolist(),
        times.by_answer.mean.tolist(),
        times.by_answer.quartiles.tolist(),
        strict=True,
    )
    names = ("answer", "answers", "mean", "quartiles")
    return [dict(zip(names, group, strict=True)) for group in groups]


def numbers_table(measured: list[Measured]) -> Table:
    """The numbers of each set, a column a set."""
    sets, curves = [one.numbers for one in measured], [one.curves for one in measured]
    table = Table(title="Statistics", title_justify="left")
    table.add_column("")
    for numbers in sets:
        table.add_column(escape(numbers.name), justify="right")
    for field, label in _ROWS.items():
        table.add_row(label, *(f"{getattr(numbers, field):,}" for numbers in sets))
        if field == "masks":
            for place, (area, bounds) in enumerate(zip(AREA_NAMES, _AREAS, strict=True)):
                cells = (f"{found.masks_by_area[place]:,}" for found in curves)
                table.add_row(f"  {area}, {bounds}", *cells)
        if field == "skipped":
            for reason in sorted({reason for n in sets for reason in n.skipped_by_reason}):
                cells = (f"{n.skipped_by_reason.get(reason, 0):,}" for n in sets)
                table.add_row(f"  {escape(answer_words(reason))}", *cells)
    table.add_row("rater hours", *(_recorded(n.rater_hours) for n in sets))
    table.add_row("minutes per valid mask", *(_recorded(n.minutes_per_valid_mask) for n in sets))
    by_set = [_medians(one.times) for one in measured]
    for answer in dict.fromkeys(answer for medians in by_set for answer in medians):
        cells = (f"{medians[answer]:,.1f}" if answer in medians else "" for medians in by_set)
        table.add_row(f"  median active seconds, {escape(answer_words(answer))}", *cells)
    return table


def _medians(times: RaterTimes | None) -> dict[str, float]:
    if times is None:
        return {}
    return dict(zip(times.answers, times.by_answer.quartiles[:, 1].tolist(), strict=True))


def _recorded(value: float | None) -> str:
    return "not recorded" if value is None else f"{value:,.2f}"
