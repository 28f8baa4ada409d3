"""The pictures of docs/results.md, of the generated data sets: predictions beside ground truth.

    python docs/make_result_pictures.py experiments/small     # after `dataseg table 1`

Photographs are not drawn: their licences do not allow it. Loss curves are of the files that
`make_results.py gather` keeps.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import msgspec
import numpy as np
from make_results import ALONE, BOXES, TOGETHER, read_runs
from PIL import Image, ImageDraw
from pycocotools import mask as coco_mask

from benchmark.pixels.png_maps import read_labels
from model.data.samples import Dataset
from model.datasets.synthetic import open_synthetic
from model.inference.visualize import font
from model.text.vocabulary import Vocabulary
from o365seg.formats.masks import Rle
from o365seg.images.drawing import mask_region, paint
from o365seg.images.palette import Colour, distinct_colours
from o365seg.presentation.figure_files import COLOURS, figure_style

IMAGES = Path(__file__).parent / "images"
SHOWN = 6
"""Validation images drawn: the first ones, so that none is picked."""
LEAST_SCORE = 0.5
SIDE, MARGIN, HEADING = 176, 6, 26
SEMANTIC = ALONE["ADE semantic mIoU"]
BOX_ONLY = ("bracket", "letter x")
CROP_COLUMNS = ("image", "ground truth", "together")
COLUMNS = ("image", "ground truth", "alone", "together")

Panel = np.ndarray
"""uint8 (SIDE, SIDE, 3)."""


def instance_rows(experiment: Path, seed: int) -> tuple[list[list[Panel]], Vocabulary]:
    """Rows of `COLUMNS` of the box set: masks of class colours, predictions by score."""
    alone, together = (_scored(experiment, run, seed, "instances") for run in (BOXES, TOGETHER))
    truth = json.loads((together / "truth.json").read_text())["annotations"]
    results = [truth, *(json.loads((p / "preds.json").read_text()) for p in (alone, together))]
    images, words = _images("instances")
    colours = distinct_colours(len(words))
    rows = [
        [image, *(_with_masks(image, _of_image(some, number), colours) for some in results)]
        for number, image in enumerate(images, start=1)
    ]
    return rows, words


def box_only_rows(experiment: Path, seed: int) -> list[list[np.ndarray]]:
    """Rows of `CROP_COLUMNS`: the first objects of each class that no set has masks of.

    In the images' own pixels. Beside each is the co-trained prediction of its class whose box
    overlaps its own most.
    """
    folder = _scored(experiment, TOGETHER, seed, "instances")
    truth = json.loads((folder / "truth.json").read_text())
    predictions = json.loads((folder / "preds.json").read_text())
    identities = {category["name"]: category["id"] for category in truth["categories"]}
    data, rows = _validation("instances"), []
    for name in BOX_ONLY:
        own = [a for a in truth["annotations"] if a["category_id"] == identities[name]][:SHOWN]
        for annotation in own:
            wanted = [
                p for p in predictions
                if (p["image_id"], p["category_id"]) == (annotation["image_id"], identities[name])
            ]  # fmt: skip
            masks = [_decoded(p["segmentation"]) for p in wanted]
            boxes: list[Any] = [coco_mask.toBbox(p["segmentation"]) for p in wanted]
            own_box: Any = np.array([annotation["bbox"]])
            overlaps: Any = coco_mask.iou(np.array(boxes).reshape(-1, 4), own_box, [0])
            truth_mask = _decoded(annotation["segmentation"])
            found = masks[overlaps.argmax()] if wanted else np.zeros_like(truth_mask)
            x, y, width, height = (round(value) for value in annotation["bbox"])
            window = np.s_[max(y - 4, 0) : y + height + 4, max(x - 4, 0) : x + width + 4]
            image = data[annotation["image_id"] - 1].image[window]
            rows.append([image, truth_mask[window], found[window]])
    return rows


def crops(rows: list[list[np.ndarray]]) -> Image.Image:
    """Rows of `CROP_COLUMNS`, half a panel high, four side by side."""
    side, across = SIDE // 2, 4
    row_width = len(CROP_COLUMNS) * side + 2 * MARGIN
    size = across * row_width, -(-len(rows) // across) * (side + MARGIN)
    picture = Image.new("RGB", size, "white")
    for index, panels in enumerate(rows):
        top, left = index // across * (side + MARGIN), index % across * row_width
        for column, panel in enumerate(panels):
            how = Image.Resampling.NEAREST if column else Image.Resampling.BICUBIC  # masks
            small = Image.fromarray(panel).resize((side, side), how)
            picture.paste(small, (left + column * side, top))
    return picture


def semantic_rows(experiment: Path, seed: int) -> tuple[list[list[Panel]], Vocabulary]:
    """Rows of `COLUMNS` of the semantic set: a colour a class."""
    alone, together = (_scored(experiment, run, seed, "semantic") for run in (SEMANTIC, TOGETHER))
    images, words = _images("semantic")
    table = np.array([(0, 0, 0), *distinct_colours(len(words))], np.uint8)
    rows = []
    for number, image in enumerate(images, start=1):
        maps = [
            read_labels(folder / f"{number:012d}.png")
            for folder in (together / "truth", alone / "semantic", together / "semantic")
        ]
        maps = [np.where(labels > len(words), 0, labels) for labels in maps]
        rows.append([image, *(_scaled(table[labels], Image.Resampling.NEAREST) for labels in maps)])
    return rows, words


def sheet(rows: list[list[Panel]], words: Vocabulary) -> Image.Image:
    """Rows of panels below their columns' names, and the classes' colours."""
    width = len(COLUMNS) * (SIDE + MARGIN) + MARGIN
    picture = Image.new("RGB", (width, HEADING * 2 + len(rows) * (SIDE + MARGIN)), "white")
    draw = ImageDraw.Draw(picture)
    for column, name in enumerate(COLUMNS):
        draw.text((MARGIN + column * (SIDE + MARGIN), 6), name, "black", font(13))
        for row, panels in enumerate(rows):
            place = MARGIN + column * (SIDE + MARGIN), HEADING + row * (SIDE + MARGIN)
            picture.paste(Image.fromarray(panels[column]), place)
    left, top = MARGIN, picture.height - HEADING + 4
    for name, colour in zip(words.names, distinct_colours(len(words)), strict=True):
        draw.rectangle((left, top, left + 12, top + 12), fill=colour)
        draw.text((left + 17, top - 1), name, "black", font(12))
        left += 17 + round(draw.textlength(name, font(12))) + 12
    return picture


def draw_losses(recipe: str, path: Path) -> None:
    """Loss of each data set against its own images seen, alone and together; the first seed."""
    runs = read_runs(recipe)
    together = runs[TOGETHER][0]
    names = sorted(together["losses"])
    with figure_style():
        figure, axes = plt.subplots(1, len(names), figsize=(9, 2.8), layout="constrained")
        for name, axis in zip(names, axes, strict=True):
            alone = [some[0] for some in runs.values() if sorted(some[0]["losses"]) == [name]]
            curves = [("alone", run, COLOURS[0]) for run in alone]
            for label, run, colour in [*curves, ("together", together, COLOURS[1])]:
                points = np.array(run["losses"][name])
                axis.plot(points[:, 0] / run["iterations"], points[:, 1], color=colour, label=label)
            axis.set(title=name.removeprefix("synthetic_"), xlabel="part of the run", yscale="log")
            axis.set_yticks([2, 5, 10, 20], ["2", "5", "10", "20"])
            axis.minorticks_off()
        axes[0].set_ylabel("loss")
        axes[0].legend()
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)


def _scored(experiment: Path, run: str, seed: int, which: str) -> Path:
    return experiment / "runs" / run / f"seed{seed}" / "scored" / f"synthetic_{which}"


def _validation(which: str) -> Dataset:
    return open_synthetic({"which": which, "split": "val", "size": 128}, "pictures")


def _images(which: str) -> tuple[list[Panel], Vocabulary]:
    data = _validation(which)
    return [_scaled(data[index].image) for index in range(SHOWN)], data.vocabulary


def _scaled(pixels: np.ndarray, how: Image.Resampling = Image.Resampling.BICUBIC) -> Panel:
    return np.asarray(Image.fromarray(pixels).resize((SIDE, SIDE), how))


def _decoded(segmentation: Any) -> np.ndarray:
    """(H, W, 3) uint8, white where the mask is."""
    return np.repeat(coco_mask.decode(segmentation)[..., None] * 255, 3, 2)


def _of_image(records: list[dict[str, Any]], image_id: int) -> list[dict[str, Any]]:
    """Its annotations or sure predictions, the surest last."""
    mine = [r for r in records if r["image_id"] == image_id and r.get("score", 1) >= LEAST_SCORE]
    return sorted(mine, key=lambda record: record.get("score", 1))


def _with_masks(image: Panel, records: list[dict[str, Any]], colours: tuple[Colour, ...]) -> Panel:
    canvas = image.copy()
    for record in records:
        region = mask_region(msgspec.convert(record["segmentation"], Rle), canvas.shape)
        paint(canvas, region, colours[record["category_id"] - 1], filled=True)
    return canvas


def main() -> None:
    """See the top."""
    parser = argparse.ArgumentParser(description="Draw the pictures of docs/results.md.")
    parser.add_argument("experiment", type=Path, help="folder of `dataseg table --recipe small`")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    for name, rows in (("boxes", instance_rows), ("semantic", semantic_rows)):
        path = IMAGES / f"results_{name}.webp"
        sheet(*rows(given.experiment, given.seed)).save(path, quality=80)
        sys.stderr.write(f"written: {path}\n")
    path = IMAGES / "results_box_only.webp"
    crops(box_only_rows(given.experiment, given.seed)).save(path, quality=80)
    sys.stderr.write(f"written: {path}\n")
    draw_losses("small", IMAGES / "results_losses.svg")
    sys.stderr.write(f"written: {IMAGES / 'results_losses.svg'}\n")


if __name__ == "__main__":
    main()
