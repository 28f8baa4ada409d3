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

import io
import shutil
import tempfile
from dataclasses import dataclass
from typing import Any, BinaryIO

import msgspec

from o365seg.errors import InputError
from o365seg.formats.categories import display_name
from o365seg.formats.json_files import read_json
from o365seg.formats.pycocotools_variant import importable_file
from o365seg.formats.records import read_annotations, zero_id_warning
from o365seg.project.correction import find_corrections
from o365seg.project.folder import Project
from o365seg.project.image_notes import IMAGE_FIELDS, read_image_notes, released_fields
from o365seg.release.annotations import Sample, WrittenRecords, write_annotations
from o365seg.release.corrected import correct_file
from o365seg.statistics.human_ceiling import human_ceiling, released_ceiling
from o365seg.store import audit
from o365seg.store.database import Connection, now_ms
from o365seg.store.integrity import require_undamaged
from o365seg.store.progress import summary as progress
from o365seg.store.progress.released import list_question_ids, read_answers
from o365seg.store.quality.agreement import list_pairs
from o365seg.store.settings import past_assistance

FILE_NAME = "o365_instance_seg_val.json"
STOCK_FILE_NAME = "o365_instance_seg_val.pycocotools.json"


@dataclass(frozen=True)
class Written:
    """What a release that was written says.

    Attributes:
        info: Its `info`.
        images: How many it has.
        unanswered: Questions without an answer. Records that a project corrects stay as they came
            until then, so this is not `info.unanswered` there.
        warning: What its readers should know; None: nothing.
    """

    info: dict[str, Any]
    images: int
    unanswered: int
    warning: str | None


def build_release(
    project: Project, *, for_stock_tools: bool = False, consensus: bool = False
) -> dict[str, Any]:
    """The release in memory; see `write_release`."""
    file = io.BytesIO()
    write_release(project, file, for_stock_tools=for_stock_tools, consensus=consensus)
    return msgspec.json.decode(file.getvalue())


def write_release(
    project: Project, file: BinaryIO, *, for_stock_tools: bool = False, consensus: bool = False
) -> Written:
    """Write the release as it stands now, as JSON.

    Equal answers give equal bytes; nothing in it depends on when or where it is made. In memory are
    the text of the sample and a few numbers of each record, never all masks; a project that
    corrects a file has that file in memory.

    Args:
        project: The open project.
        file: Where to write.
        for_stock_tools: The variant for tools that know no skipped instances, where skipped and
            crowd are `iscrowd` 1 with the box as their region (see `importable_file`).
        consensus: Release what most raters painted, where there are replicas (`release.consensus`).

    Raises:
        InputError: the sample or the database is damaged, or a consensus is wanted of a project
            that corrects a file.
        OSError: the file, or a temporary one for the records, cannot be written.
    """
    if consensus and project.about.corrects:
        raise InputError("is not available for a project that corrects a file", field="--consensus")
    require_undamaged(project.store)
    if project.about.corrects:
        release, unanswered = _corrected(project)
        if for_stock_tools:
            release = importable_file(release, project.sample_path)
        file.write(msgspec.json.encode(release))
        ids = (record["id"] for record in release["annotations"])
        images = len(release["images"])
        return Written(release["info"], images, unanswered, zero_id_warning(ids))
    sample = Sample(project)
    with project.store.read() as db, tempfile.TemporaryFile() as records:
        written = write_annotations(
            sample, db, records, for_stock_tools=for_stock_tools, consensus=consensus
        )
        release = _around(project, db, sample.about, written)
        records.seek(0)
        opening = b"{"
        for key, value in release.items():
            file.write(opening + msgspec.json.encode(key) + b":")
            opening = b","
            if key == "annotations":
                shutil.copyfileobj(records, file)
            else:
                file.write(msgspec.json.encode(value))
        file.write(b"}")
    unanswered, warning = written.keys["unanswered"], zero_id_warning(written.ids)
    return Written(release["info"], len(release["images"]), unanswered, warning)


def _around(
    project: Project, db: Connection, sample: dict[str, Any], written: WrittenRecords
) -> dict[str, Any]:
    """Everything in a release but its records."""
    counted = progress.measure_progress(db, now_ms())
    notes = read_image_notes(project.folder)
    release = dict(sample)
    release["images"] = [
        {key: value for key, value in image.items() if key not in IMAGE_FIELDS}
        | released_fields(notes.get(image["id"]))
        for image in release["images"]
    ]
    for category in release["categories"]:
        shown = display_name(category["name"])
        if shown != category["name"]:
            category["display_name"] = shown
    info = release.pop("info", None)
    ours = {
        "description": "Instance masks painted for sampled Objects365 boxes",
        "source": project.about.source_name,
        "source_sha256": project.about.source_sha256,
        "seed": project.about.seed,
        "questions": written.asked,
        "masks": written.masks,
        "skipped": written.keys["skipped"] - written.unaskable,
        "unaskable": written.unaskable,
        "unanswered": written.keys["unanswered"],
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
        "assistance": past_assistance(db),
        "human_ceiling": released_ceiling(human_ceiling(list_pairs(db))),
        "consensus": written.consensus,
    }
    # What a source said of its own correction is not true of masks that were painted anew.
    theirs = info if isinstance(info, dict) else {}
    kept = {key: value for key, value in theirs.items() if key not in ("corrects", "changes")}
    return {"info": kept | ours, **release}


def _corrected(project: Project) -> tuple[dict[str, Any], int]:
    """The release of a project that corrects a file; its questions without an answer."""
    sample = read_annotations(project.sample_path)  # checked: the file may have been damaged
    release = read_json(project.sample_path, dict[str, Any])
    with project.store.read() as db:
        answers = read_answers(db)
        asked = list_question_ids(db)
        work = progress.measure_progress(db, now_ms())
        assistance = past_assistance(db)
    source = (project.about.source_name, project.about.source_sha256)
    earlier = find_corrections(sample, asked, project.sample_path)
    corrected = correct_file(release, answers, earlier, source, work, assistance)
    return corrected, work.unanswered


def note_export(project: Project, info: dict[str, Any], variant: str, actor_id: int | None) -> None:
    """Write into the audit log that a release was taken; by nobody's page: by command line."""
    counts = {key: info[key] for key in ("masks", "skipped", "unanswered")}
    if info.get("consensus"):
        counts["consensus"] = info["consensus"]["masks"]
    with project.store.write() as db:
        audit.record(db, actor_id, "export", variant, **counts)
