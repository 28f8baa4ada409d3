"""The mask of an annotation record."""

from pathlib import Path

from o365seg.errors import InputError
from o365seg.formats.masks import MaskError, Rle, segmentation_to_rle
from o365seg.formats.records import Annotation


def object_mask(
    annotation: Annotation, index: int, size: tuple[int, int], source: str | Path
) -> Rle | None:
    """An annotation's mask as compressed run lengths; None where it has none or is skipped.

    Args:
        annotation: The record.
        index: Its position in the file.
        size: The (height, width) of its image, in pixels.
        source: The name that errors give the file.

    Raises:
        InputError: the segmentation is invalid; names the record.
    """
    if not annotation.has_segmentation or annotation.skipped:
        return None
    try:
        return segmentation_to_rle(annotation.segmentation, size)
    except MaskError as error:
        record = f"annotations[{index}] (id {annotation.id})"
        raise InputError(str(error), file=source, record=record, field=error.field) from None
