"""`benchmark evaluate --part` and `benchmark merge`: an evaluation in pieces."""

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from benchmark.reading.choices import Iou, SkipRule
from o365seg.terminal.options import JsonFile
from o365seg.terminal.output import say_written
from o365seg.terminal.overwriting import refuse_overwriting, refuse_printing
from o365seg.terminal.printable import encodable


def add_command(app: typer.Typer) -> None:
    """Add the command of this module to the app."""
    app.command(
        epilog="Example: `benchmark evaluate preds.json --part 1/2 --save 1.part`, on another "
        "machine `benchmark evaluate preds.json --part 2/2 --save 2.part`, then "
        "`benchmark merge 1.part 2.part`"
    )(merge)


def parse_part(text: str | None) -> tuple[int, int]:
    """`K/N` as two numbers; 1/1 where nothing is given."""
    found = re.fullmatch(r"([1-9]\d{0,5})/([1-9]\d{0,5})", text or "1/1")
    if found is None or int(found[1]) > int(found[2]):
        raise typer.BadParameter(f"must be K/N, such as 1/4, not {text}", param_hint="--part")
    return int(found[1]), int(found[2])


def save_part(
    predictions: Path,
    gt: Path | None,
    iou: Iou,
    skip_rule: SkipRule,
    part: tuple[int, int],
    save: Path,
) -> None:
    """Evaluate every N-th image, from the K-th, and save what merging needs.

    Raises:
        InputError: an input is invalid, or the file cannot be written.
    """
    from benchmark.commands.evaluate import announced_release
    from benchmark.pieces.evaluator import Evaluator
    from benchmark.pieces.results_file import add_file

    refuse_printing({"--save": save})
    release = announced_release(gt)
    refuse_overwriting({"--save": save}, (predictions, release))
    evaluator = Evaluator(release, iou=iou, skip_rule=skip_rule)
    add_file(evaluator, predictions, part)
    evaluator.names[:] = map(encodable, evaluator.names)
    evaluator.save(save)
    say_written(save)


def merge(
    parts: Annotated[
        list[Path],
        typer.Argument(help="Files of `benchmark evaluate --save`.", metavar="PART…"),
    ],
    json_file: JsonFile = None,
) -> None:
    """Merge parts of an evaluation: the numbers, to the last bit, of evaluating all at once.

    The order of the parts is of no importance. Images that are in no part count as images without
    predictions.
    """
    from benchmark.commands.evaluate import print_result
    from benchmark.pieces.summable import SavedPart

    refuse_overwriting({"--json": json_file}, parts)
    merged = SavedPart(parts[0])
    for path in parts[1:]:
        merged.merge(SavedPart(path), name=path)
    absent = len(merged.image_ids) - len(merged.covered)
    if absent:
        sys.stderr.write(f"{absent:,} images are in no part; they count as without predictions\n")
    print_result(merged.result(), merged.names[0], merged.names[1], json_file)
