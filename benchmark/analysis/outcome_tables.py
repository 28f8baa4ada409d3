"""What became of every prediction and every image, as pandas tables.

One row a prediction and one an image, at IoU 0.5, to sort, filter and join in pandas, or to load in
FiftyOne or supervision. pandas is imported only here.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmark.analysis.error_kinds import Judged, Kind
from benchmark.average_precision.result import Result
from benchmark.reading.inputs import Inputs
from benchmark.reading.text_ids import TextIds
from o365seg.errors import InputError
from o365seg.formats.json_files import replacing
from o365seg.formats.records import AnnotationFile

if TYPE_CHECKING:
    import pandas as pd

FOUND, FALSE, IGNORED, BEYOND = "true positive", "false positive", "ignored", "beyond limit"
"""Outcomes: `BEYOND` has 100 better predictions of its category in its image."""

UNCOUNTED = "not counted"
"""LVIS did not look for the category in the image, or it has 300 better predictions."""


def detections_table(result: Result, inputs: Inputs, judged: Judged) -> "pd.DataFrame":
    """One row a prediction, in the order of the results file.

    Columns: `prediction` (index in the file; predictions of unknown categories have no row),
    `image_id`, `file_name`, `category_id`, `category`, `score`, `x`, `y`, `width`, `height` (box in
    pixels), `outcome` (at IoU 0.5), `error` (TIDE's kind of a false positive, else empty),
    `matched_iou` (the highest IoU threshold at which it is a true positive; 0 for none). A
    duplicate at 0.5 can be the match at a higher threshold. Ids are those of the files.

    Args:
        result: What `evaluate` found.
        inputs: The same predictions and ground truth.
        judged: What `error_kinds.judge` found for them.
    """
    result.require_default_parameters()
    import pandas as pd

    found = inputs.predictions
    outcome = np.full(len(found), UNCOUNTED if result.is_lvis else BEYOND, dtype=object)
    matched_iou = np.zeros(len(found))
    for one in result.matches:
        matched, ignored = one.matched[0], one.ignored[0]
        outcome[one.prediction] = np.select(
            [ignored[0], matched[0]], [IGNORED, FOUND], FALSE
        )  # fmt: skip
        true = matched & ~ignored
        last = len(true) - 1 - true[::-1].argmax(axis=0)
        matched_iou[one.prediction] = np.where(
            true.any(axis=0), result.thresholds[last].round(2), 0
        )
    error = np.full(len(found), "", dtype=object)
    names = {kind.value: kind.name.lower() for kind in Kind}
    wrong = judged.kind != Kind.RIGHT
    error[judged.prediction[wrong]] = [names[kind] for kind in judged.kind[wrong].tolist()]
    files = {image.id: image.name for image in inputs.file.images}
    categories = {category.id: category.name for category in inputs.file.categories}
    ids = inputs.text_ids
    return pd.DataFrame(
        {
            "prediction": np.array(found.places, np.int64),
            "image_id": [ids.image(i) for i in found.image_ids],
            "file_name": [files[i] for i in found.image_ids],
            "category_id": [ids.category(i) for i in found.category_ids],
            "category": [categories[i] for i in found.category_ids],
            "score": found.scores,
            "x": found.boxes[:, 0],
            "y": found.boxes[:, 1],
            "width": found.boxes[:, 2],
            "height": found.boxes[:, 3],
            "outcome": outcome,
            "error": error,
            "matched_iou": matched_iou,
        }
    )


def images_table(
    result: Result, file: AnnotationFile, text_ids: TextIds | None = None
) -> "pd.DataFrame":
    """One row an image, by ascending id, at IoU 0.5.

    Columns: `image_id`, `file_name`, `width`, `height`, `objects`, `found`, `missed`,
    `false_positives`, `ignored`.

    Args:
        result: What `evaluate` found.
        file: The ground truth.
        text_ids: Its ids that are text, to be written instead of the numbers that stand for them.
    """
    result.require_default_parameters()
    import pandas as pd

    count = len(result.image_ids)
    objects, found, false, ignored = (np.zeros(count, np.int64) for _ in range(4))
    for one in result.matches:
        skipped, matched = one.ignored[0, 0], one.matched[0, 0]
        objects += one.positives[0]
        for total, chosen in ((found, matched & ~skipped), (false, ~matched & ~skipped),
                              (ignored, skipped)):  # fmt: skip
            total += np.bincount(one.image[chosen], minlength=count)
    images, ids = {image.id: image for image in file.images}, text_ids or TextIds()
    return pd.DataFrame(
        {
            "image_id": [ids.image(i) for i in result.image_ids],
            "file_name": [images[i].name for i in result.image_ids],
            "width": [images[i].width for i in result.image_ids],
            "height": [images[i].height for i in result.image_ids],
            "objects": objects,
            "found": found,
            "missed": objects - found,
            "false_positives": false,
            "ignored": ignored,
        }
    )


def write_table(table: "pd.DataFrame", path: Path) -> None:
    """Write a table as CSV, or as Parquet where the name ends in `.parquet`.

    Raises:
        InputError: the file cannot be written, or Parquet without pyarrow.
    """
    with replacing(path) as part:
        if path.suffix.lower() != ".parquet":
            table.to_csv(part, index=False)
            return
        try:
            table.to_parquet(part, engine="pyarrow", index=False)
        except ImportError:
            raise InputError("Parquet needs pyarrow: pip install pyarrow", file=path) from None
