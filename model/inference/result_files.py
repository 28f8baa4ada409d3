"""Result files: COCO's panoptic and results formats, and label maps.

A folder holds, for the tasks requested:

- `panoptic.json`, `panoptic/NAME.png`: COCO's panoptic format, with segment ids as red + 256 green
  + 65536 blue;
- `semantic.json`, `semantic/NAME.png`: COCO results with one mask per class, and label maps of
  category ids;
- `instances.json`: COCO results with run-length masks, but no `bbox`, because pycocotools would
  compute areas from it instead of the masks;
- `images.json`: image ids and categories, in a form that `pycocotools.coco.COCO` opens;
- `overlays/NAME.TASK.png`.
"""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from model.data.image_list import ListedImage
from model.inference.postprocess import InstanceResult, PanopticResult, SemanticResult
from model.inference.predictor import Prediction
from model.inference.result_names import IMAGES_FILE, OVERLAYS, RECORD_FILES
from model.inference.visualize import (
    SHOWN_SCORE,
    draw_instances,
    draw_panoptic,
    draw_semantic,
    save_picture,
)
from model.text.vocabulary import Vocabulary
from o365seg.errors import InputError
from o365seg.formats.json_files import make_folder, write_json_atomic
from o365seg.formats.masks import Rle, encode_rle, rle_area
from o365seg.formats.task import Task

_MOST_LABELS = 2**16 - 1


class ResultFiles:
    """The files of one run: PNGs are written image by image, JSON files by `finish`.

    Args:
        folder: Created if missing; files of the same names are replaced.
        vocabulary: The classes of the predictions.
        overlays: Whether to draw results over the images.
        shown_score: Minimum score of the instances drawn, 0 to 1.

    Raises:
        InputError: the folder cannot be created, or a category id does not fit into a label map.
    """

    def __init__(
        self,
        folder: Path,
        vocabulary: Vocabulary,
        *,
        overlays: bool = True,
        shown_score: float = SHOWN_SCORE,
    ) -> None:
        for name, number in zip(vocabulary.names, vocabulary.ids, strict=True):
            if not 0 <= number <= _MOST_LABELS:
                raise InputError(
                    f"id {number} ({name!r}) does not fit into a 16-bit label map",
                    file=vocabulary.source,
                )
        make_folder(folder)
        self.folder = folder
        self.vocabulary = vocabulary
        self._overlays = overlays
        self._shown_score = shown_score
        self._images: list[dict[str, Any]] = []
        self._records: dict[Task, list[dict[str, Any]]] = {}

    def add(self, image: ListedImage, pixels: np.ndarray, prediction: Prediction) -> None:
        """Write the PNGs of an image and collect its records; `pixels` is uint8 (H, W, 3), RGB."""
        height, width = pixels.shape[:2]
        words = self.vocabulary
        if prediction.panoptic is not None:
            self._write_map(panoptic_map(prediction.panoptic.ids), Task.PANOPTIC, image)
            record = panoptic_record(prediction.panoptic, image, words)
            self._records.setdefault(Task.PANOPTIC, []).append(record)
        if prediction.semantic is not None:
            self._write_map(label_map(prediction.semantic, words), Task.SEMANTIC, image)
            records = semantic_records(prediction.semantic, image, words)
            self._records.setdefault(Task.SEMANTIC, []).extend(records)
        if prediction.instance is not None:
            records = instance_records(prediction.instance, image, words)
            self._records.setdefault(Task.INSTANCE, []).extend(records)
        if self._overlays:
            self._draw(image, pixels, prediction)
        about = {"id": image.id, "file_name": image.name, "width": width, "height": height}
        self._images.append(about)

    def _draw(self, image: ListedImage, pixels: np.ndarray, prediction: Prediction) -> None:
        pictures: dict[Task, Image.Image] = {}
        if prediction.panoptic is not None:
            pictures[Task.PANOPTIC] = draw_panoptic(pixels, prediction.panoptic, self.vocabulary)
        if prediction.semantic is not None:
            pictures[Task.SEMANTIC] = draw_semantic(pixels, prediction.semantic, self.vocabulary)
        if prediction.instance is not None:
            pictures[Task.INSTANCE] = draw_instances(
                pixels, prediction.instance, self.vocabulary, self._shown_score
            )
        for task, picture in pictures.items():
            path = self._path(OVERLAYS, image, f".{task}.png")
            make_folder(path.parent)
            save_picture(picture, path)

    def finish(self) -> list[Path]:
        """Write the JSON files and return their paths."""
        shared = {"images": self._images, "categories": self.vocabulary.as_categories()}
        contents: dict[str, Any] = {IMAGES_FILE: shared | {"annotations": []}}
        for task, records in self._records.items():
            content = shared | {"annotations": records} if task is Task.PANOPTIC else records
            contents[RECORD_FILES[task]] = content
        for name, content in contents.items():
            write_json_atomic(self.folder / name, content)
        return [self.folder / name for name in contents]

    def _write_map(self, pixels: np.ndarray, task: Task, image: ListedImage) -> None:
        save_map(pixels, self._path(task, image, ".png"))

    def _path(self, folder: str, image: ListedImage, suffix: str) -> Path:
        return self.folder / folder / f"{image.stem}{suffix}"


