"""Evaluate the panoptic or semantic task and print the numbers, once the command is parsed.

Free of Typer and rich, so that `fast_path` can start an evaluation without them.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from benchmark.reading.choices import Cityscapes


def run_panoptic(
    predictions: "str | Path",
    gt: "str | Path",
    *,
    pred_pngs: "str | Path | None" = None,
    gt_pngs: "str | Path | None" = None,
    per_class: bool = False,
    json_file: "str | Path | None" = None,
) -> None:
    """Compute panoptic quality, and print or write the numbers.

    Args:
        predictions: JSON of the predictions.
        gt: JSON of the ground truth.
        pred_pngs: Folder of the predictions' PNGs; None: beside the JSON.
        gt_pngs: Folder of the ground truth's.
        per_class: Also print a row a category.
        json_file: Also write the numbers to this file; `-` prints them instead of the table.

    Raises:
        InputError: an input is invalid, or a file cannot be written.
    """
    _refuse_overwriting(json_file, predictions, gt, pred_pngs, gt_pngs)
    from benchmark.pixels.panoptic import evaluate_panoptic
    from benchmark.report import pixel_tables

    result = evaluate_panoptic(
        predictions, gt, prediction_pngs=pred_pngs, ground_truth_pngs=gt_pngs
    )
    files = {"predictions": str(predictions), "ground_truth": str(gt)}
    lines = pixel_tables.panoptic_tables(result, per_category=per_class)
    lines += pixel_tables.panoptic_lines(result)
    _print(files | pixel_tables.panoptic_json(result), lines, json_file)


def run_semantic(
    predictions: "str | Path",
    gt: "str | Path",
    *,
    classes: "str | Path | None" = None,
    ignore_label: int = 255,
    reduce_zero_label: bool = False,
    cityscapes: "Cityscapes | None" = None,
    per_class: bool = False,
    json_file: "str | Path | None" = None,
) -> None:
    """Compute the mean IoU, and print or write the numbers.

    Args:
        predictions: Folder of label maps, or a results file.
        gt: Folder of label maps, or a COCO annotation file.
        classes: Names of the classes.
        ignore_label: True label whose pixels do not count.
        reduce_zero_label: True label 0 is ignored, and every other is one less.
        cityscapes: What the predictions' pixels are, where the files are Cityscapes'.
        per_class: Also print a row a class.
        json_file: Also write the numbers to this file; `-` prints them instead of the table.

    Raises:
        InputError: an input is invalid, or a file cannot be written.
    """
    _refuse_overwriting(json_file, predictions, gt, classes)
    from benchmark.pixels.semantic import evaluate_semantic
    from benchmark.report import pixel_tables

    result = evaluate_semantic(
        predictions, gt, classes=classes,
        ignore_label=ignore_label, reduce_zero_label=reduce_zero_label, cityscapes=cityscapes,
    )  # fmt: skip
    files = {"predictions": str(predictions), "ground_truth": str(gt)}
    lines = pixel_tables.semantic_tables(result, per_class=per_class)
    lines += pixel_tables.semantic_lines(result)
    _print(files | pixel_tables.semantic_json(result), lines, json_file)


def _refuse_overwriting(json_file: "str | Path | None", *inputs: "str | Path | None") -> None:
    if json_file is not None:
        from o365seg.terminal.overwriting import refuse_overwriting

        refuse_overwriting({"--json": json_file}, inputs)


def _print(
    numbers: "Mapping[str, object]", lines: "Sequence[str]", json_file: "str | Path | None"
) -> None:
    text = ""
    if json_file is not None:
        from o365seg.terminal.output import as_json

        text = as_json(numbers)
    if str(json_file) == "-":
        sys.stdout.write(text)
        return
    from o365seg.terminal.printable import printable

    sys.stdout.write(printable("\n".join([*lines, ""])))
    if json_file is not None:
        from o365seg.formats.json_files import write_bytes_atomic

        write_bytes_atomic(json_file, text.encode())
        sys.stderr.write(f"written: {json_file}\n")
