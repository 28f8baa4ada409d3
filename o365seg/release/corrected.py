"""The release of a project that corrects a file: what changed is replaced, all else stays."""

import re
from typing import Any

from o365seg.formats.masks import Rle, overlap
from o365seg.project.correction import Corrections
from o365seg.store.progress.released import ReleasedAnswer

_SKIP_KEYS = ("skipped", "skip_reason", "unanswered", "ignore")


def correct_file(
    file: dict[str, Any],
    answers: dict[int, ReleasedAnswer],
    earlier: Corrections,
    source: tuple[str, str],
) -> dict[str, Any]:
    """The file with the answers that differ from its masks.

    Args:
        file: The whole file that is corrected; not changed.
        answers: By annotation id.
        earlier: Its masks.
        source: Its name and SHA-256.

    Returns:
        The file with `info.version` one step higher, `info.corrects` and `info.changes`. Every
        record that is not in `info.changes` is as it came. Without a change: the file as it came.
    """
    sizes = {image["id"]: (image["height"], image["width"]) for image in file["images"]}
    changes: list[dict[str, Any]] = []
    corrected = []
    for record in file["annotations"]:
        answer = answers.get(record["id"])
        if answer is None or record.get("iscrowd"):
            corrected.append(record)
            continue
        size = sizes[record["image_id"]]
        change = _change(earlier.counts.get(record["id"]), answer, size)
        corrected.append(record if change is None else _replaced(record, answer, size))
        if change is not None:
            changes.append({"id": record["id"], **change})
    if not changes:
        return file
    info = file["info"] if isinstance(file.get("info"), dict) else {}
    noted = {
        "version": next_version(info.get("version")),
        "corrects": {"name": source[0], "sha256": source[1]},
        "changes": changes,
    }
    rest = {key: value for key, value in file.items() if key != "info"}
    return {"info": {**info, **noted}, **rest, "annotations": corrected}


def next_version(version: object) -> str | int:
    """The version after one: 1 → 2, "1.4" → "1.5"; "2" after none and after other texts."""
    if isinstance(version, int):
        return version + 1
    found = re.fullmatch(r"(.*?)(\d+)", str(version)) if version is not None else None
    return f"{found[1]}{int(found[2]) + 1}" if found else "2"


def _change(
    before: str | None, answer: ReleasedAnswer, size: tuple[int, int]
) -> dict[str, Any] | None:
    """What an answer changes; None: nothing."""
    if answer.counts is None:
        return {"change": "skipped", "skip_reason": answer.skip_reason}
    if before is None:
        return {"change": "mask added"}
    both, first, second = overlap(before, answer.counts, size)
    union = first + second - both
    if both == union:
        return None
    return {"change": "mask", "iou": round(both / union, 4) if union else 0.0}


def _replaced(
    record: dict[str, Any], answer: ReleasedAnswer, size: tuple[int, int]
) -> dict[str, Any]:
    kept = {key: value for key, value in record.items() if key not in _SKIP_KEYS}
    kept["active_seconds"] = max(0, answer.active_ms) / 1000
    kept["iscrowd"] = 0
    if answer.counts is not None:
        rle = Rle(size, answer.counts)
        return kept | {
            "segmentation": {"size": list(rle.size), "counts": rle.counts},
            "area": answer.area,
        }
    kept.pop("segmentation", None)
    _, _, width, height = record["bbox"]
    skipped = {"skipped": True, "skip_reason": answer.skip_reason, "ignore": 1}
    return kept | {"area": width * height} | skipped
