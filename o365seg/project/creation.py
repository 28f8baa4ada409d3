"""The making of a project: a sample of a file's images, and a question of each box.

The folder is built beside its final place and renamed there, so a project is whole or absent.
"""

import secrets
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from o365seg.errors import InputError
from o365seg.formats import records
from o365seg.formats.categories import display_name
from o365seg.formats.checksums import file_sha256
from o365seg.formats.durable import allowed_by_umask
from o365seg.formats.json_files import write_json_atomic
from o365seg.images.image_files import CheckedImage, ImageProblem, check_image
from o365seg.images.image_root import ImageRoot
from o365seg.project.correction import find_corrections
from o365seg.project.folder import (
    FORMAT_VERSION,
    PROJECT_FILE,
    SAMPLE_FILE,
    UPRIGHT_FOLDER,
    ProjectFile,
    image_root_at,
    project_store,
)
from o365seg.project.image_notes import write_image_notes
from o365seg.project.new_folder import NewFolder, new_folder
from o365seg.project.sampling import rank_images
from o365seg.project.signing_key import signing_key
from o365seg.store.database import without_password
from o365seg.store.sample import add_sample
from o365seg.store.versions import create_store, dropped_on_error

# No image has a corner out there; areas and outlines of such boxes would overflow.
_FARTHEST = 1e7


@dataclass
class CreationReport:
    """What `create_project` did and noticed, for the owner to read.

    Attributes:
        excluded: (file name, why) of each sampled image that cannot be asked about; the next
            image of the random order took its place.
        remarks: (file name, what) of each image that was corrected.
        unaskable: (annotation id, why) of each box that no question can be asked about.
        overruns: (annotation id, what) of each box that exceeds its image by more than a pixel;
            it is asked about all the same.
        warning: What other tools will do wrong with the ids of the source; None for nothing.
    """

    images: int = 0
    questions: int = 0
    crowds: int = 0
    excluded: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[tuple[str, str]] = field(default_factory=list)
    unaskable: list[tuple[int, str]] = field(default_factory=list)
    overruns: list[tuple[int, str]] = field(default_factory=list)
    warning: str | None = None


def create_project(
    folder: Path,
    detections: Path,
    image_root: Path | str,
    *,
    images: int = 1000,
    seed: int = 0,
    database: str = "",
    corrects: bool = False,
    only: Collection[int] | None = None,
    progress: Callable[[Sequence[int], str], Iterable[int]] = lambda items, label: items,
) -> CreationReport:
    """Sample images from a detection file and make a question of each non-crowd box.

    Args:
        folder: Where to make the project; must not exist, or be empty.
        detections: A detection file of the `zhiyuan_objv2_val.json` schema.
        image_root: The folder that the file's `file_name`s lead into, or its URL.
        images: How many images; all of them where the file has fewer.
        seed: The same seed gives the same sample on every machine.
        database: URL of a PostgreSQL database for the answers; empty for SQLite in the folder.
        corrects: Whether each question starts with the mask that `detections` has for it; then
            all images are used.
        only: Ids of the annotations to correct; None: all.
        progress: Wraps the loop over images, `(image ids, label)`.

    Raises:
        InputError: bad detections, no such image root, a folder in the way, no usable image.
    """
    if images < 1:
        raise InputError("must be at least 1", field="images")
    with new_folder(folder) as new:
        return _fill_folder(
            new, detections, image_root, images, seed, database, corrects, only, progress
        )


def _fill_folder(
    new: NewFolder,
    detections: Path,
    image_root: Path | str,
    images: int,
    seed: int,
    database: str,
    corrects: bool,
    only: Collection[int] | None,
    progress: Callable[[Sequence[int], str], Iterable[int]],
) -> CreationReport:
    ImageRoot(image_root).check()  # as it was given, so that a message names it so
    root = image_root_at(image_root)
    about = ProjectFile(
        format=FORMAT_VERSION,
        id=secrets.token_hex(8),
        source_name=detections.name,
        source_sha256="",
        seed=seed,
        image_root=str(root),
        database=without_password(database),
        corrects=corrects,
    )
    source = records.read_annotations(detections)
    for index, box in enumerate(source.annotations):
        if box.bbox is None or max(map(abs, box.bbox)) > _FARTHEST:
            raise InputError(
                "missing" if box.bbox is None else f"invalid box {list(box.bbox)}",
                file=detections,
                record=f"annotations[{index}] (id {box.id})",
                field="bbox",
            )
    everything = [image.id for image in source.images]
    starts: dict[int, str] = {}
    if corrects:
        corrections = find_corrections(source, only, detections)
        source, starts, images = corrections.asked, corrections.counts, len(everything)
    report = CreationReport()
    upright = new.work / UPRIGHT_FOLDER
    upright.mkdir()
    chosen = _choose_images(source, root, images, seed, upright, report, progress)
    if not chosen:
        raise InputError(
            f"none of the file's {len(source.images)} images can be used from {root}"
            + "".join(f"\n  {name}: {why}" for name, why in report.excluded[:5]),
            file=detections,
        )
    questions = _make_questions(source, [record for record, _ in chosen], report)
    for row in questions:
        row["initial_counts"] = starts.get(row["id"])
    if not questions:
        raise InputError("no box to annotate in the sampled images", file=detections)
    about.source_sha256 = file_sha256(detections)
    sampled = everything if corrects else [record.id for record, _ in chosen]
    _write_files(new.work, about, chosen, detections, sampled)
    store = project_store(new.work, about, database)
    create_store(store, lambda db: add_sample(db, _image_rows(chosen), questions))
    with dropped_on_error(store):
        store.close()  # SQLite: the file is whole, without a log beside it
        new.put_in_place()
    report.images = len(chosen)
    used = {record.id for record, _ in chosen}
    report.warning = records.zero_id_warning(
        box.id for box in source.annotations if box.image_id in used
    )
    report.questions = len(questions)
    return report


