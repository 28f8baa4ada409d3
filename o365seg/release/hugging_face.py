"""A release as a data-set folder that `datasets.load_dataset` reads: a line of JSON an image.

Images are named, not given: their licence is not ours to pass on. The folder's README carries the
columns' types, without which empty lists and absent values would be guessed at.
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from o365seg.formats.object_mask import object_mask
from o365seg.formats.records import Annotation, AnnotationFile
from o365seg.statistics.contents import kind_of

ROWS_FILE = "data/validation.jsonl"


def rows(file: AnnotationFile, source: str | Path) -> Iterator[dict[str, Any]]:
    """The images of a release with their objects, in the file's order.

    An object's `state` is mask, skipped, unanswered or crowd; `counts` are the compressed COCO run
    lengths of its mask, empty for none, and their size is the image's (height, width).

    Raises:
        InputError: a segmentation is unsound; `source` is the name that it gives the file.
    """
    names = {category.id: category.name for category in file.categories}
    objects: dict[int, list[tuple[int, Annotation]]] = defaultdict(list)
    for place, annotation in enumerate(file.annotations):
        objects[annotation.image_id].append((place, annotation))
    for image in file.images:
        size = image.height, image.width
        yield {
            "image_id": image.id,
            "file_name": image.name,
            "width": image.width,
            "height": image.height,
            "exif_orientation": image.exif_orientation,
            "exif_ignored": image.exif_ignored,
            "objects": [
                {
                    "id": one.id,
                    "category_id": one.category_id,
                    "category": names[one.category_id],
                    "state": kind_of(one),
                    "skip_reason": one.skip_reason or "",
                    "bbox": one.bbox,
                    "area": one.area,
                    "active_seconds": one.active_seconds,
                    "counts": _counts(one, place, size, source),
                }
                for place, one in objects[image.id]
            ],
        }


def rows_text(file: AnnotationFile, source: str | Path) -> bytes:
    """The rows as lines of JSON."""
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows(file, source))


def size_category(images: int) -> str:
    """The hub's name for a set of so many images."""
    for bound, name in ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K")):
        if images < bound:
            return name
    return "100K<n<1M"


def _counts(annotation: Annotation, place: int, size: tuple[int, int], source: str | Path) -> str:
    mask = object_mask(annotation, place, size, source)
    counts = mask.counts if mask is not None else ""
    assert isinstance(counts, str)
    return counts
