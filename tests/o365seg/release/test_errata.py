"""What differs between two versions of a file is told, with a mask in them or without."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_project import SmallSource, travelling_mask

from o365seg.errors import InputError
from o365seg.release.errata import list_changes

PIXELS = np.zeros((48, 64), np.uint8)
PIXELS[5:20, 6:30] = 1
MASK = {"segmentation": {"size": [48, 64], "counts": travelling_mask(PIXELS).counts}}
SKIPPED = {"skipped": True, "skip_reason": "too_dark", "ignore": 1}
UNANSWERED = {"unanswered": True, "ignore": 1}


def changes(source: SmallSource, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """The changes of annotation 1 that these keys make."""
    paths = []
    for name, keys in (("old.json", old), ("new.json", new)):
        first, *rest = source.content["annotations"]
        content = source.content | {"annotations": [first | keys, *rest]}
        path = source.detections.with_name(name)
        path.write_text(json.dumps(content))
        paths.append(path)
    found = list_changes(*paths)
    assert {change.id for change in found.changes} <= {1}
    assert found.unchanged == len(source.content["annotations"]) - bool(found.changes)
    return [change.change for change in found.changes]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (UNANSWERED, SKIPPED, ["skipped"]),
        (SKIPPED, UNANSWERED, ["unanswered"]),
        (SKIPPED, SKIPPED | {"skip_reason": "box_wrong"}, ["skip reason"]),
        ({}, SKIPPED, ["skip reason"]),  # without a mask it was skipped already; nothing said why
        (SKIPPED, SKIPPED, []),
        (UNANSWERED, MASK, ["mask added"]),
        (MASK, SKIPPED, ["mask removed"]),
        (MASK, MASK | SKIPPED, ["mask removed"]),  # a mask that is marked as a skip is none
        (MASK | SKIPPED, MASK, ["mask added"]),
        (MASK, MASK | {"iscrowd": 1}, ["crowd"]),
        ({"iscrowd": 1}, SKIPPED, ["crowd", "skip reason"]),
        ({"iscrowd": 0}, {"iscrowd": False}, []),
        ({}, {"image_id": 20}, ["image"]),
        ({}, {"category_id": 1, "bbox": [1, 2, 3, 4]}, ["category", "box"]),
    ],
)
def test_changes_without_another_mask_are_told(
    source: SmallSource, old: dict[str, Any], new: dict[str, Any], told: list[str]
) -> None:
    assert changes(source, old, new) == told


def test_an_invalid_mask_names_its_file(source: SmallSource, tmp_path: Path) -> None:
    wrong = {"segmentation": {"size": [1, 1], "counts": "1"}}
    with pytest.raises(InputError, match=r"new\.json: annotations\[0\] \(id 1\).*segmentation"):
        changes(source, MASK, wrong)
