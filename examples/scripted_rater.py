"""A rater that is a script: GrabCut within the box, through the functions that the server calls."""

import zlib
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from o365seg.formats.masks import encode_rle
from o365seg.project.folder import Project
from o365seg.store.database import now_ms
from o365seg.store.people.raters import add_rater, find_rater
from o365seg.store.work import answers, leases
from o365seg.store.work.checks import SkipReason

Box = tuple[float, float, float, float]


def cut_out(photo: np.ndarray, box: Box, iterations: int = 3) -> np.ndarray:
    """What stands out in a box, bool[height, width].

    Args:
        photo: uint8[height, width, 3], BGR.
        box: x, y, width, height in pixels.
        iterations: Of GrabCut.
    """
    x, y, width, height = (max(0, round(value)) for value in box)
    labels = np.full(photo.shape[:2], cv2.GC_BGD, np.uint8)
    rectangle = (x, y, max(2, width), max(2, height))
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    try:
        cv2.grabCut(
            photo, labels, rectangle, background, foreground, iterations, cv2.GC_INIT_WITH_RECT
        )
    except cv2.error:
        return np.zeros(photo.shape[:2], bool)
    return (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)


def smooth(mask: np.ndarray) -> np.ndarray:
    """A mask with small holes filled and specks removed, as a person would paint it."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, disc)
    return cv2.morphologyEx(closed, cv2.MORPH_OPEN, disc) > 0


def read_photo(path: Path) -> np.ndarray:
    """A photograph, uint8[height, width, 3], BGR."""
    with Image.open(path) as photo:
        return np.ascontiguousarray(np.asarray(photo.convert("RGB"))[:, :, ::-1])


def paint_all(project: Project, name: str) -> None:
    """Answer every question as a new rater; what GrabCut cannot find is skipped as too blurry."""
    with project.store.write() as db:
        add_rater(db, name, "no password")
        person = find_rater(db, name)
    assert person is not None
    rater = person.id
    now = now_ms()
    while True:
        with project.store.write() as db:
            current = leases.take_work(db, rater, now).current
        if current is None:
            return
        photo = read_photo(_photograph(project, current.image_sha256))
        mask = smooth(cut_out(photo, current.bbox, iterations=6))
        work: answers.Mask | answers.Skip = answers.Skip(SkipReason.TOO_BLURRY)
        if mask.sum() > 30:
            rle = encode_rle(mask)
            assert isinstance(rle.counts, str)
            work = answers.Mask(rle.size, rle.counts, zlib.crc32(rle.counts.encode()))
        with project.store.write() as db:
            answers.submit(
                db, rater_id=rater, token=current.token, question_id=current.question_id,
                work=work, image_sha256=current.image_sha256,
                activity=answers.Activity(wall_ms=70_000, active_ms=60_000, strokes=12),
                client_version="scripted", now=now + 60_000,
            )  # fmt: skip
        now += 70_000


def _photograph(project: Project, sha256: str) -> Path:
    from o365seg.store.sample import find_image

    with project.store.read() as db:
        found = find_image(db, sha256)
    assert found is not None
    return project.images.folder / found.path
