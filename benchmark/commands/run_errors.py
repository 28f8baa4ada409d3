"""Count errors by kind and print them: `benchmark errors`, once it is parsed.

Free of Typer, so that `fast_path` can start it without.
"""

import sys
from pathlib import Path

from benchmark.analysis.error_kinds import Judgement
from benchmark.commands.evaluate import announced_release
from benchmark.reading.choices import Iou, SkipRule
from benchmark.report.error_tables import errors_json, errors_table
from o365seg.terminal.output import show
from o365seg.terminal.overwriting import refuse_overwriting


def run_errors(
    predictions: Path, gt: Path | None, iou: Iou, skip_rule: SkipRule, json_file: Path | None
) -> None:
    """Judge predictions, and print or write what was found; arguments as of `run_evaluation`.

    Raises:
        InputError: an input is invalid, or a file cannot be written.
    """
    release = announced_release(gt)
    refuse_overwriting({"--json": json_file}, (predictions, release))
    judgement = Judgement(predictions, release, iou=iou, skip_rule=skip_rule)
    found = judgement.errors()
    numbers = {"predictions": str(predictions), "ground_truth": str(release), "iou": str(iou)}
    numbers |= {"skip_rule": str(skip_rule)} if iou.of_masks else {}
    show(numbers | errors_json(found), json_file, errors_table(found))
    told = ["The ground truth is LVIS's, so its rules apply."] * judgement.is_lvis
    sys.stderr.writelines(f"Note: {note}\n" for note in [*judgement.notes, *told])
