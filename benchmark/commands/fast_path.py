"""The entry point of `benchmark`, and a fast start for a plain `benchmark evaluate`.

The libraries behind `main` take longer to load than a whole evaluation takes to run. So a plain
`benchmark evaluate`, of any task, is parsed here without them; everything else (help, a wrong
option, another command) goes to `main`, which has the same options and decides.
"""

import os
import sys

from benchmark.average_precision.native_core import HeadStart, is_wanted, skip_rules

IOUS = ("segm", "bbox", "boundary")
"""Equal to `choices.Iou`, which would take longer to import; a test compares them."""

_OPTIONS = {"--gt": "gt", "--iou": "iou", "--skip-rule": "skip_rule", "--json": "json_file"}
_PIXELS = {"--gt": "gt", "--json": "json_file", "--task": "task"}
_PIXEL_OPTIONS = {
    "panoptic": {**_PIXELS, "--gt-pngs": "gt_pngs", "--pred-pngs": "pred_pngs"},
    "semantic": {**_PIXELS, "--classes": "classes"},
}


def plain_evaluation(arguments: list[str]) -> dict[str, str] | None:
    """The options of a plain `evaluate PREDS [--OPTION VALUE | --OPTION=VALUE]…`, else None."""
    found = _plain_options(arguments, _OPTIONS)
    known = found is not None and (
        found.get("iou", "segm") in IOUS
        and ("skip_rule" not in found or found["skip_rule"] in skip_rules())
    )
    return found if known else None


def plain_pixels(arguments: list[str]) -> dict[str, str] | None:
    """Likewise of `evaluate PREDS --task panoptic|semantic --gt GT …`."""
    for task, options in _PIXEL_OPTIONS.items():
        found = _plain_options(arguments, options)
        if found is not None and found.get("task") == task and "gt" in found:
            return found
    return None


def _plain_options(arguments: list[str], options: dict[str, str]) -> dict[str, str] | None:
    """What is given of the `options` of `evaluate`, and the predictions; else None."""
    if arguments[:1] != ["evaluate"]:
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
    if "gt" not in found or found["predictions"] == "-" or not is_wanted():
        return None
    return HeadStart(found["predictions"], found["gt"], iou=iou)


def console() -> None:
    """Run `main` as the whole process, and end it without the interpreter's clean-up."""
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
    if found is None:
        from benchmark.commands import main as cli

        cli.main()
        return
    started = head_start(found)
    from benchmark.commands.evaluate import run_evaluation
    from benchmark.reading.choices import Iou, SkipRule
    from o365seg.terminal.exit_codes import with_exit_codes

    with_exit_codes(
        lambda: run_evaluation(
            found["predictions"],
            found.get("gt"),
            Iou(found.get("iou", "segm")),
            SkipRule(found.get("skip_rule", "box")),
            found.get("json_file"),
            started=started,
        )
    )


def _evaluate_pixels(found: dict[str, str]) -> None:
    import gc

    from benchmark.commands.evaluate_pixels import run_panoptic, run_semantic
    from o365seg.terminal.exit_codes import with_exit_codes

    gc.disable()  # it would search the imports again and again; nothing here refers to itself
    # numpy starts threads for products of matrices, of which there are none.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
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
