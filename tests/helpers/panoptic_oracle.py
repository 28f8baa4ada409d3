"""Panoptic quality once more, slow and plain: sets of pixels and exact fractions, a rule a line.

Written from panopticapi's rule as `benchmark.pixels.panoptic` states it; shares no code with it.
"""

import json
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

VOID = 0


@dataclass
class Piece:
    """One segment as JSON lists it; `area` only where it is to differ from the pixels."""

    id: int
    category: int
    crowd: bool = False
    area: float | None = None


@dataclass
class Picture:
    """One image: rows of segment ids, and the segments, for truth and prediction."""

    truth: list[list[int]]
    predicted: list[list[int]]
    true_pieces: list[Piece]
    predicted_pieces: list[Piece]


@dataclass
class PanopticCase:
    """A data set small enough to think about; `things` are the categories that are things."""

    pictures: list[Picture]
    categories: list[int]
    things: set[int] = field(default_factory=set)

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Both JSON files, each with its folder of PNGs beside it: predictions, truth."""
        paths = folder / "predicted.json", folder / "true.json"
        for path, rows, pieces in (
            (paths[0], "predicted", "predicted_pieces"),
            (paths[1], "truth", "true_pieces"),
        ):
            path.with_suffix("").mkdir()
            annotations = []
            for number, picture in enumerate(self.pictures, start=1):
                ids = np.array(getattr(picture, rows))
                name = f"{number:012d}.png"
                write_ids(path.with_suffix("") / name, ids)
                segments = []
                for piece in getattr(picture, pieces):
                    segment = {"id": piece.id, "category_id": piece.category}
                    if path.stem == "true":
                        area = int((ids == piece.id).sum()) if piece.area is None else piece.area
                        segment |= {"iscrowd": int(piece.crowd), "area": area}
                    segments.append(segment)
                annotations.append(
                    {"image_id": number, "file_name": name, "segments_info": segments}
                )
            content = {"annotations": annotations}
            if path.stem == "true":
                content["categories"] = [
                    {"id": c, "name": f"category {c}", "isthing": int(c in self.things)}
                    for c in self.categories
                ]
            path.write_text(json.dumps(content))
        return paths


def write_ids(path: Path, ids: np.ndarray) -> None:
    """A panoptic PNG of integer[height, width] ids."""
    colours = np.stack([ids % 256, ids // 256 % 256, ids // 65536], axis=-1).astype(np.uint8)
    Image.fromarray(colours).save(path)


@dataclass
class Tally:
    """Of one category: the IoU of each match, and the numbers of false and missed segments."""

    ious: list[Fraction] = field(default_factory=list)
    false: int = 0
    missed: int = 0

    def quality(self) -> tuple[Fraction, Fraction, Fraction] | None:
        """PQ, SQ and RQ; None for a category that nothing has."""
        matches = len(self.ious)
        whole = matches + Fraction(self.false + self.missed, 2)
        if whole == 0:
            return None
        sq = sum(self.ious, Fraction()) / matches if matches else Fraction()
        rq = matches / whole
        return sq * rq, sq, rq


def tally_plainly(case: PanopticCase) -> dict[int, Tally]:
    """What each category has, over all pictures."""
    tallies = {category: Tally() for category in case.categories}
    for picture in case.pictures:
        _tally_picture(picture, tallies)
    return tallies


def _pixels(rows: list[list[int]], identity: int) -> set[tuple[int, int]]:
    places = ((y, x) for y, row in enumerate(rows) for x in range(len(row)))
    return {(y, x) for y, x in places if rows[y][x] == identity}


def _tally_picture(picture: Picture, tallies: dict[int, Tally]) -> None:
    void = _pixels(picture.truth, VOID)
    matched_true, matched_predicted = set(), set()
    for true in picture.true_pieces:
        for predicted in picture.predicted_pieces:
            if true.crowd or true.category != predicted.category:
                continue
            t, p = _pixels(picture.truth, true.id), _pixels(picture.predicted, predicted.id)
            if not t & p:
                continue
            true_area = len(t) if true.area is None else Fraction(true.area)
            iou = Fraction(len(t & p)) / (true_area + len(p) - len(t & p) - len(p & void))
            if iou > Fraction(1, 2):
                tallies[true.category].ious.append(iou)
                matched_true.add(true.id)
                matched_predicted.add(predicted.id)
    for true in picture.true_pieces:
        if not true.crowd and true.id not in matched_true:
            tallies[true.category].missed += 1
    for predicted in picture.predicted_pieces:
        if predicted.id in matched_predicted:
            continue
        p = _pixels(picture.predicted, predicted.id)
        excused = len(p & void)
        crowds = [t for t in picture.true_pieces if t.crowd and t.category == predicted.category]
        if crowds:
            excused += len(p & _pixels(picture.truth, crowds[-1].id))
        if not excused > Fraction(len(p), 2):
            tallies[predicted.category].false += 1
