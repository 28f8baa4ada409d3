"""Charts of the report as inline SVG: text in, text out, coloured by the page's style sheet.

The page's content security policy forbids `style` attributes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from benchmark.analysis.pr_curves import Curve
from benchmark.average_precision.accumulation import RECALLS

_WIDTH = 440


@dataclass(frozen=True)
class Bar:
    """One bar, in percent or points.

    Attributes:
        label: Text beside it.
        value: Its length; negative if there is none.
        low: Lower end of its interval; None if it has none.
        high: Upper end.
        remark: Small text below the label.
        strong: Whether it stands out.
    """

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    remark: str = ""
    strong: bool = False


def nice_ticks(greatest: float, about: int = 5) -> list[float]:
    """About `about` round numbers from 0 to at least `greatest`."""
    if greatest <= 0:
        return [0.0, 1.0]
    rough = greatest / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= rough * (1 - 1e-9))
    return [step * i for i in range(math.ceil(greatest / step - 1e-9) + 1)]


def bar_chart(bars: Sequence[Bar], title: str, *, digits: int = 1, label_width: int = 118) -> str:
    """Draw horizontal bars with their values and intervals.

    Args:
        bars: From top to bottom.
        title: Text for screen readers.
        digits: Decimals of the values.
        label_width: Width of the labels, in units of a chart 440 wide.
    """
    row, top, foot, room = 34, 6, 26, 64
    height = top + row * len(bars) + foot
    right = _WIDTH - room
    ticks = nice_ticks(max([0.0, *(max(bar.value, bar.high or 0) for bar in bars)]))
    scale = (right - label_width) / ticks[-1]
    parts = [_open(height, title)]
    for tick in ticks:
        x = label_width + scale * tick
        bottom = height - foot
        parts.append(f'<line class="grid" x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{bottom}"/>')
        parts.append(f'<text class="tick" x="{x:.1f}" y="{bottom + 16}">{tick:g}</text>')
    for place, bar in enumerate(bars):
        y = top + row * place
        middle = y + row / 2
        text = middle + (-2 if bar.remark else 4)
        shade = "bar strong" if bar.strong else "bar"
        parts.append(
            f'<text class="label" x="{label_width - 8}" y="{text}">{escape(bar.label)}</text>'
        )
        if bar.remark:
            remark = escape(bar.remark)
            parts.append(
                f'<text class="remark" x="{label_width - 8}" y="{middle + 11}">{remark}</text>'
            )
        if bar.value < 0:
            parts.append(f'<text class="value" x="{label_width + 6}" y="{middle + 4}">–</text>')
            continue
        parts.append(
            f'<rect class="{shade}" x="{label_width}" y="{y + 7}" rx="2" '
            f'width="{max(0.5, scale * bar.value):.1f}" height="{row - 14}"/>'
        )
        end = bar.value
        if bar.low is not None and bar.high is not None:
            low, high = (label_width + scale * max(0.0, value) for value in (bar.low, bar.high))
            parts.append(_whisker(low, high, middle))
            end = max(end, bar.high)
        at = label_width + scale * end + 7
        parts.append(
            f'<text class="value" x="{at:.1f}" y="{middle + 4}">{bar.value:.{digits}f}</text>'
        )
    return "".join([*parts, "</svg>"])


def curve_chart(curves: Sequence[Curve]) -> str:
    """Draw precision over recall, one line per curve, each named with its AP."""
    left, top, right, bottom = 60, 10, _WIDTH - 12, 288
    parts = [_open(bottom + 44, "Precision over recall, mean over the categories")]

    def across(recall: float) -> float:
        return left + (right - left) * recall

    def down(precision: float) -> float:
        return bottom - (bottom - top) * precision

    for tick in np.arange(0, 1.01, 0.2):
        x, y = across(tick), down(tick)
        parts.append(f'<line class="grid" x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{bottom}"/>')
        parts.append(f'<line class="grid" x1="{left}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}"/>')
        parts.append(f'<text class="tick" x="{x:.1f}" y="{bottom + 17}">{tick:.1f}</text>')
        parts.append(f'<text class="label" x="{left - 8}" y="{y + 4:.1f}">{tick:.1f}</text>')
    parts.append(f'<text class="tick" x="{(left + right) / 2}" y="{bottom + 37}">recall</text>')
    middle = (top + bottom) / 2
    turned = f'transform="rotate(-90 12 {middle})"'
    parts.append(f'<text class="tick" x="12" y="{middle}" {turned}>precision</text>')
    for place, curve in enumerate(curves):
        points = " ".join(
            f"{across(recall):.1f},{down(precision):.1f}"
            for recall, precision in zip(RECALLS, curve.precision, strict=True)
        )
        parts.append(f'<polyline class="curve curve{place}" points="{points}"/>')
    late = [curve.precision[len(RECALLS) // 2 :].max() for curve in curves]
    x, first = right - 212, top + 14
    if max(late, default=0) > 0.75:  # the corner above is theirs, and the one below is free
        x, first = left + 14, bottom - 20 * len(curves)
    for place, curve in enumerate(curves):
        y = first + 20 * place
        name = f"IoU {curve.name}, AP {100 * curve.ap:.1f}"
        parts.append(f'<line class="curve curve{place}" x1="{x}" y1="{y}" x2="{x + 26}" y2="{y}"/>')
        parts.append(f'<text class="key" x="{x + 34}" y="{y + 4}">{name}</text>')
    return "".join([*parts, "</svg>"])


def spark(value: float) -> str:
    """Draw a short bar for a table cell; `value` from 0 to 1."""
    width = 48 * min(1.0, max(0.0, value))
    return (
        '<svg class="spark" viewBox="0 0 48 8" aria-hidden="true">'
        f'<rect class="track" width="48" height="8" rx="2"/>'
        f'<rect class="bar" width="{width:.1f}" height="8" rx="2"/></svg>'
    )


def _open(height: float, title: str) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="{escape(title, quote=True)}">'
    )


def _whisker(low: float, high: float, y: float) -> str:
    return (
        f'<path class="whisker" d="M{low:.1f} {y}H{high:.1f}'
        f'M{low:.1f} {y - 5}V{y + 5}M{high:.1f} {y - 5}V{y + 5}"/>'
    )
