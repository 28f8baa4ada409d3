"""`benchmark calibration`, `benchmark confusion` and `benchmark suspects`."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmark.commands.analysis import CompareWhat, Gt, Predictions, Rule
from benchmark.reading.choices import Iou, SkipRule
from o365seg.terminal.options import JsonFile
from o365seg.terminal.output import STDOUT, say, say_written, show
from o365seg.terminal.overwriting import refuse_overwriting, refuse_printing
from o365seg.terminal.printable import encodable


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module to the app."""
    app.command(epilog="Example: `benchmark calibration preds.json`")(calibration)
    app.command(epilog="Example: `benchmark confusion preds.json --csv confusion.csv`")(confusion)
    app.command(
        epilog="Example: `benchmark suspects preds.json --images val/ --page suspects.html`"
    )(suspects)


def calibration(
    predictions: Predictions,
    gt: Gt = None,
    iou: CompareWhat = Iou.SEGM,
    skip_rule: Rule = SkipRule.BOX,
    bins: Annotated[int, typer.Option(help="Number of bins of the scores.", min=1, max=1000)] = 10,
    json_file: JsonFile = None,
) -> None:
    """Compare scores with the share of true positives, at IoU 0.5 (reliability, ECE)."""
    from benchmark.analysis.calibration import calibration as calibrate
    from benchmark.average_precision import evaluation
    from benchmark.commands.evaluate import announced_release
    from benchmark.report.inspection_tables import calibration_table

    release = announced_release(gt)
    refuse_overwriting({"--json": json_file}, (predictions, release))
    result = evaluation.evaluate(predictions, release, iou=iou, skip_rule=skip_rule)
    found = calibrate(result, bins=bins)
    numbers = {"predictions": str(predictions), "ground_truth": str(release)}
    show(numbers | _without_nan(asdict(found)), json_file, calibration_table(found))
    if json_file != STDOUT:
        error = "–" if math.isnan(found.error) else f"{100 * found.error:.2f}%"
        say(f"Expected calibration error: {error}")
        if found.outside:
            say(f"{found.outside:,} predictions have a score outside 0 to 1; left out")


def confusion(
    predictions: Predictions,
    gt: Gt = None,
    iou: CompareWhat = Iou.SEGM,
    skip_rule: Rule = SkipRule.BOX,
    score: Annotated[
        float | None,
        typer.Option(
            help="Least score of predictions that take part.", show_default="the best F1's"
        ),
    ] = None,
    csv_file: Annotated[
        Path | None,
        typer.Option(
            "--csv",
            help="Write the whole matrix to this file (.csv or .parquet); '-' prints it instead "
            "of the table.",
        ),
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Count which categories are taken for which, at IoU 0.5."""
    from benchmark.analysis.confusion import confusion as confuse
    from benchmark.analysis.outcome_tables import write_table
    from benchmark.analysis.worst_images import best_score
    from benchmark.average_precision import evaluation
    from benchmark.commands.evaluate import announced_release
    from benchmark.reading.inputs import read_plain_truth
    from benchmark.reading.sources import readable_twice
    from benchmark.report.inspection_tables import confusion_table

    if score is not None and not math.isfinite(score):
        raise typer.BadParameter(f"must be a number, not {score}", param_hint="--score")
    release = announced_release(gt)
    refuse_overwriting({"--csv": csv_file, "--json": json_file}, (predictions, release))
    source, least = readable_twice(predictions), score
    if least is None:
        result = evaluation.evaluate(source, release, iou=iou, skip_rule=skip_rule)
        least = best_score(result.matches)
    truth = read_plain_truth(release, iou)
    found = confuse(source, release, least, iou=iou, skip_rule=skip_rule)
    found, names = found.as_in_files(truth.text_ids), truth.category_names
    printed = ""
    if csv_file is not None:
        matrix = found.to_dataframe(names).reset_index()
        if csv_file == STDOUT:
            printed = matrix.to_csv(index=False)
        else:
            write_table(matrix, csv_file)
            say_written(csv_file)
    numbers = {
        "predictions": str(predictions),
        "ground_truth": str(release),
        "least_score": found.least_score,
        "category_ids": found.category_ids,
        "counts": found.counts.tolist(),
    }
    show(
        _without_nan(numbers), json_file, confusion_table(found, names),
        csv_file=STDOUT if printed else None, csv_text=printed,
    )  # fmt: skip
    if STDOUT not in (json_file, csv_file):
        shown = f"Predictions of score {least:.3g} or more"
        nothing = "No prediction is a true positive, so none takes part; use --score"
        say(nothing if math.isinf(least) else shown)


def suspects(
    predictions: Predictions,
    gt: Gt = None,
    iou: CompareWhat = Iou.SEGM,
    skip_rule: Rule = SkipRule.BOX,
    number: Annotated[int, typer.Option(help="Most suspects.", min=1)] = 50,
    images: Annotated[Path | None, typer.Option(help="Folder of the images, for the page.")] = None,
    page: Annotated[
        Path | None, typer.Option(help="Write an HTML page with pictures to this file.")
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """List ground truth that confident predictions contradict, highest score first."""
    from benchmark.analysis.error_kinds import Judgement
    from benchmark.analysis.suspects import as_in_files, draw_suspects
    from benchmark.analysis.suspects import suspects as find_suspects
    from benchmark.commands.evaluate import announced_release
    from benchmark.reading.inputs import read_inputs, read_plain_truth
    from benchmark.reading.sources import readable_twice
    from benchmark.report.inspection_tables import suspects_page, suspects_table
    from o365seg.formats.json_files import write_bytes_atomic

    if (images is None) != (page is None):
        raise typer.BadParameter("give both --images and --page, or neither", param_hint="--page")
    refuse_printing({"--page": page})
    release = announced_release(gt)
    refuse_overwriting({"--page": page, "--json": json_file}, (predictions, release, images))
    truth, source = read_plain_truth(release, iou), readable_twice(predictions)
    judgement = Judgement(source, release, iou=iou, skip_rule=skip_rule)
    within = find_suspects(truth.file, judgement.judged(), number)
    odd = bool(judgement.notes)  # otherwise all predictions take part
    inputs = read_inputs(source, release, iou) if odd or page is not None else None
    places = None if inputs is None else inputs.predictions.places
    found, names = as_in_files(within, places, truth.text_ids), truth.category_names
    if images is not None and page is not None and inputs is not None:
        pictures, problems = draw_suspects(inputs, within, images)
        for problem in problems:
            say(problem, err=True)
        title = f"Suspects of {Path(release).name} by {predictions.name}"
        text = suspects_page(found, names, pictures, encodable(title))
        write_bytes_atomic(page, text.encode())
        say_written(page)
    numbers = {"predictions": str(predictions), "ground_truth": str(release)}
    listed = {"suspects": [asdict(one) for one in found]}
    show(numbers | listed, json_file, suspects_table(found, names))


def _without_nan(value: Any) -> Any:
    """JSON has no NaN or infinity: null."""
    if isinstance(value, dict):
        return {key: _without_nan(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
