"""Where the ground truth is looked for."""

import os

from o365seg.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

RELEASE_NAME = "o365_instance_seg_val.json"
RELEASE_VARIABLE = "O365SEG_RELEASE"


def find_release(given: "str | Path | None") -> "tuple[str | Path, str]":
    """The ground truth to use, and how it was found, in words.

    `given` if there is one; else `o365_instance_seg_val.json` in the current folder; else the
    file that the environment variable `O365SEG_RELEASE` names.

    Raises:
        InputError: there is none of these.
    """
    if given is not None:
        return given, "as given"
    if os.path.isfile(RELEASE_NAME):  # noqa: PTH113 (without pathlib, see benchmark.average_precision.result)
        return RELEASE_NAME, "found in the current folder"
    named = os.environ.get(RELEASE_VARIABLE)
    if named:
        return named, f"named by {RELEASE_VARIABLE}"
    raise InputError(
        f"no ground truth: name the release with --gt, or run where {RELEASE_NAME} lies, "
        f"or set {RELEASE_VARIABLE}"
    )
