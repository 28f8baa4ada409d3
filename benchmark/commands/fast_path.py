"""The `benchmark` command's first look at its arguments.

The command line belongs to `cli`, whose libraries take longer to load than a whole evaluation
runs. So a plain `benchmark evaluate` is read here, without them; whatever is not plain (help, a
wrong option, another command) goes to `cli`, which has the same options and the last word.
"""

import os
import sys

from benchmark.average_precision.native_core import HeadStart, is_wanted

# As in `choices`, which takes longer to import than this is worth.
IOUS = ("segm", "bbox", "boundary")
SKIP_RULES = ("box", "box50", "ioa", "none")

_OPTIONS = {"--gt": "gt", "--iou": "iou", "--skip-rule": "skip_rule", "--json": "json_file"}


def plain_evaluation(arguments: list[str]) -> dict[str, str] | None:
    """The options of a plain `evaluate PREDS [--OPTION VALUE | --OPTION=VALUE]…`, else None."""
    if arguments[:1] != ["evaluate"]:
        return None
    found: dict[str, str] = {}
    rest = arguments[1:]
    while rest:
        name, equals, value = rest.pop(0).partition("=")
        if not name.startswith("-") or name == "-":
            key, value = "predictions", name + equals + value
        elif name in _OPTIONS and (equals or rest):
            key, value = _OPTIONS[name], value if equals else rest.pop(0)
        else:
            return None
        if key in found or (value.startswith("-") and value != "-") or not value:
            return None
        found[key] = value
    choices = found.get("iou", "segm") in IOUS and found.get("skip_rule", "box") in SKIP_RULES
    return found if choices and "predictions" in found else None


def head_start(found: dict[str, str]) -> HeadStart | None:
    """Begin to read and match the files, where both are named and the core is for them."""
    iou = found.get("iou", "segm")
    if "gt" not in found or found["predictions"] == "-" or iou == "boundary" or not is_wanted():
        return None
    return HeadStart(found["predictions"], found["gt"], masks=iou == "segm")


def console() -> None:
    """`main` as a process of its own, which ends without taking everything apart first."""
    main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def main() -> None:
    """The `benchmark` command."""
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
