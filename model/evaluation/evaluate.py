"""Evaluate a network on a data set by the metric of its task: mIoU, PQ or AP.

Results and ground truth are written as files and then scored by `benchmark`, so the numbers are
those of `benchmark evaluate` on the same files. Several processes (torchrun) divide the images
among themselves; the first one merges the results and scores them.
"""

from pathlib import Path

from model.data.samples import BoxGroundTruth, Dataset
from model.evaluation.ground_truth_files import annotated_instances, annotation_truth
from model.evaluation.parallel_prediction import (
    Predicts,
    merge_results,
    predict_subset,
    prepare_folder,
)
from model.evaluation.scores import Scores, score_files
from model.inference.postprocess import COCO_CONFIDENCE, CONFIDENCE
from model.runtime.distributed import ALONE, Ranks
from o365seg.formats.task import Task


def evaluate_dataset(
    predictor: Predicts,
    dataset: Dataset,
    out: Path,
    *,
    batch: int = 1,
    limit: int | None = None,
    ranks: Ranks = ALONE,
) -> Scores | None:
    """Predict a data set, write the results, and score them.

    Args:
        predictor: A predictor with the data set's vocabulary.
        dataset: The data set.
        out: Folder of the results; files of an earlier evaluation are replaced.
        batch: Images per forward pass.
        limit: Number of images, from the first; None for all.
        ranks: This process, if torchrun started several.

    Returns:
        The scores; None in every process but the first.

    Raises:
        InputError: an image or the ground truth is invalid, or a file cannot be written.
    """
    task = Task(dataset.task)
    annotated = annotated_instances(dataset)
    written = annotated is None
    if ranks.is_first:
        prepare_folder(out, task)
    ranks.wait()
    predict_subset(predictor, dataset, out, ranks, batch=batch, limit=limit, with_truth=written)
    ranks.wait()
    if not ranks.is_first:
        return None
    ids = merge_results(out, task, dataset.vocabulary, ranks.count, with_truth=written)
    truth = out / ("truth" if task is Task.SEMANTIC else "truth.json")
    if annotated is not None:
        truth = annotation_truth(annotated, {int(number) for number in ids}, truth)
    boxes = has_only_boxes(dataset)
    return score_files(dataset.name, task, dataset.vocabulary, out, truth, boxes=boxes)


def has_only_boxes(dataset: Dataset) -> bool:
    """Whether instances of the data set are scored by their boxes, as it has no masks."""
    return Task(dataset.task) is Task.INSTANCE and isinstance(
        dataset[0].ground_truth, BoxGroundTruth
    )


def default_confidence(name: str) -> float:
    """Class probability that a panoptic segment must exceed: 0.85 on COCO, else 0.8."""
    return COCO_CONFIDENCE if name.startswith("coco") else CONFIDENCE
