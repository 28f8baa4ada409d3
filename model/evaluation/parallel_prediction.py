"""Predict a data set's images in one or more processes, and merge their results.

The PNGs of an image are written immediately. Its records are kept in a file of the process, with
the image's index in the data set, so that the merged files are the same byte for byte whatever the
number of processes.
"""

import shutil
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np

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
    save_map,
    semantic_records,
)
from model.runtime.distributed import Ranks
from model.text.vocabulary import Vocabulary
from o365seg.errors import InputError
from o365seg.formats.json_files import make_folder, read_json, write_json_atomic
from o365seg.formats.task import Task

_FOLDERS = {
    Task.PANOPTIC: ("truth", "panoptic"),
    Task.SEMANTIC: ("truth", "semantic"),
    Task.INSTANCE: (),
}
_PARTS = ".parts"


class Predicts(Protocol):
    """What is evaluated: `model.inference.predictor.Predictor`, or a substitute in tests."""

    def predict(self, images: Sequence[np.ndarray], tasks: Collection[Task]) -> list[Prediction]:
        """Return a prediction for each uint8 (H, W, 3) image."""
        ...


class _ImageRecords(msgspec.Struct):
    """An image's undecoded records: of `images`, of the results and of the ground truth."""

    index: int
    image: msgspec.Raw
    found: msgspec.Raw
    true: msgspec.Raw


def prepare_folder(out: Path, task: Task) -> None:
    """Create the folders and delete the files of an earlier evaluation."""
    make_folder(out)
    for name in (*_FOLDERS[task], _PARTS):
        shutil.rmtree(out / name, ignore_errors=True)
        make_folder(out / name)


def predict_subset(
    predictor: Predicts,
    dataset: Dataset,
    out: Path,
    ranks: Ranks,
    *,
    batch: int = 1,
    limit: int | None = None,
    with_truth: bool = True,
) -> None:
    """Predict the batches of this process and write their files.

    Args:
        predictor: Predicts the data set's task.
        dataset: The data set.
        out: A folder from `prepare_folder`.
        ranks: This process; it predicts every `count`-th batch from `rank` on.
        batch: Images per forward pass. Batches do not depend on the number of processes, because
            the last bit of a sum may depend on the other images of the batch.
        limit: Number of images, from the first; None for all.
        with_truth: Whether to write the ground truth, too.

    Raises:
        InputError: an image cannot be read, or its ground truth does not fit the task.
    """
    count = len(dataset) if limit is None else min(limit, len(dataset))
    batches = [range(first, min(first + batch, count)) for first in range(0, count, batch)]
    words, task = dataset.vocabulary, Task(dataset.task)

    def read(indices: range) -> list[tuple[ListedImage, Sample, list[dict[str, Any]]]]:
        loaded = []
        for index in indices:
            sample = dataset[index]
            image = _named(sample, index, task)
            true = write_truth(sample, image, task, words, out) if with_truth else []
            loaded.append((image, sample, true))
        return loaded

    parts: list[dict[str, Any]] = []
    own = batches[ranks.rank :: ranks.count]
    results = map_in_order(read, own, dataset.name, size=_decoded_size)
    for indices, loaded in zip(own, results, strict=True):
        predictions = predictor.predict([sample.image for _, sample, _ in loaded], [task])
        for index, (image, sample, true), prediction in zip(
            indices, loaded, predictions, strict=True
        ):
            height, width = sample.image.shape[:2]
            about = {"id": image.id, "file_name": image.name, "width": width, "height": height}
            found = _write_results(prediction, image, words, out)
            parts.append({"index": index, "image": about, "found": found, "true": true})
    write_json_atomic(out / _PARTS / f"{ranks.rank}.json", parts)


def _decoded_size(loaded: list[tuple[ListedImage, Sample, list[dict[str, Any]]]]) -> int:
    """Bytes of the images and of as many maps of int32."""
    return sum(sample.image.nbytes // 3 * 7 for _, sample, _ in loaded)


def _named(sample: Sample, index: int, task: Task) -> ListedImage:
    """Name an image by its id, or by its number where COCO's results need a whole number."""
    number = sample.image_id
    if task is Task.INSTANCE and not isinstance(number, int):
        number = index + 1
    stem = f"{number:012d}" if isinstance(number, int) else number
    if Path(stem).is_absolute() or ".." in Path(stem).parts:
        raise InputError(f"the id {number!r} cannot name a file", file=sample.path)
    return ListedImage(sample.path, stem + sample.path.suffix, number)


def _write_results(
    prediction: Prediction, image: ListedImage, words: Vocabulary, out: Path
) -> list[dict[str, Any]]:
    """Write the PNG, if the task has one, and return the records."""
    if prediction.panoptic is not None:
        pixels = panoptic_map(prediction.panoptic.ids)
        save_map(pixels, out / "panoptic" / f"{image.stem}.png")
        return [panoptic_record(prediction.panoptic, image, words)]
    if prediction.semantic is not None:
        pixels = label_map(prediction.semantic, words)
        save_map(pixels, out / "semantic" / f"{image.stem}.png")
        return semantic_records(prediction.semantic, image, words)
    assert prediction.instance is not None
    return instance_records(prediction.instance, image, words)


def merge_results(
    out: Path, task: Task, words: Vocabulary, process_count: int, *, with_truth: bool = True
) -> list[int | str]:
    """Merge the records of all processes into the JSON files, in the data set's order.

    Returns:
        The ids of the predicted images.

    Raises:
        InputError: a process's file is missing, an image id is repeated, or there is no image.
    """
    parts = [
        part for rank in range(process_count)
        for part in read_json(out / _PARTS / f"{rank}.json", list[_ImageRecords])
    ]  # fmt: skip
    parts.sort(key=lambda part: part.index)
    images = [msgspec.json.decode(part.image) for part in parts]
    if not images:
        raise InputError("no image to evaluate", file=out)
    if len({image["id"] for image in images}) < len(images):
        raise InputError("two images of the data set have the same id", file=out, field="image_id")
    shared = {"images": images, "categories": words.as_categories()}
    found = [record for part in parts for record in _records(part.found)]
    true = [record for part in parts for record in _records(part.true)]
    if task is Task.PANOPTIC:
        write_json_atomic(out / "panoptic.json", shared | {"annotations": found})
    else:
        name = "preds.json" if task is Task.INSTANCE else "semantic.json"
        write_json_atomic(out / name, found)
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


def _records(raw: msgspec.Raw) -> list[msgspec.Raw]:
    return msgspec.json.decode(raw, type=list[msgspec.Raw])
