"""Predict a data set's images, each process its share; then put the shares together.

Every image's PNGs are written at once. Its records wait in a process's own part file, with the
image's place in the data set, so that the merged files are the same byte for byte however many
processes there were.
"""

import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np
from PIL import Image

from benchmark.pixels.ordered_threads import map_in_order
from model.data.image_list import ListedImage
from model.data.samples import Dataset, Sample
from model.evaluation.ground_truth_files import write_truth
from model.inference.predictor import Prediction
from model.inference.result_files import (
    instance_records,
    label_map,
    panoptic_map,
    panoptic_record,
    semantic_records,
)
from model.inference.visualize import save_picture
from model.text.vocabulary import Vocabulary
from o365seg.errors import InputError
from o365seg.formats.json_files import make_folder, read_json, write_json_atomic
from o365seg.formats.masks import encode_rle
from o365seg.formats.task import Task

_FOLDERS = {
    Task.PANOPTIC: ("truth", "panoptic"),
    Task.SEMANTIC: ("truth", "semantic"),
    Task.INSTANCE: (),
}
_PARTS = ".parts"


class Predicts(Protocol):
    """What is evaluated: `model.inference.predictor.Predictor`, or a stand-in in tests."""

    def predict(self, images: Sequence[np.ndarray], tasks: Collection[Task]) -> list[Prediction]:
        """A prediction for each uint8 (H, W, 3) image."""
        ...


@dataclass(frozen=True)
class Share:
    """Which batches a process predicts: of `count` processes it is number `rank`."""

    rank: int = 0
    count: int = 1


ALONE = Share()


class _Part(msgspec.Struct):
    """An image's records, undecoded: of `images`, of the results, and of the truth."""

    place: int
    image: msgspec.Raw
    found: msgspec.Raw
    true: msgspec.Raw


def prepare_folder(out: Path, task: Task) -> None:
    """Make the folders; whatever an earlier evaluation left in them goes."""
    make_folder(out)
    for name in (*_FOLDERS[task], _PARTS):
        shutil.rmtree(out / name, ignore_errors=True)
        make_folder(out / name)


def predict_share(
    predictor: Predicts,
    dataset: Dataset,
    out: Path,
    share: Share,
    *,
    batch: int = 1,
    limit: int | None = None,
    with_truth: bool = True,
) -> None:
    """Predict this process's batches and write their files.

    Args:
        predictor: Asked for the data set's own task.
        dataset: What is evaluated.
        out: As `prepare_folder` made it.
        share: Which batches are this process's.
        batch: Images a forward pass. Batches are the same whoever predicts them, for a sum's last
            bit may depend on who shares the batch.
        limit: Only the first so many images.
        with_truth: Whether to write the truth, too.

    Raises:
        InputError: an image is at fault, or its truth cannot be scored by this task.
    """
    count = len(dataset) if limit is None else min(limit, len(dataset))
    batches = [range(first, min(first + batch, count)) for first in range(0, count, batch)]
    words, task = dataset.vocabulary, Task(dataset.task)

    def read(places: range) -> list[tuple[ListedImage, Sample, list[dict[str, Any]]]]:
        loaded = []
        for place in places:
            sample = dataset[place]
            image = _named(sample, place, task)
            true = write_truth(sample, image, task, words, out) if with_truth else []
            loaded.append((image, sample, true))
        return loaded

    parts: list[dict[str, Any]] = []
    own = batches[share.rank :: share.count]
    for places, loaded in zip(own, map_in_order(read, own, dataset.name), strict=True):
        predictions = predictor.predict([sample.image for _, sample, _ in loaded], [task])
        for place, (image, sample, true), prediction in zip(
            places, loaded, predictions, strict=True
        ):
            height, width = sample.image.shape[:2]
            about = {"id": image.id, "file_name": image.name, "width": width, "height": height}
            found = _write_results(prediction, image, words, out)
            parts.append({"place": place, "image": about, "found": found, "true": true})
    write_json_atomic(out / _PARTS / f"{share.rank}.json", parts)


def _named(sample: Sample, place: int, task: Task) -> ListedImage:
    """The image by its id. COCO's results format knows whole numbers only: others are counted."""
    number = sample.image_id
    if task is Task.INSTANCE and not isinstance(number, int):
        number = place + 1
    stem = f"{number:012d}" if isinstance(number, int) else number
    return ListedImage(sample.path, stem + sample.path.suffix, number)


def _write_results(
    prediction: Prediction, image: ListedImage, words: Vocabulary, out: Path
) -> list[dict[str, Any]]:
    """The PNG, where the task has one, and the records."""
    if prediction.panoptic is not None:
        pixels = panoptic_map(prediction.panoptic.ids)
        save_picture(Image.fromarray(pixels), out / "panoptic" / f"{image.stem}.png")
        return [panoptic_record(prediction.panoptic, image, words)]
    if prediction.semantic is not None:
        pixels = label_map(prediction.semantic, words)
        save_picture(Image.fromarray(pixels), out / "semantic" / f"{image.stem}.png")
        return semantic_records(prediction.semantic, image, words)
    assert prediction.instance is not None
    return instance_records(prediction.instance, image, words)


def merge_shares(
    out: Path, task: Task, words: Vocabulary, share_count: int, *, with_truth: bool = True
) -> list[int | str]:
    """Write the JSON files from all processes' parts, in the data set's order.

    Returns:
        The ids of the images predicted.

    Raises:
        InputError: a part is missing, two images have one id, or there is no image.
    """
    parts = [
        part for rank in range(share_count)
        for part in read_json(out / _PARTS / f"{rank}.json", list[_Part])
    ]  # fmt: skip
    parts.sort(key=lambda part: part.place)
    images = [msgspec.json.decode(part.image) for part in parts]
    if not images:
        raise InputError("the data set holds no image to evaluate", file=out)
    if len({image["id"] for image in images}) < len(images):
        raise InputError("two images of the data set have one id", file=out, field="image_id")
    shared = {"images": images, "categories": words.as_categories()}
    found = [record for part in parts for record in _records(part.found)]
    true = [record for part in parts for record in _records(part.true)]
    if task is Task.PANOPTIC:
        write_json_atomic(out / "panoptic.json", shared | {"annotations": found})
    else:
        name = "preds.json" if task is Task.INSTANCE else "semantic.json"
        write_json_atomic(out / name, found or [_nothing(images[0], words)])
    if task is Task.SEMANTIC:
        write_json_atomic(out / "classes.json", words.as_categories())
    elif with_truth:
        if task is Task.INSTANCE:
            true = [
                msgspec.json.decode(record) | {"id": number}
                for number, record in enumerate(true, start=1)
            ]
        write_json_atomic(out / "truth.json", shared | {"annotations": true})
    shutil.rmtree(out / _PARTS)
    return [image["id"] for image in images]


def _nothing(image: dict[str, Any], words: Vocabulary) -> dict[str, Any]:
    """An empty mask of score 0 where nothing was found at all, as it is early in training: it
    scores nothing, and no program takes a results file without a record."""
    mask = encode_rle(np.zeros((image["height"], image["width"]), bool))
    return {"image_id": image["id"], "category_id": words.ids[0], "segmentation": mask, "score": 0}


def _records(raw: msgspec.Raw) -> list[msgspec.Raw]:
    return msgspec.json.decode(raw, type=list[msgspec.Raw])
