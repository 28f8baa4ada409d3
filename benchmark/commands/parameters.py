"""IoU thresholds, area ranges and limits of detections from the command line."""

from collections.abc import Callable
from math import inf, isfinite
from typing import Any, TypeVar

import typer

from benchmark.average_precision.parameters import AREAS, IOU_THRESHOLDS, Parameters

T = TypeVar("T")
_MOST = 1001


def parse_parameters(
    iou_thresholds: str | None, areas: list[str] | None, max_dets: str | None
) -> Parameters:
    """Parameters from the texts of options; None where an option is not given.

    Args:
        iou_thresholds: `0.5,0.75` or `FIRST:LAST:STEP`, such as `0.5:0.95:0.05`.
        areas: `NAME=LOW:HIGH` in pixels, `HIGH` empty for no bound.
        max_dets: `1,10,100`.

    Raises:
        BadParameter: a text is not of that form, or a value is out of range.
    """
    thresholds, limits, ranges = IOU_THRESHOLDS, None, dict(AREAS)
    if iou_thresholds is not None:
        thresholds = _parsed(iou_thresholds, _thresholds, "--iou-thresholds", "0.5,0.75")
        _checked("--iou-thresholds", iou_thresholds=thresholds)
    if max_dets is not None:
        limits = _parsed(
            max_dets, lambda text: tuple(map(int, text.split(","))), "--max-dets", "1,10,300"
        )
        _checked("--max-dets", max_dets=limits)
    if areas:
        pairs = [_parsed(one, _area, "--area", "tiny=0:256") for one in areas]
        ranges = dict(pairs)
        if len(ranges) < len(pairs):
            raise typer.BadParameter("duplicate name", param_hint="--area")
        _checked("--area", areas=ranges)
    return Parameters(iou_thresholds=thresholds, areas=ranges, max_dets=limits)


def _thresholds(text: str) -> tuple[float, ...]:
    if ":" not in text:
        return tuple(map(float, text.split(",")))
    first, last, step = map(float, text.split(":"))
    if not 0 < step <= 1:
        raise ValueError(step)
    if not (isfinite(first) and isfinite(last)):
        raise ValueError(text)
    count = int((last - first) / step + 1.5)
    if count > _MOST:
        raise typer.BadParameter(
            f"at most {_MOST:,} thresholds, not {count:,}", param_hint="--iou-thresholds"
        )
    return tuple(round(first + i * step, 10) for i in range(count))


def _area(text: str) -> tuple[str, tuple[float, float]]:
    name, equals, bounds = text.partition("=")
    low, colon, high = bounds.partition(":")
    if not (equals and colon):
        raise ValueError(text)
    if not isfinite(float(low)):
        raise ValueError(text)
    # JSON has no infinity.
    bound = float(high) if high else inf
    return name, (float(low), 1e10 if bound == inf else bound)


def _parsed(text: str, parse: Callable[[str], T], option: str, example: str) -> T:
    try:
        return parse(text)
    except ValueError:
        raise typer.BadParameter(
            f"must be such as {example}, not {text!r}", param_hint=option
        ) from None


def _checked(option: str, **given: Any) -> None:
    try:
        Parameters(**given)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None
