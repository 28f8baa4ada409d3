"""Draw results over their image with a legend, as in the paper's figures 4 and 9 to 13.

A class has the same colour in all pictures, its instances have shades of it, and void is black.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from model.inference.postprocess import InstanceResult, PanopticResult, SemanticResult
from model.text.vocabulary import Vocabulary, clean_name
from o365seg.formats.json_files import write_bytes_atomic
from o365seg.formats.masks import decode_rle
from o365seg.images.palette import Colour, distinct_colours, shade

SHOWN_SCORE = 0.3
"""Minimum score of the instances drawn by default; results have many with lower scores."""

_OPACITY = 0.55
_LEAST_SIDE = 720  # pixels of the longer side; smaller images are enlarged to fit text
_PAPER, _INK, _FAINT = (255, 255, 255), (25, 25, 25), (110, 110, 110)


@dataclass(frozen=True)
class _Piece:
    """A region to draw: class index, colour and label text."""

    label: int
    colour: Colour
    text: str


def draw_panoptic(image: np.ndarray, result: PanopticResult, vocabulary: Vocabulary) -> Image.Image:
    """Draw segments over the image, each thing in a shade of its class's colour.

    Args:
        image: uint8 (H, W, 3), RGB.
        result: The result of that image.
        vocabulary: The classes.
    """
    colours = class_colours(vocabulary)
    sizes = np.bincount(result.ids.ravel(), minlength=len(result.segments) + 1)
    seen: dict[int, int] = {}
    pieces: dict[int, _Piece] = {}
    for segment in sorted(result.segments, key=lambda segment: (-sizes[segment.id], segment.id)):
        number = seen.get(segment.label, 0)
        seen[segment.label] = number + 1
        name = _shown(vocabulary, segment.label)
        pieces[segment.id] = _Piece(segment.label, shade(colours[segment.label], number), name)
    return _compose(image, result.ids, pieces, vocabulary, void=True)


def draw_semantic(image: np.ndarray, result: SemanticResult, vocabulary: Vocabulary) -> Image.Image:
    """Draw classes over the image; arguments as in `draw_panoptic`."""
    colours = class_colours(vocabulary)
    pieces = {
        int(label) + 1: _Piece(int(label), colours[label], _shown(vocabulary, int(label)))
        for label in np.unique(result.classes)
    }
    return _compose(image, result.classes + 1, pieces, vocabulary, void=True)


def draw_instances(
    image: np.ndarray,
    result: InstanceResult,
    vocabulary: Vocabulary,
    shown_score: float = SHOWN_SCORE,
) -> Image.Image:
    """Draw instances with at least `shown_score` over the image, the likeliest on top.

    Other arguments as in `draw_panoptic`.
    """
    colours = class_colours(vocabulary)
    ids = np.zeros(image.shape[:2], np.int32)
    count = int((result.scores >= shown_score).sum())  # in descending order of score
    seen: dict[int, int] = {}
    pieces: dict[int, _Piece] = {}
    for place in range(count):
        label = int(result.labels[place])
        number = seen.get(label, 0)
        seen[label] = number + 1
        text = f"{_shown(vocabulary, label)} {result.scores[place]:.2f}"
        pieces[place + 1] = _Piece(label, shade(colours[label], number), text)
    for place in reversed(range(count)):
        ids[decode_rle(result.masks[place]) != 0] = place + 1
    return _compose(image, ids, pieces, vocabulary, void=False)


def class_colours(vocabulary: Vocabulary) -> list[Colour]:
    """A colour for each class: the vocabulary's, or by default our palette's by index."""
    return list(vocabulary.colours or distinct_colours(len(vocabulary)))


def save_picture(picture: Image.Image, path: Path) -> None:
    """Write a PNG atomically.

    Raises:
        InputError: the file cannot be written.
    """
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    write_bytes_atomic(path, buffer.getvalue())


def _shown(vocabulary: Vocabulary, label: int) -> str:
    return clean_name(vocabulary.names[label])


def _compose(
    image: np.ndarray,
    ids: np.ndarray,
    pieces: dict[int, _Piece],
    vocabulary: Vocabulary,
    void: bool,
) -> Image.Image:
    """Compose image, colours, outlines, names and legend; `ids` int32 (H, W), 0 for nothing."""
    scale = max(1, -(-_LEAST_SIDE // max(image.shape[:2])))
    if scale > 1:
        size = (image.shape[1] * scale, image.shape[0] * scale)
        image = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))
        ids = np.repeat(np.repeat(ids, scale, 0), scale, 1)
    font_size = int(np.clip(round(max(image.shape[:2]) / 52), 13, 60))
    picture = Image.fromarray(_colour(image, ids, pieces, void, line=max(1, font_size // 12)))
    _write_names(picture, ids, pieces, font(font_size))
    return _with_legend(picture, _legend(ids, pieces, vocabulary, void), font(font_size))


def _colour(
    image: np.ndarray, ids: np.ndarray, pieces: dict[int, _Piece], void: bool, line: int
) -> np.ndarray:
    """The image blended with the regions' colours, with an outline around each region."""
    most = max(pieces, default=0)
    table = np.zeros((most + 1, 3), np.float32)
    opacity = np.full(most + 1, _OPACITY, np.float32)
    opacity[0] = 0.75 if void else 0.0
    for number, piece in pieces.items():
        table[number] = piece.colour
    alpha = opacity[ids][..., None]
    # Partly grey, so that the image's own colours are not mistaken for those of classes.
    grey = image.mean(2, keepdims=True, dtype=np.float32)
    ground = image.astype(np.float32) if not void else 0.35 * image + 0.65 * grey
    blended = ground * (1 - alpha) + table[ids] * alpha
    edges = np.zeros(ids.shape, np.uint8)
    edges[:, 1:] |= ids[:, 1:] != ids[:, :-1]
    edges[1:] |= ids[1:] != ids[:-1]
    if line > 1:
        edges = cv2.dilate(edges, np.ones((line, line), np.uint8))
    blended[edges != 0] = blended[edges != 0] * 0.25 + 255 * 0.75
    return blended.clip(0, 255).astype(np.uint8)


