"""What differs between two versions of an annotation file."""

from dataclasses import dataclass
from pathlib import Path

from o365seg.formats import records
from o365seg.formats.masks import Rle, overlap, rle_area
from o365seg.formats.object_mask import object_mask
from o365seg.statistics.contents import kind_of


@dataclass(frozen=True)
class Change:
    """One difference.

    Attributes:
        id: The annotation's.
        image: File name of its image.
        category: Its name, in the newer file where it is there.
        change: What differs: added, removed, image, category, box, crowd (one in one file only),
            mask, mask added, mask removed; without a mask in either file: skipped or unanswered
            (what it became), skip reason.
        iou: Of the two masks; None where there are not two that differ.
        area_before: Pixels of the older mask; None: there is none.
        area_after: Of the newer.
    """

    id: int
    image: str
    category: str
    change: str
    iou: float | None = None
    area_before: int | None = None
    area_after: int | None = None


@dataclass(frozen=True)
class Errata:
    """What differs, and how many annotations of the older file are the same in both."""

    changes: list[Change]
    unchanged: int


def list_changes(old: Path, new: Path) -> Errata:
    """The differences between two files, in the order of the older one; added ones come last.

    Raises:
        InputError: a file that cannot be read, an invalid mask.
    """
    before, after = _read(old), _read(new)
    newer = {record.id: (index, record) for index, record in enumerate(after.annotations)}
    older_ids = {record.id for record in before.annotations}
    changes: list[Change] = []
    unchanged = 0
    for index, record in enumerate(before.annotations):
        found = newer.get(record.id)
        if found is None:
            changes.append(Change(record.id, *before.names(record), "removed"))
            continue
        differences = _compare(before, (index, record), after, found)
        changes += differences
        unchanged += not differences
    changes += [
        Change(record.id, *after.names(record), "added")
        for record in after.annotations
        if record.id not in older_ids
    ]
    return Errata(changes, unchanged)


@dataclass(frozen=True)
class _File:
    """A file with its images and names of categories by id."""

    path: Path
    annotations: list[records.Annotation]
    images: dict[int, records.Image]
    categories: dict[int, str]

    def names(self, record: records.Annotation) -> tuple[str, str]:
        """The file name of a record's image, and the name of its category."""
        return self.images[record.image_id].name, self.categories[record.category_id]

    def mask(self, index: int, record: records.Annotation) -> Rle | None:
        """A record's mask; None: it has none, or is skipped or unanswered all the same."""
        if not _has_mask(record):
            return None
        image = self.images[record.image_id]
        return object_mask(record, index, (image.height, image.width), self.path)


def _read(path: Path) -> _File:
    file = records.read_annotations(path)
    return _File(
        path,
        file.annotations,
        {image.id: image for image in file.images},
        {category.id: category.name for category in file.categories},
    )


def _has_mask(record: records.Annotation) -> bool:
    return record.has_segmentation and not record.skipped and not record.unanswered


_Place = tuple[int, records.Annotation]


def _compare(before: _File, old: _Place, after: _File, new: _Place) -> list[Change]:
    (_, first), (_, second) = old, new
    names = after.names(second)
    found = []
    if first.image_id != second.image_id:
        found.append(Change(second.id, *names, "image"))
    if before.names(first)[1] != names[1]:
        found.append(Change(second.id, *names, "category"))
    if first.bbox != second.bbox:
        found.append(Change(second.id, *names, "box"))
    if bool(first.iscrowd) != bool(second.iscrowd):
        found.append(Change(second.id, *names, "crowd"))
    if not (_has_mask(first) or _has_mask(second)):
        kinds = kind_of(first), kind_of(second)
        if kinds[0] != kinds[1] and "crowd" not in kinds:
            found.append(Change(second.id, *names, kinds[1]))
        elif first.skip_reason != second.skip_reason:
            found.append(Change(second.id, *names, "skip reason"))
        return found
    if (
        _has_mask(first)
        and _has_mask(second)
        and bytes(first.segmentation) == bytes(second.segmentation)
    ):
        return found
    one, other = before.mask(*old), after.mask(*new)
    areas = tuple(None if mask is None else rle_area(mask) for mask in (one, other))
    if one is None or other is None:
        what = "mask added" if one is None else "mask removed"
        return [*found, Change(second.id, *names, what, None, *areas)]
    if one.size != other.size:
        return [*found, Change(second.id, *names, "mask", 0.0, *areas)]
    assert isinstance(one.counts, str) and isinstance(other.counts, str)  # compressed
    both, *sizes = overlap(one.counts, other.counts, one.size)
    union = sum(sizes) - both
    if both != union:
        found.append(Change(second.id, *names, "mask", both / union, *areas))
    return found
