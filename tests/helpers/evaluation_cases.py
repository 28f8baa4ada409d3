"""Small evaluations: annotation files and results over drawn masks, and plain pycocotools."""

import contextlib
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from o365seg.formats.masks import encode_rle

HEIGHT, WIDTH = 110, 100
Box = tuple[float, float, float, float]


def rectangle(x: int, y: int, width: int, height: int) -> np.ndarray:
    """A mask bool[HEIGHT, WIDTH] of the pixels in a rectangle."""
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[y : y + height, x : x + width] = True
    return mask


def tight_box(mask: np.ndarray) -> Box:
    """The box (x, y, width, height) around a mask's pixels; zeros for none."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        return (0.0, 0.0, 0.0, 0.0)
    x, y = columns[0], rows[0]
    return (float(x), float(y), float(columns[-1] - x + 1), float(rows[-1] - y + 1))


def coded(mask: np.ndarray) -> dict[str, Any]:
    """A mask as the JSON of compressed run lengths."""
    rle = encode_rle(mask)
    return {"size": list(rle.size), "counts": rle.counts}


@dataclass
class Thing:
    """One annotated object. Without a mask: skipped, or a crowd known by its box alone."""

    mask: np.ndarray | None = None
    box: Box | None = None
    crowd: bool = False
    image: int = 1
    category: int = 1
    area: float | None = None

    @property
    def skipped(self) -> bool:
        return self.mask is None and not self.crowd

    def known_box(self) -> Box:
        if self.box is not None:
            return self.box
        assert self.mask is not None
        return tight_box(self.mask)

    def known_area(self) -> float:
        if self.area is not None:
            return self.area
        box = self.known_box()
        return box[2] * box[3] if self.mask is None else float(self.mask.sum())


@dataclass
class Guess:
    """One prediction; `box` is only written to the file where given."""

    mask: np.ndarray
    score: float = 0.5
    image: int = 1
    category: int = 1
    box: Box | None = None


@dataclass
class Case:
    """An annotation file and a results file. Ids count from `first_id`."""

    things: list[Thing]
    guesses: list[Guess]
    images: list[int] = field(default_factory=lambda: [1, 2])
    categories: list[int] = field(default_factory=lambda: [1, 2])
    first_id: int = 1

    def truth(self) -> dict[str, Any]:
        annotations = []
        for index, thing in enumerate(self.things):
            record: dict[str, Any] = {
                "id": self.first_id + index,
                "image_id": thing.image,
                "category_id": thing.category,
                "bbox": list(thing.known_box()),
                "area": thing.known_area(),
                "iscrowd": int(thing.crowd),
            }
            if thing.mask is not None:
                record["segmentation"] = coded(thing.mask)
            if thing.skipped:
                record |= {"skipped": True, "skip_reason": "too blurry", "ignore": 1}
            annotations.append(record)
        return {
            "images": [
                {"id": i, "height": HEIGHT, "width": WIDTH, "file_name": f"{i}.jpg"}
                for i in self.images
            ],
            "categories": [{"id": c, "name": f"category {c}"} for c in self.categories],
            "annotations": annotations,
        }

    def results(self) -> list[dict[str, Any]]:
        records = []
        for guess in self.guesses:
            record: dict[str, Any] = {
                "image_id": guess.image,
                "category_id": guess.category,
                "score": guess.score,
                "segmentation": coded(guess.mask),
            }
            if guess.box is not None:
                record["bbox"] = list(guess.box)
            records.append(record)
        return records

    def write(self, folder: Path) -> tuple[Path, Path]:
        """The annotation file and the results file."""
        truth, results = folder / "truth.json", folder / "results.json"
        truth.write_text(json.dumps(self.truth()))
        results.write_text(json.dumps(self.results()))
        return truth, results


def stock_files(truth: Path, results: Path, iou: str = "segm") -> Any:
    """pycocotools with two files loaded, ready for `evaluate`."""
    with contextlib.redirect_stdout(io.StringIO()):
        ground_truth = COCO(str(truth))
        return COCOeval(ground_truth, ground_truth.loadRes(str(results)), iou)  # type: ignore[arg-type]


def stock_evaluation(truth: Path, results: Path, iou: str = "segm") -> COCOeval:
    """Plain pycocotools on two files, used as its own documentation shows."""
    evaluation = stock_files(truth, results, iou)
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation
