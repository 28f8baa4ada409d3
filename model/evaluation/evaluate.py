"""A network's scores on a data set: mIoU, PQ or AP, whatever the data set's task is scored by.

Results and truth are written as files first and then scored through `benchmark`, so the numbers
are those of `benchmark evaluate` on the same files. Several processes (torchrun) share the images;
the first puts the results together and scores them.
"""

from pathlib import Path

from model.data.samples import BoxTruth, Dataset
from model.evaluation.ground_truth_files import annotated_instances, annotation_truth
from model.evaluation.parallel_prediction import (
    ALONE,
    Predicts,
    Share,
    merge_shares,
    predict_share,
    prepare_folder,
)
from model.evaluation.scores import Scores, score_files
from model.inference.postprocess import COCO_CONFIDENCE, CONFIDENCE
from o365seg.formats.task import Task


def evaluate_dataset(
    predictor: Predicts,
    dataset: Dataset,
    out: Path,
    *,
    batch: int = 1,
    limit: int | None = None,
    share: Share = ALONE,
) -> Scores | None:
    """Predict a data set, write the results, and score them.

    Args:
        predictor: With the data set's vocabulary.
        dataset: What to evaluate.
        out: Folder of the results; files of an earlier evaluation are replaced.
        batch: Images a forward pass.
        limit: Only the first so many images.
        share: This process's, where `torch.distributed` runs several.

    Returns:
        The scores; None in every process but the first.

    Raises:
        InputError: an image or the truth is at fault, or a file cannot be written.
    """
    task = Task(dataset.task)
    annotated = annotated_instances(dataset)
    written = annotated is None
    if share.rank == 0:
        prepare_folder(out, task)
    _wait(share)
    predict_share(predictor, dataset, out, share, batch=batch, limit=limit, with_truth=written)
    _wait(share)
    if share.rank:
        return None
    ids = merge_shares(out, task, dataset.vocabulary, share.count, with_truth=written)
    truth = out / ("truth" if task is Task.SEMANTIC else "truth.json")
    if annotated is not None:
        truth = annotation_truth(annotated, {int(number) for number in ids}, truth)
    boxes = task is Task.INSTANCE and isinstance(dataset[0].truth, BoxTruth)
    return score_files(dataset.name, task, dataset.vocabulary, out, truth, boxes=boxes)


def default_confidence(name: str) -> float:
    """Class probability a panoptic segment must exceed: appendix F's for COCO, and for the rest."""
    return COCO_CONFIDENCE if name.startswith("coco") else CONFIDENCE


def _wait(share: Share) -> None:
    """Wait until all processes are here."""
    if share.count > 1:
        import torch.distributed

        torch.distributed.barrier()
