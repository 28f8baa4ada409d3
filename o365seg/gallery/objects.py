"""What the gallery knows of an object, from its record."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from o365seg.formats.categories import display_name
from o365seg.formats.masks import Rle
from o365seg.formats.object_mask import object_mask
from o365seg.formats.records import Annotation, AnnotationFile
from o365seg.formats.records import Image as ImageRecord
from o365seg.statistics.contents import area_name, kind_of


@dataclass(frozen=True)
class ShownObject:
    """An object on an image.

    Attributes:
        category_id: Its category.
        category: That category's name, as people read it.
        kind: "mask", "skipped", "unanswered" or "crowd".
        reason: Why it was skipped; None where not given.
        size: "small", "medium" or "large", of the mask, or of the box where there is none.
        area: Likewise, in pixels.
        seconds: Active time that its answer took; None where not recorded.
        box: (x, y, width, height) in pixels of the image; None for none.
        mask: Of the image's size; None for none.
    """

    category_id: int
    category: str
    kind: str
    reason: str | None
    size: str
    area: float
    seconds: float | None
    box: tuple[float, float, float, float] | None
    mask: Rle | None


def shown_objects(
    objects: Sequence[tuple[int, Annotation]],
    image: ImageRecord,
    file: AnnotationFile,
    source: Path,
) -> list[ShownObject]:
    """The objects of an image, the largest first, so that small ones lie on top.

    Args:
        objects: Its annotations, with their places in the file.
        image: The image.
        file: The file.
        source: What errors call the file.

    Raises:
        InputError: a segmentation is unsound; names the record.
    """
    names = {category.id: display_name(category.name) for category in file.categories}
    found = []
    for place, annotation in objects:
        mask = object_mask(annotation, place, (image.height, image.width), source)
        box = annotation.bbox
        area = annotation.area
        if area is None:
            area = 0.0 if box is None else max(0.0, box[2] * box[3])
        found.append(
            ShownObject(
                category_id=annotation.category_id,
                category=names[annotation.category_id],
                kind=kind_of(annotation),
                reason=annotation.skip_reason,
                size=area_name(area),
                area=area,
                seconds=annotation.active_seconds,
                box=box,
                mask=mask,
            )
        )
    return sorted(found, key=lambda one: -one.area)