def _write_names(
    picture: Image.Image, ids: np.ndarray, pieces: dict[int, _Piece], font: ImageFont.FreeTypeFont
) -> None:
    """Write each region's name where it is widest, large regions first, without overlaps."""
    draw = ImageDraw.Draw(picture, "RGBA")
    sizes = np.bincount(ids.ravel(), minlength=max(pieces, default=0) + 1)
    taken: list[tuple[float, float, float, float]] = []
    margin = font.size // 4
    for number in sorted(pieces, key=lambda number: (-sizes[number], number)):
        text = pieces[number].text
        width = font.getlength(text) + 2 * margin
        height = font.size + 2 * margin
        if sizes[number] < 0.7 * width * height:
            continue  # too small for its name, which is in the legend
        x, y = _widest_position(ids == number)
        left = float(np.clip(x - width / 2, 2, max(picture.width - width - 2, 2)))
        top = float(np.clip(y - height / 2, 2, max(picture.height - height - 2, 2)))
        box = (left, top, left + width, top + height)
        if any(_overlap(box, other) for other in taken):
            continue
        taken.append(box)
        red, green, blue = (value * 2 // 5 for value in pieces[number].colour)
        draw.rounded_rectangle(box, radius=margin, fill=(red, green, blue, 225))
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        draw.text(middle, text, (255, 255, 255, 255), font, anchor="mm")


def _widest_position(mask: np.ndarray) -> tuple[float, float]:
    """(x, y) of the pixel of a mask, bool (H, W), that is farthest from its border."""
    columns, rows = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
    left, top = columns[0], rows[0]
    part = mask[top : rows[-1] + 1, left : columns[-1] + 1]
    # On a smaller copy if it is large, as the name's position need not be exact.
    step = max(1, max(part.shape) // 256)
    small = np.pad(part[::step, ::step].astype(np.uint8), 1)
    place = int(cv2.distanceTransform(small, cv2.DIST_L2, 3).argmax())
    y, x = divmod(place, small.shape[1])
    return float(left + (x - 1) * step), float(top + (y - 1) * step)


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _legend(
    ids: np.ndarray, pieces: dict[int, _Piece], vocabulary: Vocabulary, void: bool
) -> list[tuple[list[Colour], str, str]]:
    """Colours, name and count of each class in the picture, the largest class first."""
    sizes = np.bincount(ids.ravel(), minlength=max(pieces, default=0) + 1)
    by_class: dict[int, list[int]] = {}
    for number, piece in pieces.items():
        by_class.setdefault(piece.label, []).append(number)
    rows = []
    areas = {label: sum(sizes[n] for n in numbers) for label, numbers in by_class.items()}
    for label in sorted(by_class, key=lambda label: (-areas[label], label)):
        numbers = sorted(by_class[label], key=lambda number: (-sizes[number], number))
        many = f"× {len(numbers)}" if len(numbers) > 1 else ""
        swatches = [pieces[number].colour for number in numbers]
        rows.append((swatches, _shown(vocabulary, label), many))
    if void and sizes[0]:
        rows.append(([(0, 0, 0)], "no segment", ""))
    return rows


def _with_legend(
    picture: Image.Image,
    rows: Sequence[tuple[list[Colour], str, str]],
    font: ImageFont.FreeTypeFont,
) -> Image.Image:
    """The picture with the legend on a panel to its right, in as many columns as needed."""
    if not rows:
        rows = [([], "nothing found", "")]
    step, swatch, gap = round(font.size * 1.55), round(font.size * 0.95), int(font.size) // 2
    a_column = max(1, (picture.height - 2 * gap) // step)
    columns = [rows[first : first + a_column] for first in range(0, len(rows), a_column)]
    widths = [
        max(swatch + gap + font.getlength(f"{name} {many}") for _, name, many in column) + 2 * gap
        for column in columns
    ]
    canvas = Image.new("RGB", (picture.width + round(sum(widths)) + gap, picture.height), _PAPER)
    canvas.paste(picture)
    draw = ImageDraw.Draw(canvas)
    left = picture.width + gap
    for column, width in zip(columns, widths, strict=True):
        for number, (swatches, name, many) in enumerate(column):
            top = gap + number * step
            _draw_swatch(draw, (left, top), swatch, swatches)
            middle = top + swatch / 2
            draw.text((left + swatch + gap, middle), name, _INK, font, anchor="lm")
            if many:
                after = left + swatch + gap + font.getlength(name + " ")
                draw.text((after, middle), many, _FAINT, font, anchor="lm")
        left += round(width)
    return canvas


def _draw_swatch(
    draw: ImageDraw.ImageDraw, place: tuple[int, int], side: int, colours: Sequence[Colour]
) -> None:
    """A square of a class's colour, in stripes of the shades of its first four instances."""
    left, top = place
    stripes = list(dict.fromkeys(colours))[:4]
    for number, colour in enumerate(stripes):
        first = left + side * number // len(stripes)
        last = left + side * (number + 1) // len(stripes) - 1
        draw.rectangle((first, top, last, top + side - 1), fill=colour)


def font(size: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans from matplotlib: the same on every machine, and not limited to Latin letters."""
    import matplotlib as mpl

    return ImageFont.truetype(Path(mpl.get_data_path()) / "fonts/ttf/DejaVuSans.ttf", size)
