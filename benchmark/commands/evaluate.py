"""Evaluate the instance task and print the numbers: `benchmark evaluate`, once it is parsed.

Free of Typer and rich, so that `fast_path` can start an evaluation without them.
"""

import sys

from benchmark.average_precision import evaluation, native_core, native_path
from benchmark.average_precision.parameters import DEFAULT, Parameters
from benchmark.reading.choices import Iou, SkipRule
from benchmark.reading.release_location import find_release
from benchmark.reading.sources import hold_pipe
from benchmark.report.result_text import result_json, result_lines, result_table
from o365seg.release.stated_ceiling import ceiling_line, find_human_ceiling
from o365seg.terminal.printable import printable, printable_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rich.table import Table

    from benchmark.average_precision.native_core import HeadStart
    from benchmark.average_precision.result import Result
    from benchmark.commands.extras import Wanted


def announced_release(gt: "str | Path | None") -> "str | Path":
    """The ground truth to use, named on standard error with how it was found.

    Args:
        gt: What the user gave; None to look for a release.

    Raises:
        InputError: no ground truth is given or found.
    """
    release, how = find_release(gt)
    sys.stderr.write(printable(f"ground truth: {release} ({how})\n"))
    hold_pipe(release)
    return release


def run_evaluation(
    predictions: "str | Path",
    gt: "str | Path | None",
    iou: Iou,
    skip_rule: SkipRule,
    json_file: "str | Path | None",
    wanted: "Wanted | None" = None,
    started: "HeadStart | None" = None,
    parameters: Parameters = DEFAULT,
) -> None:
    """Evaluate, and print or write the numbers.

    Args:
        predictions: Results in COCO's format; `-` reads standard input.
        gt: The ground truth; None to look for it.
        iou: What to compare.
        skip_rule: How predictions on skipped instances count.
        json_file: Also write the numbers to this file; `-` prints them instead of the tables.
        wanted: The extras asked for, if any.
        started: The matching of the same files, if it has started.
        parameters: What is measured.

    Raises:
        InputError: an input is invalid, or a file cannot be written.
    """
    release = announced_release(gt)
    if native_core.is_wanted() and not native_path.is_built():
        sys.stderr.write("the native core is not built; using pycocotools, which is slow\n")
    if json_file is not None or wanted is not None:
        from o365seg.terminal.overwriting import refuse_overwriting, refuse_printing

        outputs, read = {"--json": json_file}, [predictions, release]
        if wanted is not None:
            outputs |= {
                "--csv": wanted.csv_file,
                "--report": wanted.report,
                "--images-csv": wanted.images_csv,
                "--detections-csv": wanted.detections_csv,
            }
            read += wanted.slices.values()
            refuse_printing({"--report": wanted.report})
            hold_pipe(predictions)
        refuse_overwriting(outputs, read)
    core = started and started.result()
    if core is not None:
        result = native_path.result_of(core, iou, skip_rule)
    else:
        views = wanted.size_ranges() if wanted is not None and parameters.is_default else ()
        result = evaluation.evaluate(
            predictions,
            release,
            iou=iou,
            skip_rule=skip_rule,
            parameters=parameters,
            size_ranges=views,
        )
    numbers: dict[str, object] = {}
    lines, tables, written, printed = [], [], [], []
    if wanted is not None:
        from pathlib import Path

        from benchmark.commands import extras

        more = extras.find(result, Path(predictions), Path(release), wanted)
        numbers = more.numbers
        lines, tables, written, printed = more.lines, more.tables, more.written, more.printed
    names = str(predictions), str(release)
    print_result(result, *names, json_file, numbers, lines, tables, written, printed)


def print_result(
    result: "Result",
    predictions: str,
    release: str,
    json_file: "str | Path | None",
    more: "Mapping[str, object] | None" = None,
    lines: "Sequence[str]" = (),
    tables: "Sequence[Table]" = (),
    written: "Sequence[str | Path]" = (),
    printed: "Sequence[str]" = (),
) -> None:
    """Print a result, or write its numbers.

    Args:
        result: What to print.
        predictions: Their name.
        release: The ground truth's name.
        json_file: Also write the numbers to this file; `-` prints them instead of the tables.
        more: Further numbers.
        lines: Further lines.
        tables: Further tables.
        written: Files that have been written.
        printed: Text to print instead of the tables and lines.

    Raises:
        InputError: the file cannot be written.
    """
    files = {"predictions": predictions, "ground_truth": release}
    numbers = files | result_json(result) | dict(more or {})
    ceiling = find_human_ceiling(release) if result.iou is Iou.SEGM else None
    if ceiling is not None:
        numbers["human_ceiling"] = ceiling
        lines = [ceiling_line(ceiling), *lines]
    text = ""
    if json_file is not None:
        import json

        text = printable_json(json.dumps(numbers, indent=2, ensure_ascii=False)) + "\n"
    if str(json_file) == "-":
        sys.stdout.write(text)
        return
    shown = "\n".join([*result_table(result), *result_lines(result), *lines, ""])
    sys.stdout.write("".join(printed) if printed else printable(shown))
    if printed:
        sys.stderr.writelines(printable(f"Note: {note}\n") for note in result.notes)
    elif tables:
        from o365seg.terminal.output import output_console

        console = output_console()
        for table in tables:
            console.print(table)
    if json_file is not None:
        from o365seg.formats.json_files import write_bytes_atomic

        write_bytes_atomic(json_file, text.encode())
        written = [*written, json_file]
    for path in written:
        sys.stderr.write(printable(f"written: {path}\n"))
