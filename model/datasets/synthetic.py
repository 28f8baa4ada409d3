"""Three small synthetic data sets of one world, generated on demand without files.

Shapes are on textures. The semantic set is short of images; the panoptic set has all the masks; the
third has only boxes. The vocabularies overlap in part and name the same thing differently, so that
only text embeddings (`synthetic_text`) show that they mean the same. What can be learned from one
set for another is thus known, which no real data offers. Colours are drawn at random and are no
cue; every shape fills 37 to 54 % of its box, so that a mask shaped like its box scores low.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from model.data.image_reading import Size
from model.data.samples import (
    BoxGroundTruth,
    ClassGroundTruth,
    GroundTruth,
    Sample,
    SegmentGroundTruth,
)
from model.objective.targets import Segment
from model.text.vocabulary import Vocabulary, clean_name
from o365seg.errors import InputError
from o365seg.formats.convert import convert, refuse_unknown
from o365seg.formats.task import Task


class Which(StrEnum):
    """A data set; the last three have the others' images with other ground truth, to score by.

    INSTANCES has the images of BOXES with their masks, SEGMENTS those of SEMANTIC with segments,
    CLASSES those of PANOPTIC as maps of classes.
    """

    SEMANTIC = "semantic"
    PANOPTIC = "panoptic"
    BOXES = "boxes"
    INSTANCES = "instances"
    SEGMENTS = "segments"
    CLASSES = "classes"


Mask = Callable[[np.ndarray, np.ndarray], np.ndarray]

# Whether a point is inside; u (right) and v (down) are -1 to 1 in the shape's box.
SHAPES: dict[str, Mask] = {
    "triangle": lambda u, v: abs(u) <= (v + 1) / 2,
    "cross": lambda u, v: (abs(u) < 0.25) | (abs(v) < 0.25),
    "ring": lambda u, v: (u * u + v * v <= 1) & (u * u + v * v >= 0.47),
    "hourglass": lambda u, v: abs(u) <= abs(v),
    "diamond": lambda u, v: abs(u) + abs(v) <= 1,
    "arch": lambda u, v: (abs(u) > 0.66) | (v < -0.66),
    "chevron": lambda u, v: abs(v - 1.15 * abs(u) + 0.575) <= 0.425,
    "tee": lambda u, v: (v < -0.5) | (abs(u) < 0.25),
    "corner": lambda u, v: (abs(u) > 0.5) & (u < 0) | (v > 0.5),
    "saltire": lambda u, v: abs(abs(u) - abs(v)) < 0.25,
}

# One of two colours at rows y and columns x with a period p in pixels.
TEXTURES: dict[str, Callable[[np.ndarray, np.ndarray, int], np.ndarray]] = {
    "stripes": lambda y, x, p: y % p < p / 2,
    "bars": lambda y, x, p: x % p < p / 2,
    "checks": lambda y, x, p: (y % p < p / 2) ^ (x % p < p / 2),
    "dots": lambda y, x, p: (y % p - p / 2) ** 2 + (x % p - p / 2) ** 2 < p * p / 8,
    "slashes": lambda y, x, p: (x + y) % (2 * p) < p,
}

# What the semantic, panoptic and box sets call each concept; None where they do not have it.
_NAMES: dict[str, tuple[str | None, str | None, str | None]] = {
    "triangle": ("triangle", "pyramid", None),
    "cross": ("cross", "plus sign", "plus"),
    "ring": ("ring", "hoop", "hoop"),
    "hourglass": ("hourglass", None, "sand timer"),
    "diamond": (None, "diamond", "rhombus"),
    "arch": ("arch", "arch", None),
    "chevron": (None, "chevron", "arrowhead"),
    "tee": (None, "letter t", None),
    "corner": (None, None, "bracket"),
    "saltire": (None, None, "letter x"),
    "stripes": ("stripes", "horizontal lines", None),
    "bars": ("bars", "vertical lines", None),
    "checks": ("checks", "checkerboard", None),
    "dots": ("dots", "dots", None),
    "slashes": (None, "slashes", None),
}
_COLUMN = {
    Which.SEMANTIC: 0,
    Which.PANOPTIC: 1,
    Which.BOXES: 2,
    Which.INSTANCES: 2,
    Which.SEGMENTS: 0,
    Which.CLASSES: 1,
}
_TASK = {
    Which.SEMANTIC: Task.SEMANTIC,
    Which.PANOPTIC: Task.PANOPTIC,
    Which.BOXES: Task.INSTANCE,
    Which.INSTANCES: Task.INSTANCE,
    Which.SEGMENTS: Task.PANOPTIC,
    Which.CLASSES: Task.SEMANTIC,
}
_TRAINING_IMAGES = {Which.SEMANTIC: 32, Which.PANOPTIC: 1000, Which.BOXES: 1000}
_VALIDATION_IMAGES = 200
_SPLITS = ("train", "val")

# Text embeddings: weight of their common part (as in CLIP) and of a synonym's own direction.
_COMMON, _SYNONYM = 0.7, 0.35


@dataclass
class Synthetic:
    """A synthetic data set, named `synthetic_semantic` …; see `file_dataset.FileDataset`.

    Args:
        which: Which data set.
        split: `train` or `val`, with different images.
        size: Side of the images in pixels, ≥ 32.
        images: Number of images; 0 for 32 (semantic) or 1,000 in `train`, 200 in `val`.
        seed: Seed of the world; equal seeds give equal images.
    """

    which: Which
    split: str = "train"
    size: int = 128
    images: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.split not in _SPLITS:
            raise InputError(f"must be one of {', '.join(_SPLITS)}", field="split")
        if self.size < 32:
            raise InputError("must be at least 32", field="size")
        if self.images < 0:
            raise InputError("must not be negative", field="images")
        self.name = f"synthetic_{self.which}"
        self.task = _TASK[self.which]
        concepts = _concepts(self.which)  # shapes, which are things, first
        names = tuple(_name(concept, self.which) for concept in concepts)
        things = tuple(concept in SHAPES for concept in concepts)
        self.vocabulary = Vocabulary(names, things, source=self.name)

    def __len__(self) -> int:
        if self.images:
            return self.images
        if self.split == "val":
            return _VALIDATION_IMAGES
        return _TRAINING_IMAGES.get(self.which, _TRAINING_IMAGES[Which.BOXES])

    def image_name(self, index: int) -> str:
        """Name of the file, if there were one."""
        return f"{index + 1:06}.png"

    def image_path(self, index: int) -> Path:
        """Path of the file, if there were one; for messages."""
        return Path("synthetic") / self.which / self.split / self.image_name(index)

    def recorded_size(self, index: int) -> Size | None:
        """The same for all."""
        return self.size, self.size

    def __getitem__(self, index: int) -> Sample:
        """Generate an image, the same each time."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        world = [self.seed, _SPLITS.index(self.split), _COLUMN[self.which], index]
        concepts = _concepts(self.which)
        # The box set sees all textures and has no name for any.
        textures = [c for c in concepts if c in TEXTURES] or list(TEXTURES)
        shapes = [c for c in concepts if c in SHAPES]
        image, ids, found = _paint(np.random.default_rng(world), self.size, shapes, textures)
        truth = _truth(self.which, ids, found)
        return Sample(image, truth, index + 1, self.image_path(index))


