"""Find the release to use as ground truth where none is given."""

import os

from o365seg.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

RELEASE_NAME = "o365_instance_seg_val.json"
RELEASE_VARIABLE = "O365SEG_RELEASE"


def find_release(given: "str | Path | None") -> "tuple[str | Path, str]":
    """The ground truth to use, and in words how it was found.

    `given` if there is one; else `o365_instance_seg_val.json` in the current folder; else the
    file that the environment variable `O365SEG_RELEASE` names.

    Raises:
        InputError: none of these exists.
    """
    if given is not None:
        return given, "as given"
    if os.path.isfile(RELEASE_NAME):  # noqa: PTH113 (without pathlib, see benchmark.average_precision.result)
        return RELEASE_NAME, "found in the current folder"
    named = os.environ.get(RELEASE_VARIABLE)
    if named:
        return named, f"from {RELEASE_VARIABLE}"
    raise InputError(
        f"no ground truth: give --gt FILE, run in the folder of {RELEASE_NAME}, "
        f"or set {RELEASE_VARIABLE}"
    )
