"""Check a data set's folder for missing and damaged images, wrong sizes and unknown ids."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from model.data.file_dataset import FileDataset
from model.data.image_reading import check_size, stored_size
from model.data.samples import VOID, BoxGroundTruth, ClassGroundTruth, GroundTruth, Sample
from model.datasets.chosen import ChosenImages
from model.datasets.panoptic import PanopticDataset
from model.datasets.shards import ShardDataset
from model.datasets.synthetic import Synthetic
from o365seg.errors import InputError

KINDS = ("missing image", "other size", "unreadable", "unknown or absent id", "box outside")


@dataclass(frozen=True)
class Fault:
    """A fault of an image: its name, one of `KINDS`, and the message."""

    image: str
    kind: str
    message: str


@dataclass
class CheckReport:
    """The result of a check.

    Attributes:
        name: The data set's.
        task: What it supervises.
        classes: Number of classes, and of these things.
        images: Images that it lists.
        read: Images that were decoded together with their truth.
        annotations: Number of segments, classes or boxes in those.
        empty: Images without any among those, by name.
        unseen: Names of the classes of which none was in them.
        faults: What is wrong, in the order of the images.
    """

    name: str
    task: str
    classes: tuple[int, int]
    images: int
    read: int = 0
    annotations: int = 0
    empty: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """Number of faults of each kind."""
        found = Counter(fault.kind for fault in self.faults)
        return {kind: found[kind] for kind in KINDS}

    def as_json(self) -> dict[str, Any]:
        """The report as JSON values, for `--json`."""
        return {
            "name": self.name,
            "task": self.task,
            "classes": self.classes[0],
            "things": self.classes[1],
            "images": self.images,
            "read": self.read,
            "annotations": self.annotations,
            "empty": self.empty,
            "unseen_classes": self.unseen,
            "fault_counts": self.counts(),
            "faults": [vars(fault) for fault in self.faults],
        }


def spread(count: int, wanted: int) -> list[int]:
    """Return at most `wanted` of `count` indices, evenly spread from 0."""
    wanted = min(count, wanted)
    return [number * count // wanted for number in range(wanted)]


def check_dataset(
    dataset: FileDataset,
    read: int,
    progress: Callable[[Sequence[int], str], Iterable[int]],
) -> CheckReport:
    """Find every image and read its header; decode some of them with their ground truth.

    Args:
        dataset: The data set.
        read: Number of images to decode, evenly spread.
        progress: Iterates over its first argument with a progress bar labelled by the second.
    """
    vocabulary = dataset.vocabulary
    report = CheckReport(
        dataset.name, str(dataset.task), (len(vocabulary), sum(vocabulary.is_thing)), len(dataset)
    )
    decoded = set(spread(len(dataset), read))
    seen = np.zeros(len(vocabulary), bool)
    for index in progress(range(len(dataset)), f"Checking {dataset.name}"):
        faults = _file_faults(dataset, index)
        if not faults and index in decoded:
            try:
                faults = _content_faults(dataset, index, report, seen)
            except InputError as error:
                faults = [("unreadable", str(error))]
        name = dataset.image_name(index)
        report.faults += [Fault(name, kind, message) for kind, message in faults]
    report.unseen = [vocabulary.names[index] for index in np.flatnonzero(~seen).tolist()]
    return report


def _file_faults(dataset: FileDataset, index: int) -> list[tuple[str, str]]:
    if isinstance(_whole(dataset), ShardDataset | Synthetic):
        return []  # its images are no files; only decoding shows faults
    try:
        path = dataset.image_path(index)
    except InputError as error:
        return [("missing image", str(error))]
    if not path.is_file():
        return [("missing image", f"{path}: no such file")]
    try:
        stored, upright = stored_size(path)
    except InputError as error:
        return [("unreadable", str(error))]
    expected = dataset.recorded_size(index)
    try:
        check_size(path, stored if stored == expected else upright, expected)
    except InputError as error:
        return [("other size", str(error))]
    return []


def _whole(dataset: FileDataset) -> FileDataset:
    return _whole(dataset.whole) if isinstance(dataset, ChosenImages) else dataset


def _content_faults(
    dataset: FileDataset, index: int, report: CheckReport, seen: np.ndarray
) -> list[tuple[str, str]]:
    sample = dataset[index]
    labels = ground_truth_labels(sample.ground_truth)
    report.read += 1
    report.annotations += len(labels)
    seen[labels] = True
    if not len(labels):
        report.empty.append(dataset.image_name(index))
    return [
        *(("unknown or absent id", message) for message in _id_faults(dataset, index)),
        *(("box outside", message) for message in _outside(sample)),
    ]


def ground_truth_labels(truth: GroundTruth) -> np.ndarray:
    """Classes of the segments or boxes, or in a map; int64."""
    if isinstance(truth, BoxGroundTruth):
        return truth.labels
    if isinstance(truth, ClassGroundTruth):
        present = np.unique(truth.classes).astype(np.int64)
        return present[present != VOID]
    return np.array([segment.label for segment in truth.segments], np.int64)


def _id_faults(dataset: FileDataset, index: int) -> list[str]:
    if isinstance(dataset, ChosenImages):
        return _id_faults(dataset.whole, int(dataset.indices[index]))
    return dataset.id_faults(index) if isinstance(dataset, PanopticDataset) else []


def _outside(sample: Sample) -> list[str]:
    """Boxes entirely outside the image; a small overlap with its edge is common."""
    if not isinstance(sample.ground_truth, BoxGroundTruth):
        return []
    height, width = sample.image.shape[:2]
    left, top, right, bottom = sample.ground_truth.boxes.T
    outside = (left >= width) | (top >= height) | (right <= 0) | (bottom <= 0)
    return [
        f"{sample.path}: the box {box.round(1).tolist()} lies outside {width}×{height} pixels"
        for box in sample.ground_truth.boxes[outside]
    ]