def open_synthetic(table: Mapping[str, Any], source: str) -> Synthetic:
    """Open the data set of a `[[data]]` table with the arguments of `Synthetic`.

    Raises:
        InputError: a key is unknown or a value invalid; `source` names the table in the message.
    """
    refuse_unknown(table, [field.name for field in fields(Synthetic)], file=source)
    try:
        return convert(dict(table), Synthetic, file=source)
    except InputError as error:  # of Synthetic's own checks, which know no file
        raise InputError(error.message, file=source, field=error.field) from None


def synthetic_text(vocabulary: Vocabulary, width: int) -> np.ndarray:
    """Text embeddings of synthetic class names, similar where the names mean the same.

    Args:
        vocabulary: The classes, of any of the data sets.
        width: Components of a vector.

    Returns:
        float32 (K, width), rows of length 1.

    Raises:
        InputError: a name is not in any synthetic data set.
    """
    concept_of = {
        clean_name(name): concept for concept, names in _NAMES.items() for name in names if name
    }
    rows = []
    for given in vocabulary.names:
        name = clean_name(given)
        if name not in concept_of:
            raise InputError(
                f"{given!r} is not a class of the synthetic data sets", file=vocabulary.source
            )
        parts = (("", _COMMON), (f"concept {concept_of[name]}", 1.0), (f"name {name}", _SYNONYM))
        rows.append(sum(weight * _direction(text, width) for text, weight in parts))
    return np.stack([row / np.linalg.norm(row) for row in rows]).astype(np.float32)


