"""Layout of column charts, which the templates draw as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from starlette.requests import Request

from annotate_app.web.catalogue import Catalogue
from annotate_app.web.languages import texts_of
from annotate_app.web.local_time import zone_of
from o365seg.store.progress import pace
from o365seg.store.progress.pace import DAY_MS, Period

WIDTH, HEIGHT = 720, 160
_TOP, _BOTTOM = 12, 22


@dataclass(frozen=True)
class Column:
    """A column of two stacked bars; lengths in the chart's units."""

    x: float
    width: float
    masks_y: float
    masks_height: float
    skips_y: float
    skips_height: float
    label: str
    masks: int
    skips: int


@dataclass(frozen=True)
class Columns:
    """A chart over time.

    Attributes:
        ticks: (x, text) of each label of the time axis.
        top: Number at the upper grid line.
        grid: (y, number) of each grid line.
    """

    columns: list[Column]
    ticks: list[tuple[float, str]]
    top: int
    grid: list[tuple[float, int]]
    width: int = WIDTH
    height: int = HEIGHT


def of_answers(request: Request, quarters: Sequence[Period], now: int) -> Columns | None:
    """The chart of answers in the reader's language and time zone; None if there are none.

    Args:
        request: The reader's.
        quarters: The answers, as `pace.answers_by_quarter` gives them.
        now: In ms.
    """
    zone = zone_of(request)
    return over_time(texts_of(request), zone, *pace.over_time(quarters, now, zone))


def over_time(
    texts: Catalogue, zone: tzinfo, length: int, periods: Sequence[Period]
) -> Columns | None:
    """Stacked columns of masks and skips by period; None if there are no answers.

    Args:
        texts: In the reader's language.
        zone: Of the labels.
        length: Of a period, ms.
        periods: The answers by period, oldest first.
    """
    most = max((period.masks + period.skips for period in periods), default=0)
    if most == 0:
        return None
    top = _round_up(most)
    left, right = 36, 4
    step = (WIDTH - left - right) / max(len(periods), 12)
    room = HEIGHT - _TOP - _BOTTOM
    base = HEIGHT - _BOTTOM
    columns, ticks = [], []
    every = max(1, -(-len(periods) // 8))
    for index, period in enumerate(periods):
        x = left + index * step
        masks, skips = period.masks / top * room, period.skips / top * room
        label = _label(texts, zone, period.start, length)
        columns.append(
            Column(
                round(x + step * 0.1, 2),
                round(step * 0.8, 2),
                round(base - masks, 2),
                round(masks, 2),
                round(base - masks - skips, 2),
                round(skips, 2),
                label,
                period.masks,
                period.skips,
            )
        )
        if index % every == 0:
            ticks.append((round(x + step / 2, 2), label))
    grid = [(round(base - share * room, 2), round(top * share)) for share in (0, 0.5, 1)]
    return Columns(columns, ticks, top, grid)


def _round_up(number: int) -> int:
    """The next of 2, 4, 10, 20, 40, 100 …, whose halves are whole numbers."""
    scale = 1
    while True:
        for factor in (2, 4, 10):
            if number <= factor * scale:
                return factor * scale
        scale *= 10


def _label(texts: Catalogue, zone: tzinfo, start: int, length: int) -> str:
    at = datetime.fromtimestamp(start / 1000, zone)
    return texts.day(at.day, at.month) if length >= DAY_MS else f"{at:%H:%M}"
