"""The entry point of `benchmark`, and a fast start for plain `benchmark evaluate` and `errors`.

The libraries behind `main` take longer to load than a whole evaluation takes to run. So a plain
`benchmark evaluate`, of any task, and `benchmark errors` are parsed here without them; everything
else (help, a wrong option, another command) goes to `main`, which has the same options and decides.
"""

import gc
import os
import sys

from benchmark.average_precision.native_core import HeadStart, is_wanted, skip_rules
from benchmark.reading.mapped_files import allow_mapping

IOUS = ("segm", "bbox", "boundary")
"""Equal to `choices.Iou`, which would take longer to import; a test compares them."""

_OPTIONS = {"--gt": "gt", "--iou": "iou", "--skip-rule": "skip_rule", "--json": "json_file"}
_EXTRAS = {"--by": "by", "--report": "report"}
_PIXELS = {"--gt": "gt", "--json": "json_file", "--task": "task"}
_PIXEL_OPTIONS = {
    "panoptic": {**_PIXELS, "--gt-pngs": "gt_pngs", "--pred-pngs": "pred_pngs"},
    "semantic": {**_PIXELS, "--classes": "classes"},
}


def plain_evaluation(arguments: list[str]) -> dict[str, str] | None:
    """The options of a plain `evaluate PREDS [--OPTION VALUE | --OPTION=VALUE]…`, else None."""
    found = _plain_options("evaluate", arguments, _OPTIONS | _EXTRAS)
    return found if _are_known(found) and (found or {}).get("by", "size") == "size" else None


def plain_errors(arguments: list[str]) -> dict[str, str] | None:
    """Likewise of `errors PREDS …`."""
    found = _plain_options("errors", arguments, _OPTIONS)
    return found if _are_known(found) else None


def _are_known(found: dict[str, str] | None) -> bool:
    return found is not None and (
        found.get("iou", "segm") in IOUS
        and ("skip_rule" not in found or found["skip_rule"] in skip_rules())
    )


def plain_pixels(arguments: list[str]) -> dict[str, str] | None:
    """Likewise of `evaluate PREDS --task panoptic|semantic --gt GT …`."""
    for task, options in _PIXEL_OPTIONS.items():
        found = _plain_options("evaluate", arguments, options)
        if found is not None and found.get("task") == task and "gt" in found:
            return found
    return None


def _plain_options(
    command: str, arguments: list[str], options: dict[str, str]
) -> dict[str, str] | None:
    """What is given of the `options` of a command, and the predictions; else None."""
    if arguments[:1] != [command]:
        return None
    found: dict[str, str] = {}
    rest = arguments[1:]
    while rest:
        name, equals, value = rest.pop(0).partition("=")
        if not name.startswith("-") or name == "-":
            key, value = "predictions", name + equals + value
        elif name in options and (equals or rest):
            key, value = options[name], value if equals else rest.pop(0)
        else:
            return None
        if key in found or (value.startswith("-") and value != "-") or not value:
            return None
        found[key] = value
    return found if "predictions" in found else None


def head_start(found: dict[str, str]) -> HeadStart | None:
    """Start to read and match the files, if both are named and the native core can match them."""
    iou = found.get("iou", "segm")
    if "gt" not in found or not is_wanted():
        return None
    if not all(map(os.path.isfile, (found["gt"], found["predictions"]))):
        return None  # a pipe is read only once, by whoever must be able to say what is wrong
    return HeadStart(found["predictions"], found["gt"], iou=iou)


def console() -> None:
    """Run `main` as the whole process, and end it without the interpreter's clean-up."""
    allow_mapping()
    gc.disable()  # it would search the imports again and again; plain commands make no circles
    main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def main() -> None:
    """Run the `benchmark` program."""
    pixels = plain_pixels(sys.argv[1:])
    if pixels is not None:
        _evaluate_pixels(pixels)
        return
    found = plain_evaluation(sys.argv[1:])
    if found is not None:
        _evaluate(found)
        return
    found = plain_errors(sys.argv[1:])
    if found is not None:
        _find_errors(found)
        return
    gc.enable()
    from benchmark.commands import main as cli

    cli.main()


def _evaluate(found: dict[str, str]) -> None:
    extras = any(name in found for name in _EXTRAS.values())
    started = None if extras else head_start(found)
    from benchmark.commands.evaluate import run_evaluation
    from benchmark.reading.choices import By, Iou, SkipRule
    from o365seg.terminal.exit_codes import with_exit_codes

    wanted = None
    if extras:
        _start_no_threads_for_matrices()
        from pathlib import Path

        from benchmark.commands.extras import Wanted

        report = found.get("report")
        wanted = Wanted(
            by=[By.SIZE] if "by" in found else [], report=None if report is None else Path(report)
        )
    with_exit_codes(
        lambda: run_evaluation(
            found["predictions"],
            found.get("gt"),
            Iou(found.get("iou", "segm")),
            SkipRule(found.get("skip_rule", "box")),
            found.get("json_file"),
            wanted,
            started,
        )
    )


def _start_no_threads_for_matrices() -> None:
    """Of products of matrices, for which numpy starts threads, there are none."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _find_errors(found: dict[str, str]) -> None:
    from pathlib import Path

    from benchmark.commands.run_errors import run_errors
    from benchmark.reading.choices import Iou, SkipRule
    from o365seg.terminal.exit_codes import with_exit_codes

    gt, json_file = (Path(found[key]) if key in found else None for key in ("gt", "json_file"))
    with_exit_codes(
        lambda: run_errors(
            Path(found["predictions"]),
            gt,
            Iou(found.get("iou", "segm")),
            SkipRule(found.get("skip_rule", "box")),
            json_file,
        )
    )


def _evaluate_pixels(found: dict[str, str]) -> None:
    from benchmark.commands.evaluate_pixels import run_panoptic, run_semantic
    from o365seg.terminal.exit_codes import with_exit_codes

    _start_no_threads_for_matrices()
    with_exit_codes(
        lambda: (
            run_panoptic(
                found["predictions"], found["gt"], pred_pngs=found.get("pred_pngs"),
                gt_pngs=found.get("gt_pngs"), json_file=found.get("json_file"),
            )
            if found["task"] == "panoptic"
            else run_semantic(
                found["predictions"], found["gt"], classes=found.get("classes"),
                json_file=found.get("json_file"),
            )
        )
    )  # fmt: skip
