"""Cityscapes' file names and labels, by the rule of its own evaluation (cityscapesScripts).

Files are paired by frame: `aachen_000000_000019_gtFine_labelIds.png` with a predicted PNG whose
name begins with `aachen_000000_000019`. Of the 35 label ids, 19 are evaluated; pixels of all others
do not count where they are true, and are no class where they are predicted.
"""

import re
from pathlib import Path

from benchmark.pixels.label_maps import GroundTruthFolder, ImageName, PredictedFolder
from benchmark.pixels.label_pairs import LabelPairs
from benchmark.reading.choices import Cityscapes
from o365seg.errors import InputError

_TRUTH = "_labelIds"
_FRAME = re.compile(r"(.+?_\d{6}_\d{6})(?![0-9])")
_LAST_ID = 33

CLASSES = {
    7: "road", 8: "sidewalk", 11: "building", 12: "wall", 13: "fence", 17: "pole",
    19: "traffic light", 20: "traffic sign", 21: "vegetation", 22: "terrain", 23: "sky",
    24: "person", 25: "rider", 26: "car", 27: "truck", 28: "bus", 31: "train", 32: "motorcycle",
    33: "bicycle",
}  # fmt: skip
"""The evaluated classes by label id; their place is their train id."""

IGNORED = 255
"""The train id of all other labels."""


class CityscapesTruth(GroundTruthFolder):
    """The `…_labelIds.png` below a folder."""

    def __init__(self, folder: Path) -> None:
        self.classes = dict(enumerate(CLASSES.values()))
        self._paths = _frames(folder, _TRUTH)
        self.images = [ImageName(name) for name in self._paths]


class CityscapesPredictions(PredictedFolder):
    """The PNGs below a folder, each named by its frame and anything after it."""

    def __init__(self, folder: Path, ground_truth: Path) -> None:
        self._folder, self._ground_truth = folder, ground_truth
        self._paths = _frames(folder, "")


def _frames(folder: Path, ending: str) -> dict[str, str]:
    """PNGs by frame, sorted.

    Raises:
        InputError: no folder, none in it, or two of one frame.
    """
    if not folder.is_dir():
        raise InputError("must be a folder, with --cityscapes", file=folder)
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob(f"*{ending}.png")):
        frame = _FRAME.match(path.name)
        if frame is None:
            continue
        other = found.setdefault(frame[1], path)
        if other != path:
            raise InputError(f"is of the same frame as {other}", file=path)
    if not found:
        name = f"CITY_000000_000000_*{ending}.png"
        raise InputError(f"no PNG files named as in Cityscapes, {name}", file=folder)
    return {frame: str(found[frame]) for frame in sorted(found)}


def to_train_ids(pairs: LabelPairs, predicted: Cityscapes) -> LabelPairs:
    """Pairs of train ids; an unknown label id stays as it is, and is no class's.

    Args:
        pairs: Pixels by true label id and predicted label.
        predicted: What predicted labels are.
    """
    found: LabelPairs = {}
    for (true, guess), pixels in pairs.items():
        labels = _train_id(true), guess if predicted is Cityscapes.TRAIN_IDS else _train_id(guess)
        found[labels] = found.get(labels, 0) + pixels
    return found


_TRAIN_IDS = {label: train_id for train_id, label in enumerate(CLASSES)}


def _train_id(label: int) -> int:
    return _TRAIN_IDS.get(label, IGNORED if label <= _LAST_ID else label)
