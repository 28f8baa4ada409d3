"""The released annotation file: the sampled detection records with the raters' masks added.

COCO format, as the authors released theirs. Each record keeps every key that it came with.

    answered     `segmentation` (compressed run lengths, full resolution), `area` of the mask
    skipped      no `segmentation`; `skipped` true, `skip_reason`, `ignore` 1, `area` of the box
    unanswered   as skipped, with `unanswered` true in place of `skipped` (a release before the
                 end); so too what a reviewer sent back and nobody painted again yet
    unaskable    as skipped, with the reason `unaskable_box`: no rater was asked
    crowd        as it came

An image whose file is turned by EXIF or has unusual pixels says so (`image_notes`).

With `consensus` a mask that three raters or more voted on has their number as `consensus`.

An answered or skipped record has `active_seconds` too, the time that its answer took.
"""

from collections.abc import Collection
from typing import Any

from o365seg.errors import InputError
from o365seg.formats.categories import display_name
from o365seg.formats.json_files import read_json
from o365seg.formats.pycocotools_variant import importable_file
from o365seg.formats.records import UNASKABLE, read_annotations
from o365seg.project.correction import find_corrections
from o365seg.project.folder import Project
from o365seg.project.image_notes import IMAGE_FIELDS, read_image_notes, released_fields
from o365seg.release.consensus import Consensus, find_consensus
from o365seg.release.corrected import correct_file
from o365seg.statistics.human_ceiling import human_ceiling, released_ceiling
from o365seg.store import audit
from o365seg.store.database import now_ms
from o365seg.store.integrity import require_undamaged
from o365seg.store.progress import summary as progress
from o365seg.store.progress.released import (
    ReleasedAnswer,
    list_question_ids,
    read_answers,
    read_replica_masks,
)
from o365seg.store.quality.agreement import list_pairs
from o365seg.store.settings import allowed_assistance, read_settings

FILE_NAME = "o365_instance_seg_val.json"
STOCK_FILE_NAME = "o365_instance_seg_val.pycocotools.json"

# What a source that is itself a release may carry already.
_OURS = frozenset(
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


def build_release(
    project: Project, *, for_stock_tools: bool = False, consensus: bool = False
) -> dict[str, Any]:
    """The release as it stands now, ready to be written as JSON.

    Equal answers give an equal release; nothing in it depends on when or where it is made.

    Args:
        project: The open project.
        for_stock_tools: The variant for tools that know no skipped instances, where skipped and
            crowd are `iscrowd` 1 with the box as their region (see `importable_file`).
        consensus: Release what most raters painted, where there are replicas (`release.consensus`).

    Raises:
        InputError: the sample or the database is damaged, or a consensus is wanted of a project
            that corrects a file.
    """
    if consensus and project.about.corrects:
        raise InputError("is not available for a project that corrects a file", field="--consensus")
    require_undamaged(project.store)
    sample = read_annotations(project.sample_path)  # checked: the file may have been damaged
    release = read_json(project.sample_path, dict[str, Any])
    with project.store.read() as db:
        answers = read_answers(db)
        replicas = read_replica_masks(db) if consensus else {}
        asked = list_question_ids(db)
        counted = progress.measure_progress(db, now_ms())
        assistance = allowed_assistance(read_settings(db))
        ceiling = released_ceiling(human_ceiling(list_pairs(db)))
    if project.about.corrects:
        source = (project.about.source_name, project.about.source_sha256)
        earlier = find_corrections(sample, asked, project.sample_path)
        return _counted(correct_file(release, answers, earlier, source), asked, answers)
    sizes = {image["id"]: (image["height"], image["width"]) for image in release["images"]}
    agreed = Consensus(answers, {}, 0)
    if consensus:
        of_boxes = {box["id"]: sizes[box["image_id"]] for box in release["annotations"]}
        agreed = find_consensus(answers, replicas, of_boxes)
    merged = [
        _merge(
            record,
            sizes[record["image_id"]],
            agreed.answers.get(record["id"]),
            asked=record["id"] in asked,
            votes=agreed.votes.get(record["id"]),
        )
        for record in release["annotations"]
    ]
    notes = read_image_notes(project.folder)
    release["images"] = [
        {key: value for key, value in image.items() if key not in IMAGE_FIELDS}
        | released_fields(notes.get(image["id"]))
        for image in release["images"]
    ]
    release["annotations"] = merged
    if for_stock_tools:
        release = importable_file(release, project.sample_path)
    for category in release["categories"]:
        shown = display_name(category["name"])
        if shown != category["name"]:
            category["display_name"] = shown
    unaskable = sum(record.get("skip_reason") == UNASKABLE for record in merged)
    info = release.pop("info", None)
    ours = {
        "description": "Instance masks painted for sampled Objects365 boxes",
        "source": project.about.source_name,
        "source_sha256": project.about.source_sha256,
        "seed": project.about.seed,
        "questions": sum(record["id"] in asked for record in merged),
        "masks": sum("segmentation" in record and not record["iscrowd"] for record in merged),
        "skipped": sum("skipped" in record for record in merged) - unaskable,
        "unaskable": unaskable,
        "unanswered": sum("unanswered" in record for record in merged),
        "rejected": counted.rejected,
        "accepted": counted.accepted,
        "repainted": counted.repainted,
        "waiting_for_review": counted.waiting_for_review,
        "replicas": counted.replicas,
        "gold_answers": counted.gold,
        "rater_hours": counted.rater_hours,
        "minutes_per_valid_mask": counted.minutes_per_valid_mask,
        "mean_mask_minutes": counted.mean_mask_minutes,
        "wall_hours": counted.wall_hours,
        "assistance": assistance,
        "human_ceiling": ceiling,
        "consensus": {"masks": len(agreed.votes), "changed": agreed.changed} if consensus else None,
    }
    return {"info": {**(info if isinstance(info, dict) else {}), **ours}, **release}


def _counted(
    file: dict[str, Any], asked: Collection[int], answers: Collection[int]
) -> dict[str, Any]:
    """A corrected file with the counts that every release has; those of the questions asked."""
    boxes = [record for record in file["annotations"] if not record.get("iscrowd")]
    info = file["info"] if isinstance(file.get("info"), dict) else {}
    counts = {
        "masks": sum(bool(record.get("segmentation")) for record in boxes),
        "skipped": sum(not record.get("segmentation") for record in boxes),
        "unaskable": 0,
        "unanswered": len(set(asked) - set(answers)),
    }
    return {**file, "info": {**info, **counts}}


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
    merged = {key: value for key, value in record.items() if key not in _OURS}
    if answer is not None:
        merged["active_seconds"] = answer.active_ms / 1000
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


def note_export(
    project: Project, release: dict[str, Any], variant: str, actor_id: int | None
) -> None:
    """Write into the audit log that a release was taken; by nobody's page: by command line."""
    counts = {key: release["info"][key] for key in ("masks", "skipped", "unanswered")}
    if release["info"].get("consensus"):
        counts["consensus"] = release["info"]["consensus"]["masks"]
    with project.store.write() as db:
        audit.record(db, actor_id, "export", variant, **counts)
