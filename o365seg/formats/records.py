"""COCO and Objects365 annotation files as typed records.

One reader serves detection files (`zhiyuan_objv2_val.json`: boxes only), our release (masks,
skips, crowds) and other COCO-format sets (COCO, LVIS, ADE20K). Keys that we do not use are passed
over; a segmentation stays undecoded text until someone asks for it, so a file of 1.24 M boxes or
of COCO-train size costs a few hundred bytes a record.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

import msgspec

from o365seg.errors import InputError
from o365seg.formats.json_files import decode_json, read_bytes

_NO_SEGMENTATION = msgspec.Raw(b"null")

# What databases and arrays can hold.
Id = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


UNASKABLE = "unaskable_box"
"""The skip reason of a box that no question could be asked about: no area, or off its image."""


class Category(msgspec.Struct, gc=False):
    """One category; `name` verbatim, trailing blanks and typos included.

    `frequency`: LVIS's rare (r), common (c) or frequent (f), by training images.
    """

    id: Id
    name: str
    supercategory: str | None = None
    frequency: str | None = None


class Image(msgspec.Struct, gc=False):
    """One image; `width` and `height` in pixels. LVIS has a `coco_url` instead of a file name.

    LVIS lists the categories without an object in the image (`neg_category_ids`), and those of
    which not all objects are marked (`not_exhaustive_category_ids`). `exif_orientation` and the
    two after it are a release's (`project.image_notes`): masks are on the pixels turned by
    `exif_orientation`, except where `exif_ignored`.
    """

    id: Id
    width: int
    height: int
    file_name: str = ""
    coco_url: str | None = None
    exif_orientation: Annotated[int, msgspec.Meta(ge=1, le=8)] = 1
    exif_ignored: bool = False
    pixel_mapping: str | None = None
    neg_category_ids: list[int] | None = None
    not_exhaustive_category_ids: list[int] | None = None

    @property
    def name(self) -> str:
        """The file name, else the path of the URL; empty where there is neither."""
        return image_name(self.file_name, self.coco_url)


def image_name(file_name: str, coco_url: str | None) -> str:
    """The file name, else the path of the URL; empty where there is neither."""
    if file_name or not coco_url:
        return file_name
    try:
        return unquote(urlsplit(coco_url).path).lstrip("/")
    except ValueError:  # not a URL
        return ""


class Annotation(msgspec.Struct, gc=False):
    """One object: `bbox` is (x, y, width, height) in pixels from the image's top left corner.

    `active_seconds`: how long its rater worked on its mask or skip; None where not recorded.
    """

    id: Id
    image_id: Id
    category_id: Id
    bbox: tuple[float, float, float, float] | None = None
    area: float | None = None
    iscrowd: int | bool = 0
    segmentation: msgspec.Raw = _NO_SEGMENTATION
    skipped: bool = False
    skip_reason: str | None = None
    unanswered: bool = False
    active_seconds: Annotated[float, msgspec.Meta(ge=0)] | None = None

    @property
    def has_segmentation(self) -> bool:
        """Whether there is a segmentation that is not empty (neither null nor [] nor {})."""
        text = bytes(self.segmentation).strip()
        return text != b"null" and bytes(text[1:-1]).strip() != b""

    @property
    def is_skipped(self) -> bool:
        """Whether raters skipped it: not a crowd and without a mask.

        Deliberately tolerant: the authors' own file marks a skip by the absence of a mask alone.
        """
        return not self.iscrowd and (self.skipped or not self.has_segmentation)

    @property
    def is_unaskable(self) -> bool:
        """Whether no rater was asked about it; it counts as skipped in an evaluation."""
        return self.is_skipped and self.skip_reason == UNASKABLE


class AnnotationFile(msgspec.Struct):
    """The parts of a COCO-format file that we use."""

    images: list[Image]
    annotations: list[Annotation]
    categories: list[Category]
    info: Any = None

    @property
    def is_federated(self) -> bool:
        """Whether images say which categories were looked for, as in LVIS."""
        return any(
            image.neg_category_ids is not None or image.not_exhaustive_category_ids is not None
            for image in self.images
        )


def read_annotations(path: str | Path) -> AnnotationFile:
    """Read and check a COCO-format annotation file.

    Raises:
        InputError: not readable, not JSON, a field missing or of the wrong type, an id given twice,
            or an annotation of an unknown image or category. Names the record and the field.
    """
    return parse_annotations(read_bytes(path), path)


def parse_annotations(data: bytes, path: str | Path) -> AnnotationFile:
    """The text of a COCO-format file, checked; see `read_annotations`.

    Args:
        data: JSON text.
        path: The name that errors give it.

    Raises:
        InputError: as `read_annotations`.
    """
    file = decode_json(data, AnnotationFile, path)
    _check_unique(file.images, "images", path)
    _check_unique(file.categories, "categories", path)
    _check_unique(file.annotations, "annotations", path)
    images = {image.id for image in file.images}
    categories = {category.id for category in file.categories}
    for index, annotation in enumerate(file.annotations):
        if annotation.image_id not in images:
            raise _fault(
                path, index, annotation, "image_id", f"unknown image {annotation.image_id}"
            )
        if annotation.category_id not in categories:
            raise _fault(
                path, index, annotation, "category_id", f"unknown category {annotation.category_id}"
            )
    for index, image in enumerate(file.images):
        if image.width <= 0 or image.height <= 0:
            raise InputError(
                f"invalid image size {image.width}×{image.height}",
                file=path,
                record=f"images[{index}] (id {image.id})",
                field="width",
            )
    return file


def zero_id_warning(ids: Iterable[int]) -> str | None:
    """A sentence for files with an annotation of id 0; None for other files."""
    if 0 not in ids:
        return None
    return (
        "an annotation has id 0: pycocotools never counts it as found, so its AP is too low; "
        "number annotations from 1"
    )


def read_verbatim(path: str | Path, image_ids: Iterable[int]) -> dict[str, Any]:
    """The file's own records of some images: every key as it came, in the file's order.

    Returns:
        The file as a dict whose `images` and `annotations` are cut down to `image_ids`; all other
        keys (`categories`, `licenses`, `info` …) whole.
    """
    data = read_bytes(path)
    file = decode_json(data, dict[str, msgspec.Raw], path)
    wanted = set(image_ids)
    kept: dict[str, Any] = {}
    for key, raw in file.items():
        if key in ("images", "annotations"):
            owner = "id" if key == "images" else "image_id"
            pointer = msgspec.defstruct("Owner", [(owner, int)], gc=False)
            owners = msgspec.json.decode(raw, type=list[pointer])
            records = msgspec.json.decode(raw, type=list[msgspec.Raw])
            kept[key] = [
                msgspec.json.decode(record)
                for record, holder in zip(records, owners, strict=True)
                if getattr(holder, owner) in wanted
            ]
        else:
            kept[key] = msgspec.json.decode(raw)
    return kept


def _check_unique(
    records: list[Image] | list[Annotation] | list[Category], kind: str, path: str | Path
) -> None:
    seen = {record.id for record in records}
    if len(seen) == len(records):
        return
    seen.clear()
    for index, record in enumerate(records):
        if record.id in seen:
            raise InputError(
                f"duplicate id {record.id}",
                file=path,
                record=f"{kind}[{index}]",
                field="id",
            )
        seen.add(record.id)


def _fault(
    path: str | Path, index: int, annotation: Annotation, field: str, message: str
) -> InputError:
    record = f"annotations[{index}] (id {annotation.id})"
    return InputError(message, file=path, record=record, field=field)
