"""The images of a release with their objects, as every export needs them."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from o365seg.errors import InputError
from o365seg.formats.categories import display_name
from o365seg.formats.masks import Rle
from o365seg.formats.object_mask import object_mask
from o365seg.formats.records import Annotation, AnnotationFile
from o365seg.images.file_names import portable_path
from o365seg.statistics.contents import kind_of


@dataclass(frozen=True)
class ExportedObject:
    """An object on an image.

    Attributes:
        id: Annotation id.
        category: Position of its category in the file.
        name: Name of that category, without misspellings and blanks at its end.
        state: "mask", "skipped", "unanswered" or "crowd".
        skip_reason: Why it was skipped; empty where not given.
        box: (x, y, width, height) in pixels; None where the file has none.
        mask: Of the image's size; None where there is none, as for skipped objects.
    """

    id: int
    category: int
    name: str
    state: str
    skip_reason: str
    box: tuple[float, float, float, float] | None
    mask: Rle | None


@dataclass(frozen=True)
class ExportedImage:
    """An image with its objects; `path` is relative, with `/`, and `size` is (height, width)."""

    id: int
    path: PurePosixPath
    size: tuple[int, int]
    objects: list[ExportedObject]


def exported_images(file: AnnotationFile, source: str | Path) -> Iterator[ExportedImage]:
    """Yield each image with its objects, in the file's order.

    Raises:
        InputError: an image without a name, or with that of another, or an invalid segmentation;
            `source` is the name that it gives the file.
    """
    categories = {one.id: position for position, one in enumerate(file.categories)}
    objects: dict[int, list[tuple[int, Annotation]]] = defaultdict(list)
    for index, annotation in enumerate(file.annotations):
        objects[annotation.image_id].append((index, annotation))
    taken: set[PurePosixPath] = set()
    for index, image in enumerate(file.images):
        path = portable_path(image.name)
        if not path.name or path.with_suffix("") in taken:
            problem = "is the name of another image" if path.name else "missing"
            record = f"images[{index}] (id {image.id})"
            raise InputError(problem, file=source, record=record, field="file_name")
        taken.add(path.with_suffix(""))
        size = image.height, image.width
        found = [
            ExportedObject(
                id=one.id,
                category=categories[one.category_id],
                name=display_name(file.categories[categories[one.category_id]].name),
                state=kind_of(one),
                skip_reason=one.skip_reason or "",
                box=one.bbox,
                mask=object_mask(one, position, size, source),
            )
            for position, one in objects[image.id]
        ]
        yield ExportedImage(image.id, path, size, found)


def category_names(file: AnnotationFile) -> list[str]:
    """The names of all categories, in the file's order, as `ExportedObject.name` has them."""
    return [display_name(category.name) for category in file.categories]