def save_map(pixels: np.ndarray, path: Path) -> None:
    """Write an integer map, (H, W) or (H, W, 3), as a PNG; its name may begin with new folders.

    Raises:
        InputError: the file cannot be written.
    """
    make_folder(path.parent)
    save_picture(Image.fromarray(pixels), path)


def panoptic_map(ids: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) of int32 (H, W) segment ids: red + 256 green + 65536 blue; 0 is void."""
    return ids.astype("<i4").view(np.uint8).reshape(*ids.shape, 4)[..., :3].copy()


def panoptic_record(
    result: PanopticResult, image: ListedImage, vocabulary: Vocabulary
) -> dict[str, Any]:
    """An image's entry in `annotations` of COCO's panoptic format, with a `score` per segment."""
    areas = np.bincount(result.ids.ravel(), minlength=len(result.segments) + 1)
    segments = [
        {
            "id": segment.id,
            "category_id": vocabulary.ids[segment.label],
            "area": int(areas[segment.id]),
            "bbox": mask_box(result.ids == segment.id),
            "iscrowd": 0,
            "score": segment.score,
        }
        for segment in result.segments
    ]
    return {"image_id": image.id, "file_name": f"{image.stem}.png", "segments_info": segments}


def label_map(result: SemanticResult, vocabulary: Vocabulary) -> np.ndarray:
    """Category ids, uint8 (H, W), or uint16 if an id needs it."""
    kind = np.uint8 if max(vocabulary.ids) <= 255 else np.uint16
    return np.array(vocabulary.ids, kind)[result.classes]


def semantic_records(
    result: SemanticResult, image: ListedImage, vocabulary: Vocabulary
) -> list[dict[str, Any]]:
    """COCO results of an image: one mask for each class present."""
    return [
        _record(image, vocabulary.ids[label], encode_rle(result.classes == label))
        for label in np.unique(result.classes).tolist()
    ]


def instance_records(
    result: InstanceResult, image: ListedImage, vocabulary: Vocabulary
) -> list[dict[str, Any]]:
    """COCO results of an image, in descending order of score."""
    return [
        _record(image, vocabulary.ids[label], mask) | {"score": score}
        for label, mask, score in zip(
            result.labels.tolist(), result.masks, result.scores.tolist(), strict=True
        )
        if rle_area(mask)
    ]


def _record(image: ListedImage, category: int, mask: Rle) -> dict[str, Any]:
    return {"image_id": image.id, "category_id": category, "segmentation": mask}


def mask_box(mask: np.ndarray) -> list[int]:
    """COCO's (x, y, width, height) of a non-empty mask, bool (H, W)."""
    columns, rows = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
    left, top = int(columns[0]), int(rows[0])
    return [left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top]
