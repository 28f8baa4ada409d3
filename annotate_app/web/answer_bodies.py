"""Request bodies that raters and reviewers share: a mask, and the activity that painted it."""

import zlib
from dataclasses import asdict, fields
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from annotate_app.web.request_bodies import Text
from o365seg.store.work.answers import Draft, Polygon
from o365seg.store.work.checks import Activity, Mask

_Millis = Annotated[int, Field(ge=0, le=7 * 24 * 3600 * 1000)]  # a week
_Count = Annotated[int, Field(ge=0, le=2**31)]


class MaskBody(BaseModel):
    """A mask; `size` is [height, width], `crc32` the checksum of `counts` as ASCII text."""

    size: tuple[int, int]
    counts: Text
    crc32: Annotated[int, Field(ge=0, lt=2**32)]

    def mask(self) -> Mask:
        """Convert to the store's type."""
        return Mask(self.size, self.counts, self.crc32)


Pixel = Annotated[int, Field(ge=-(2**20), le=2**20)]


class CornerBody(BaseModel):
    """A corner in image pixels; it may lie outside the image."""

    x: Pixel
    y: Pixel


class PolygonBody(BaseModel):
    """An open polygon; `value` is what closing it writes."""

    corners: Annotated[list[CornerBody], Field(min_length=1, max_length=10_000)]
    value: Literal[0, 1]

    def polygon(self) -> Polygon:
        """Convert to the store's type."""
        return Polygon([(corner.x, corner.y) for corner in self.corners], self.value)


class ActivityBody(BaseModel):
    """What the painter measured; see `answers.Activity`. Times in ms."""

    wall_ms: _Millis = 0
    active_ms: _Millis = 0
    idle_ms: _Millis = 0
    hidden_ms: _Millis = 0
    strokes: _Count = 0
    lines: _Count = 0
    fills: _Count = 0
    erases: _Count = 0
    undos: _Count = 0
    zooms: _Count = 0

    def activity(self) -> Activity:
        """Convert to the store's type; the active time is at most the wall time."""
        values = {field.name: getattr(self, field.name) for field in fields(Activity)}
        return Activity(**values | {"active_ms": min(self.active_ms, self.wall_ms)})


def pack_draft(work: Draft | None) -> dict[str, Any] | None:
    """Work in progress in the JSON form that the painter reads."""
    if work is None:
        return None
    polygon = None
    if work.polygon is not None:
        corners = [{"x": x, "y": y} for x, y in work.polygon.corners]
        polygon = {"corners": corners, "value": work.polygon.value}
    return asdict(work) | {"polygon": polygon}


def pack_mask(counts: str, size: tuple[int, int]) -> dict[str, Any]:
    """A mask of `size` (height, width) in the JSON form of `MaskBody`."""
    return {"size": size, "counts": counts, "crc32": zlib.crc32(counts.encode())}
