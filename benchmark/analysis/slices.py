"""AP on named subsets of the images: by night, by camera, by whatever the user has lists of.

Nothing is matched again: an image outside a slice has weight 0 (see `Result.resampled_precision`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from benchmark.analysis.bootstrap import images_with_objects
from benchmark.average_precision.result import Result
from benchmark.reading.text_ids import TextIds
from o365seg.errors import InputError
from o365seg.formats.file_bytes import read_text
from o365seg.formats.records import AnnotationFile


@dataclass(frozen=True)
class Slice:
    """The numbers of some of the images; fractions, −1 if there are no objects in them.

    Attributes:
        name: As given.
        images: Number of images.
        categories: Number of categories that have objects in them.
        ap: AP at IoU 0.5:0.95.
        ap50: AP at IoU 0.5.
        ap75: AP at IoU 0.75.
    """

    name: str
    images: int
    categories: int
    ap: float
    ap50: float
    ap75: float


def read_image_list(
    path: str | Path, file: AnnotationFile, text_ids: TextIds | None = None
) -> list[int]:
    """The images that a text file lists, one a line, by id, file name, or its last part.

    An id goes before a file name, and a whole name before the last part of another.

    Args:
        path: The text file, UTF-8.
        file: The ground truth.
        text_ids: Its ids that are text; the list then names these.

    Raises:
        InputError: not readable, empty, or a line that is no image of the ground truth, or the name
            of several.
    """
    ids = text_ids or TextIds()
    known = [
        _by_name((str(ids.image(image.id)), image.id) for image in file.images),
        _by_name((image.name, image.id) for image in file.images),
        _by_name((PurePosixPath(image.name).name, image.id) for image in file.images),
    ]
    found = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        name = line.strip()
        if not name:
            continue
        named = next((by_name[name] for by_name in known if name in by_name), [])
        if len(named) != 1:
            raise InputError(
                f"{name!r} is the name of {len(named):,} images; give their ids or whole names"
                if named
                else f"{name!r} is not the id or the file name of an image",
                file=path, record=f"line {number}",
            )  # fmt: skip
        found += named
    if not found:
        raise InputError("empty: no images", file=path)
    return found


def _by_name(images: Iterable[tuple[str, int]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for name, image_id in images:
        found.setdefault(name, []).append(image_id)
    return found


def evaluate_slices(result: Result, slices: Mapping[str, Sequence[int]]) -> list[Slice]:
    """The numbers of every slice.

    Args:
        result: What `evaluate` found for all images.
        slices: Image ids, of `result.image_ids`, by name; an image may be in several.

    Raises:
        KeyError: an id that no image has.
    """
    place = {image_id: i for i, image_id in enumerate(result.image_ids)}
    weights = np.zeros((len(slices), len(place)), np.int32)
    for row, image_ids in zip(weights, slices.values(), strict=True):
        row[[place[image_id] for image_id in image_ids]] = 1
    objects = images_with_objects(result)
    values = result.resampled_precisions(weights, [None, [0], [5]])
    return [
        Slice(
            name,
            int(weights[i].sum()),
            int(np.count_nonzero((objects & (weights[i] > 0)).any(axis=1))),
            *(_mean(one[i]) for one in values),
        )
        for i, name in enumerate(slices)
    ]


def _mean(by_category: np.ndarray) -> float:
    known = by_category[by_category >= 0]
    return float(known.mean()) if known.size else -1.0