def _choose_images(
    source: records.AnnotationFile,
    image_root: ImageRoot,
    images: int,
    seed: int,
    upright_folder: Path,
    report: CreationReport,
    progress: Callable[[Sequence[int], str], Iterable[int]],
) -> list[tuple[records.Image, CheckedImage]]:
    """The first `images` usable images of the seeded order; turned ones go to `upright_folder`."""
    by_id = {image.id: image for image in source.images}
    order = rank_images(by_id, seed)
    chosen: list[tuple[records.Image, CheckedImage]] = []
    owners: dict[str, str] = {}  # the name in the record, by the file that it led to
    start = 0
    while len(chosen) < images and start < len(order):
        batch = order[start : start + images - len(chosen)]
        start += len(batch)
        for image_id in progress(batch, "checking images"):
            record = by_id[image_id]
            try:
                checked, upright = check_image(image_root, record)
            except ImageProblem as problem:
                report.excluded.append((record.name, str(problem)))
                continue
            owner = owners.setdefault(checked.path, record.name)
            if owner != record.name:
                why = f"leads to {checked.path}, which is already used for {owner}"
                report.excluded.append((record.name, why))
                continue
            if upright is not None:
                copy = upright_folder / str(record.id)
                copy.write_bytes(upright)
                copy.chmod(allowed_by_umask(image_root.permissions(checked.path)))
            if str(checked.note):
                report.remarks.append((record.name, str(checked.note)))
            chosen.append((record, checked))
    return chosen


def _write_files(
    folder: Path,
    about: ProjectFile,
    chosen: list[tuple[records.Image, CheckedImage]],
    detections: Path,
    sampled: Iterable[int],
) -> None:
    write_json_atomic(folder / PROJECT_FILE, about)
    signing_key(folder)
    write_image_notes(folder, {record.id: checked.note for record, checked in chosen})
    sample = records.read_verbatim(detections, sampled)
    write_json_atomic(folder / SAMPLE_FILE, sample)


def _image_rows(chosen: list[tuple[records.Image, CheckedImage]]) -> list[dict]:
    """The rows of the table `image`."""
    return [
        {
            "id": record.id,
            "path": checked.path,
            "upright": checked.is_upright_copy,
            "sha256": checked.sha256,
            "media_type": checked.media_type,
            "width": record.width,
            "height": record.height,
        }
        for record, checked in chosen
    ]


def _make_questions(
    source: records.AnnotationFile, images: list[records.Image], report: CreationReport
) -> list[dict]:
    """One question per non-crowd box (paper, appendix C), image by image in the sample's order."""
    names = {category.id: display_name(category.name) for category in source.categories}
    boxes: dict[int, list[records.Annotation]] = {image.id: [] for image in images}
    for box in source.annotations:
        if box.image_id in boxes:
            boxes[box.image_id].append(box)
    rows: list[dict] = []
    for image in images:
        for box in sorted(boxes[image.id], key=lambda box: box.id):
            assert box.bbox is not None  # checked by create_project
            x, y, width, height = box.bbox
            if box.iscrowd:
                report.crowds += 1
                continue
            if width <= 0 or height <= 0:
                report.unaskable.append((box.id, f"a box of {width:g}×{height:g} pixels"))
                continue
            if x >= image.width or y >= image.height or x + width <= 0 or y + height <= 0:
                report.unaskable.append((box.id, "the box lies outside its image"))
                continue
            overrun = max(-x, -y, x + width - image.width, y + height - image.height)
            if overrun > 1:
                report.overruns.append((box.id, f"exceeds its image by {overrun:g} pixels"))
            rows.append(
                {
                    "id": box.id,
                    "image_id": image.id,
                    "category_id": box.category_id,
                    "category": names[box.category_id],
                    "x": x,
                    "y": y,
                    "width": width,
                    "height": height,
                    "position": len(rows),
                }
            )
    return rows
