"""The release of a project that corrects a file: what changed is replaced, all else stays."""

import re
from typing import Any

import msgspec

from o365seg.formats.masks import Rle, overlap
from o365seg.formats.records import Annotation, AnnotationFile
from o365seg.project.correction import Corrections
from o365seg.release.annotations import ANSWER_KEYS
from o365seg.statistics.contents import kind_of, set_numbers
from o365seg.store.progress.released import ReleasedAnswer
from o365seg.store.progress.summary import Progress

# What `info` says of the answers as they were; nothing of it is known of the corrected ones.
_OF_EARLIER_ANSWERS = (
    "rejected",
    "accepted",
    "repainted",
    "waiting_for_review",
    "human_ceiling",
    "minutes_per_valid_mask",
    "mean_mask_minutes",
)


def correct_file(
    file: dict[str, Any],
    answers: dict[int, ReleasedAnswer],
    earlier: Corrections,
    source: tuple[str, str],
    work: Progress,
    assistance: list[str],
) -> dict[str, Any]:
    """The file with the answers that differ from its own.

    Args:
        file: The whole file that is corrected; not changed.
        answers: By annotation id.
        earlier: Its masks.
        source: Its name and SHA-256.
        work: What the project that corrects it did.
        assistance: What its raters may have done for them.

    Returns:
        The file with counts in `info`. With a change also with `info.version` one step higher,
        `info.corrects` and `info.changes`, and the work of both projects in `info`; what it said
        of reviews and agreement is left out. Every record that is not in `info.changes` is as it
        came.
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
        change = _change(_typed(record), earlier.counts.get(record["id"]), answer, size)
        corrected.append(record if change is None else _replaced(record, answer, size))
        if change is not None:
            changes.append({"id": record["id"], **change})
    info = file["info"] if isinstance(file.get("info"), dict) else {}
    typed = [_typed(record) for record in corrected]
    counts = _counts(typed)
    if not changes:
        return {**file, "info": info | counts}
    noted = {
        "version": next_version(info.get("version")),
        "corrects": {"name": source[0], "sha256": source[1], "rater_hours": work.rater_hours},
        "changes": changes,
    }
    kept = {key: value for key, value in info.items() if key not in _OF_EARLIER_ANSWERS}
    added = _added(info, work, assistance)
    if isinstance(info.get("consensus"), dict):
        added["consensus"] = _consensus(info["consensus"], file["annotations"], corrected)
    times = _times(info, added, typed, counts["masks"])
    rest = {key: value for key, value in file.items() if key != "info"}
    return {"info": kept | counts | added | times | noted, **rest, "annotations": corrected}


def _typed(record: dict[str, Any]) -> Annotation:
    return msgspec.json.decode(msgspec.json.encode(record), type=Annotation)


def _counts(records: list[Annotation]) -> dict[str, int]:
    """What a release counts of its records, by the rule of the card."""
    numbers = set_numbers(AnnotationFile(images=[], annotations=records, categories=[]), "")
    names = ("questions", "masks", "skipped", "unaskable", "unanswered")
    return {name: getattr(numbers, name) for name in names}


def _added(info: dict[str, Any], work: Progress, assistance: list[str]) -> dict[str, Any]:
    """The work on the file and on its correction together, of what the file's `info` states."""
    done = {
        "replicas": work.replicas,
        "gold_answers": work.gold,
        "rater_hours": work.rater_hours,
        "wall_hours": work.wall_hours,
    }
    added: dict[str, Any] = {
        name: info[name] + value for name, value in done.items() if _is_number(info.get(name))
    }
    before = info.get("assistance")
    if isinstance(before, list):
        added["assistance"] = [*before, *(name for name in assistance if name not in before)]
    elif assistance:
        added["assistance"] = assistance
    return added


def _consensus(
    stated: dict[str, Any], before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> dict[str, Any]:
    """What `info` says of the consensus: how many of the masks still are one.

    How many of those differ from an answer is known only where none was corrected.
    """
    left = sum("consensus" in record for record in after)
    return stated if left == sum("consensus" in one for one in before) else {"masks": left}


def _times(
    info: dict[str, Any], added: dict[str, Any], records: list[Annotation], masks: int
) -> dict[str, float | None]:
    """Minutes per mask of the corrected file, where the file stated them and they are known."""
    times: dict[str, float | None] = {}
    if "minutes_per_valid_mask" in info and "rater_hours" in added:
        times["minutes_per_valid_mask"] = added["rater_hours"] * 60 / masks if masks else None
    seconds = [one.active_seconds for one in records if kind_of(one) == "mask"]
    known = [one for one in seconds if one is not None]
    if "mean_mask_minutes" in info and len(known) == len(seconds):
        times["mean_mask_minutes"] = sum(known) / 60 / masks if masks else None
    return times


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def next_version(version: object) -> str | int:
    """The version after one: 1 → 2, "1.4" → "1.5"; "2" after none and after other texts."""
    if isinstance(version, int):
        return version + 1
    found = re.fullmatch(r"(.*?)(\d+)", str(version)) if version is not None else None
    return f"{found[1]}{int(found[2]) + 1}" if found else "2"


def _change(
    record: Annotation, before: str | None, answer: ReleasedAnswer, size: tuple[int, int]
) -> dict[str, Any] | None:
    """What an answer changes of a record, whose mask is `before`; None: nothing."""
    kind = kind_of(record)
    if answer.counts is None:
        if kind != "skipped":
            return {"change": "skipped", "skip_reason": answer.skip_reason}
        if record.skip_reason == answer.skip_reason:
            return None
        return {"change": "skip reason", "skip_reason": answer.skip_reason}
    if before is None or kind != "mask":
        return {"change": "mask added"}
    both, first, second = overlap(before, answer.counts, size)
    union = first + second - both
    if both == union:
        return None
    return {"change": "mask", "iou": round(both / union, 4) if union else 0.0}


def _replaced(
    record: dict[str, Any], answer: ReleasedAnswer, size: tuple[int, int]
) -> dict[str, Any]:
    kept = {key: value for key, value in record.items() if key not in ANSWER_KEYS}
    kept["active_seconds"] = answer.active_seconds
    kept["iscrowd"] = 0
    if answer.counts is not None:
        rle = Rle(size, answer.counts)
        return kept | {
            "segmentation": {"size": list(rle.size), "counts": rle.counts},
            "area": answer.area,
        }
    _, _, width, height = record["bbox"]
    skipped = {"skipped": True, "skip_reason": answer.skip_reason, "ignore": 1}
    return kept | {"area": width * height} | skipped
