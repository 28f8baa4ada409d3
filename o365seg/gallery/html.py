"""The gallery as HTML: photographs under vector outlines, so that each object can be filtered.

The page is written piece by piece (`page_start`, a `figure` an image, `page_end`). Names come from
files and are escaped.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import cv2
import numpy as np

from o365seg.formats.categories import display_name
from o365seg.formats.masks import decode_rle
from o365seg.formats.records import AnnotationFile
from o365seg.formats.records import Image as ImageRecord
from o365seg.gallery.objects import ShownObject
from o365seg.images.palette import distinct_colours
from o365seg.presentation import html_page
from o365seg.statistics.contents import AREA_NAMES, kind_of

_COLOURS = 12
"""Colours of objects, in turn; more could not be told apart."""
_DEVIATION = 0.4
"""How far an outline may run from its mask's, in pixels of the picture on the page."""
_KINDS = {"mask": "with a mask", "skipped": "skipped", "unanswered": "unanswered", "crowd": "crowd"}
_SIZES = dict(zip(AREA_NAMES, ("small, < 32²", "medium, 32² to 96²", "large, ≥ 96²"), strict=True))


@dataclass(frozen=True)
class ShownImage:
    """An image on the page: `uri` is its picture, `scale` pixels of it a pixel of the image."""

    record: ImageRecord
    uri: str
    width: int
    height: int
    scale: float
    objects: Sequence[ShownObject]


def page_start(name: str, file: AnnotationFile, *, beside: bool) -> str:
    """The page up to its first image.

    Args:
        name: The release's, for the title.
        file: The release.
        beside: Whether the pictures are files beside the page.
    """
    sources = "'self' file: data:" if beside else "data:"  # a file: page has no 'self' in Chromium
    kinds = Counter(kind_of(annotation) for annotation in file.annotations)
    facts = [f"<li><b>{len(file.images):,}</b> images</li>"]
    facts += [
        f"<li><b>{kinds[kind]:,}</b> {words}</li>" for kind, words in _KINDS.items() if kinds[kind]
    ]
    keys = (
        '<li><span class="swatch c0 filled"></span>mask and its box, a colour an object</li>'
        '<li><span class="swatch dashed"></span>skipped, unanswered or a crowd: the box alone</li>'
    )
    return (
        html_page.head(name, _style(), _script(), sources)
        + f'<header><h1>{escape(name)}</h1><ul class="facts">{"".join(facts)}</ul></header>\n'
        + f'<ul class="keys">{keys}</ul>\n'
        + _filters(file)
        + '<div class="pictures" id="pictures">\n'
    )


def figure(image: ShownImage) -> str:
    """One image."""
    record = image.record
    shapes = "".join(_shape(one, place, image.scale) for place, one in enumerate(image.objects))
    name = escape(record.name or f"image {record.id}", quote=True)
    count = len(image.objects)
    words = f"{count:,} object{'' if count == 1 else 's'}"
    return (
        f'<figure><div class="stage"><img src="{image.uri}" width="{image.width}" '
        f'height="{image.height}" loading="lazy" decoding="async" alt="{name}, {words}">'
        f'<svg viewBox="0 0 {record.width} {record.height}" aria-hidden="true">{shapes}</svg></div>'
        f'<figcaption><button type="button" class="link" aria-expanded="false">enlarge</button>'
        f'<b>{name}</b> <span class="soft">{words}, {record.width} × {record.height}</span>'
        "</figcaption></figure>\n"
    )


def page_end(problems: Sequence[str]) -> str:
    """The page from its last image on; a line for each image that could not be shown."""
    lines = "".join(f'<p class="note">Not shown: {escape(line)}</p>' for line in problems)
    return f"</div>\n<footer>{lines}</footer>\n" + html_page.foot(_script())


def outline(mask: np.ndarray, deviation: float) -> str:
    """The borders of a mask uint8[h, w], holes' too, as an SVG path in pixels.

    Args:
        mask: The mask.
        deviation: How far the path may run from the border, in pixels.
    """
    borders, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    parts = []
    for border in borders:
        points = cv2.approxPolyDP(border, deviation, True).reshape(-1, 2).tolist()
        (x, y), rest = points[0], points[1:]
        parts.append(f"M{x} {y}" + "".join(f"L{x} {y}" for x, y in rest) + "Z")
    return "".join(parts)


def _shape(one: ShownObject, place: int, scale: float) -> str:
    said = [one.category, f"{round(one.area):,} pixels" if one.mask else _KINDS[one.kind]]
    said += [one.reason.replace("_", " ")] if one.reason else []
    said += [_duration(one.seconds)] if one.seconds is not None else []
    time = "" if one.seconds is None else f' data-t="{one.seconds:g}"'
    text = (
        f'<g class="c{place % _COLOURS} {one.kind}" data-c="{one.category_id}" '
        f'data-k="{one.kind}" data-s="{one.size}"{time}><title>{escape(" · ".join(said))}</title>'
    )
    if one.mask is not None:
        path = outline(np.ascontiguousarray(decode_rle(one.mask)), _DEVIATION / scale)
        # A border runs through the middles of its pixels.
        text += f'<path d="{path}" transform="translate(.5 .5)"/>'
    if one.box is not None:
        x, y, width, height = (round(side, 1) for side in one.box)
        text += f'<rect x="{x}" y="{y}" width="{max(0, width)}" height="{max(0, height)}"/>'
    return text + "</g>"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.1f} min"


def _filters(file: AnnotationFile) -> str:
    counts = Counter(annotation.category_id for annotation in file.annotations)
    named = [(display_name(c.name), c.id) for c in file.categories if counts[c.id]]
    categories = [
        (str(number), f"{name} ({counts[number]:,})")
        for name, number in sorted(named, key=lambda pair: pair[0].casefold())
    ]
    kinds = {kind_of(annotation) for annotation in file.annotations}
    states = [(kind, words) for kind, words in _KINDS.items() if kind in kinds]
    timed = any(annotation.active_seconds is not None for annotation in file.annotations)
    times = "".join(
        f'<label>{words} <input type="number" id="{name}" min="0" step="any" '
        'placeholder="s"></label>'
        for name, words in (("from", "rater time from"), ("to", "to"))
    )
    return (
        '<div class="tools bar" role="search">'
        '<input type="search" id="search" placeholder="Search images" aria-label="Search images">'
        + _select("category", "category", categories)
        + _select("kind", "state", states)
        + _select("size", "size", list(_SIZES.items()))
        + (times if timed else "")
        + '<label><input type="checkbox" id="masks" checked> masks</label>'
        '<label><input type="checkbox" id="boxes" checked> boxes</label>'
        '<button type="button" id="reset">reset</button>'
        '<span class="soft" id="shown" role="status"></span></div>\n'
    )


def _select(name: str, label: str, choices: Sequence[tuple[str, str]]) -> str:
    options = "".join(
        f'<option value="{escape(value, quote=True)}">{escape(words)}</option>'
        for value, words in choices
    )
    first = '<option value="">all</option>'
    return f'<label>{label} <select id="{name}">{first}{options}</select></label>'


def _style() -> str:
    colours = "".join(
        f".c{place} {{ color: rgb({r} {g} {b}); }}\n"
        for place, (r, g, b) in enumerate(distinct_colours(_COLOURS))
    )
    return html_page.asset("o365seg.gallery", "gallery.css") + colours


def _script() -> str:
    return html_page.asset("o365seg.gallery", "gallery.js")
