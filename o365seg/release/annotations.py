"""The records of a release, made and written a thousand at a time, so that any number fits."""

from array import array
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO

import msgspec
import numpy as np

from o365seg.errors import InputError
from o365seg.formats.json_files import decode_json, read_bytes
from o365seg.formats.pycocotools_variant import importable_record
from o365seg.formats.records import UNASKABLE, Annotation, Category, Image, read_annotations
from o365seg.project.folder import Project
from o365seg.release.consensus import Consensus, find_consensus
from o365seg.store.database import Connection
from o365seg.store.progress.released import AnswersInParts, ReleasedAnswer, read_replica_masks

_AT_ONCE = 1000  # records; a mask of one may have 100 kB

ANSWER_KEYS = frozenset(
    {
        "segmentation",
        "skipped",
        "skip_reason",
        "unanswered",
        "ignore",
        "active_seconds",
        "consensus",
    }
)
"""What a record has by its answer; a source that is itself a release may carry it already."""


class Sample:
    """A project's sample file, of which the records stay text until they are needed.

    Attributes:
        about: Every key but `annotations`, in the file's order; that one is None.
        sizes: (height, width) of each image, by id.
    """

    def __init__(self, project: Project) -> None:
        """Read it.

        Raises:
            InputError: the file is damaged.
        """
        self.path = project.sample_path
        raw = decode_json(read_bytes(self.path), dict[str, msgspec.Raw], self.path)
        decode = msgspec.json.decode
        try:
            self.records = decode(raw["annotations"], type=list[msgspec.Raw])
            images = decode(raw["images"], type=list[Image])
            self._categories = {one.id for one in decode(raw["categories"], type=list[Category])}
        except (KeyError, msgspec.DecodeError):
            raise self.fault() from None
        self.sizes = {image.id: (image.height, image.width) for image in images}
        if len(self.sizes) < len(images) or any(min(size) <= 0 for size in self.sizes.values()):
            raise self.fault()
        self.about = {
            key: None if key == "annotations" else decode(text) for key, text in raw.items()
        }

    def check(self, record: Annotation) -> None:
        """Raise the file's fault if a record's image or category is unknown."""
        if record.image_id not in self.sizes or record.category_id not in self._categories:
            raise self.fault()

    def fault(self) -> InputError:
        """What is wrong with the file, with the record and the field."""
        try:
            read_annotations(self.path)
        except InputError as error:
            return error
        return InputError("damaged", file=self.path)


@dataclass
class WrittenRecords:
    """What was written: how many records have which key, their ids, the counts of a consensus."""

    keys: Counter[str] = field(default_factory=Counter)
    masks: int = 0
    unaskable: int = 0
    asked: int = 0
    ids: array = field(default_factory=lambda: array("q"))
    consensus: dict[str, int] | None = None


def write_annotations(
    sample: Sample, db: Connection, file: BinaryIO, *, for_stock_tools: bool, consensus: bool
) -> WrittenRecords:
    """Write the sample's records with their answers as a JSON list.

    Args:
        sample: The project's.
        db: A connection that sees one state.
        file: Where to write.
        for_stock_tools: As `importable_record` has them.
        consensus: With the mask of most raters, where there are replicas.

    Raises:
        InputError: the sample is damaged.
        OSError: the file cannot be written.
    """
    answers = AnswersInParts(db)
    written = WrittenRecords(consensus={"masks": 0, "changed": 0} if consensus else None)
    encode = msgspec.json.encode
    file.write(b"[")
    pending = iter(sample.records)
    while part := list(islice(pending, _AT_ONCE)):
        try:
            checked = [msgspec.json.decode(one, type=Annotation) for one in part]
        except msgspec.DecodeError:
            raise sample.fault() from None
        for record in checked:
            sample.check(record)
        first = len(written.ids)
        ids = [record.id for record in checked]
        written.ids.extend(ids)
        agreed = Consensus(answers.of(ids), {}, 0)
        asked = answers.asked(ids)
        if written.consensus is not None:
            sizes = {record.id: sample.sizes[record.image_id] for record in checked}
            agreed = find_consensus(agreed.answers, read_replica_masks(db, ids), sizes)
            written.consensus["masks"] += len(agreed.votes)
            written.consensus["changed"] += agreed.changed
        made = []
        for index, text in enumerate(part):
            record = msgspec.json.decode(text)
            size = sample.sizes[record["image_id"]]
            merged = _merge(
                record,
                size,
                agreed.answers.get(ids[index]),
                asked=asked[index],
                votes=agreed.votes.get(ids[index]),
            )
            _count(written, merged, asked=asked[index])
            if for_stock_tools:
                merged = importable_record(merged, size, first + index, sample.path)
            made.append(merged)
        file.write((b"," if first else b"") + encode(made)[1:-1])
    file.write(b"]")
    if len(np.unique(np.frombuffer(written.ids, np.int64))) < len(written.ids):
        raise sample.fault()
    return written


def _count(written: WrittenRecords, record: dict[str, Any], *, asked: bool) -> None:
    written.keys.update(key for key in ("skipped", "unanswered") if key in record)
    written.masks += "segmentation" in record and not record["iscrowd"]
    written.unaskable += record.get("skip_reason") == UNASKABLE
    written.asked += asked


def _merge(
    record: dict[str, Any],
    size: tuple[int, int],
    answer: ReleasedAnswer | None,
    *,
    asked: bool,
    votes: int | None,
) -> dict[str, Any]:
    """One annotation record with its answer.

    `size` is the image's (height, width); `votes`, the masks that agreed on this one.
    """
    if record.get("iscrowd"):
        return record
    merged = {key: value for key, value in record.items() if key not in ANSWER_KEYS}
    if answer is not None:
        merged["active_seconds"] = answer.active_seconds
    if answer is not None and answer.counts is not None:
        merged["segmentation"] = {"size": list(size), "counts": answer.counts}
        merged["area"] = answer.area
        merged["iscrowd"] = 0
        return merged if votes is None else {**merged, "consensus": votes}
    merged["area"] = record["bbox"][2] * record["bbox"][3]
    merged["iscrowd"] = 0
    merged["ignore"] = 1
    if answer is not None:
        return {**merged, "skipped": True, "skip_reason": answer.skip_reason}
    if not asked:
        return {**merged, "skipped": True, "skip_reason": UNASKABLE}
    return {**merged, "unanswered": True}
