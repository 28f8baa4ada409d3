"""Masks of an existing file as the start of a project that corrects them."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from o365seg.errors import InputError
from o365seg.formats import records
from o365seg.formats.file_bytes import read_text
from o365seg.formats.masks import MaskError, segmentation_to_rle


@dataclass(frozen=True)
class Corrections:
    """What a project that corrects a file asks about.

    Attributes:
        asked: The file with the annotations to correct and their images only.
        counts: Compressed run lengths of the masks to start with, by annotation id; without those
            that have none.
    """

    asked: records.AnnotationFile
    counts: dict[int, str]


def find_corrections(
    source: records.AnnotationFile, only: Collection[int] | None, path: Path
) -> Corrections:
    """The annotations of a file to correct: `only` those of these ids, or all but the crowds.

    Raises:
        InputError: an id that is not in the file, is a crowd or has no box; an invalid mask.
    """
    known = {record.id: record for record in source.annotations}
    for number in only or ():
        if number not in known:
            raise InputError(f"no annotation has the id {number}", file=path, field="--only")
        if known[number].iscrowd:
            raise InputError(
                f"annotation {number} is a crowd and cannot be corrected", file=path, field="--only"
            )
    wanted = [
        (index, record)
        for index, record in enumerate(source.annotations)
        if not record.iscrowd and (only is None or record.id in only)
    ]
    sizes = {image.id: (image.height, image.width) for image in source.images}
    counts: dict[int, str] = {}
    for index, record in wanted:
        if not record.has_segmentation:
            continue
        try:
            rle = segmentation_to_rle(record.segmentation, sizes[record.image_id])
        except MaskError as error:
            raise InputError(
                str(error),
                file=path,
                record=f"annotations[{index}] (id {record.id})",
                field="segmentation",
            ) from None
        assert isinstance(rle.counts, str)  # compressed
        counts[record.id] = rle.counts
    used = {record.image_id for _, record in wanted}
    asked = records.AnnotationFile(
        images=[image for image in source.images if image.id in used],
        annotations=[record for _, record in wanted],
        categories=source.categories,
    )
    return Corrections(asked, counts)


def read_ids(text: str) -> set[int]:
    """Annotation ids from a list such as `12,40`, or from a file with one on each line.

    Raises:
        InputError: something that is not a whole number, or a file that is not UTF-8 text.
    """
    path = text if os.path.isfile(text) else None  # noqa: PTH113 - a long list is no name of a file
    ids = set()
    for word in text.split(",") if path is None else read_text(path).split():
        try:
            ids.add(int(word.strip().rstrip(",")))
        except ValueError:
            raise InputError(
                f"must be ids such as 12,40 or a file with one on each line, not {word!r}",
                file=path,
                field="--only",
            ) from None
    return ids