def _direction(text: str, width: int) -> np.ndarray:
    vector = np.random.default_rng(list(text.encode())).normal(size=width)
    return vector / np.linalg.norm(vector)


def _concepts(which: Which) -> list[str]:
    return [concept for concept, names in _NAMES.items() if names[_COLUMN[which]]]


def _name(concept: str, which: Which) -> str:
    name = _NAMES[concept][_COLUMN[which]]
    assert name is not None
    return name


def _paint(
    rng: np.random.Generator, size: int, shapes: list[str], textures: list[str]
) -> tuple[np.ndarray, np.ndarray, dict[int, str]]:
    """uint8 (size, size, 3), an int32 (size, size) id map, and the concept of each id."""
    y, x = np.mgrid[:size, :size]
    image = np.zeros((size, size, 3), np.float32)
    ids = np.full((size, size), 1, np.int32)
    angle, offset = rng.uniform(0, np.pi), rng.uniform(-0.25, 0.25) * size
    beyond = (x - size / 2) * np.cos(angle) + (y - size / 2) * np.sin(angle) > offset
    ids[beyond] = 2
    found: dict[int, str] = {}
    for number, texture in enumerate(rng.choice(textures, 2, replace=False), 1):
        period = int(rng.integers(size // 16, size // 8 + 1))
        colours = _two_colours(rng)
        inside = ids == number
        pattern = TEXTURES[texture](y, x, period)
        image[inside] = colours[pattern[inside].astype(int)]
        found[number] = str(texture)
    for _ in range(rng.integers(2, 6)):
        _place_shape(rng, str(rng.choice(shapes)), image, ids, found)
    image += rng.integers(-14, 15, image.shape, np.int8)
    present = set(np.unique(ids).tolist())
    return (
        image.clip(0, 255).astype(np.uint8),
        ids,
        {k: c for k, c in found.items() if k in present},
    )


def _place_shape(
    rng: np.random.Generator, shape: str, image: np.ndarray, ids: np.ndarray, found: dict[int, str]
) -> None:
    """Paint a shape where it covers no other, or none if no position is found."""
    size = len(ids)
    for _ in range(10):
        height, width = (round(size * side) for side in rng.uniform(0.18, 0.42, 2))
        top, left = rng.integers(0, size - height), rng.integers(0, size - width)
        v, u = (2 * np.mgrid[:height, :width] + 1).astype(float)
        mask = SHAPES[shape](u / width - 1, v / height - 1)
        box = np.s_[top : top + height, left : left + width]
        if (ids[box][mask] > 2).any():
            continue
        dark, light = _two_colours(rng)
        ids[box][mask] = number = len(found) + 1
        # An edge separates the shape from a texture of the same colour.
        inner = mask & np.roll(mask, 1, 0) & np.roll(mask, -1, 0)
        inner &= np.roll(mask, 1, 1) & np.roll(mask, -1, 1)
        image[box][mask] = dark
        image[box][inner] = light
        found[number] = shape
        return


def _two_colours(rng: np.random.Generator) -> np.ndarray:
    """float (2, 3), different enough to be distinguished."""
    while True:
        colours = rng.uniform(0, 255, (2, 3))
        if abs(colours[0] - colours[1]).sum() > 150:
            return colours


def _truth(which: Which, ids: np.ndarray, found: dict[int, str]) -> GroundTruth:
    place = {concept: label for label, concept in enumerate(_concepts(which))}
    segments = tuple(Segment(number, place[c]) for number, c in found.items() if c in place)
    if _TASK[which] is Task.SEMANTIC:
        classes = np.array(
            [-1, *(place.get(found.get(n, ""), -1) for n in range(1, ids.max() + 1))]
        )
        return ClassGroundTruth(classes[ids].astype(np.int16))
    if which is not Which.BOXES:
        return SegmentGroundTruth(ids, segments)
    boxes = np.zeros((len(segments), 4))
    for row, segment in enumerate(segments):
        rows, columns = np.nonzero(ids == segment.id)
        boxes[row] = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    labels = np.array([segment.label for segment in segments], np.int64)
    return BoxGroundTruth(labels, boxes)
