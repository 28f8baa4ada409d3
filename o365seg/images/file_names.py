"""Image names as annotation tools write them, and the paths below an image root that they may mean.

    images/v1/patch4/x.jpg                  Objects365; the disk may lack the leading folders
    images\\1\\x.jpg, C:\\data\\x.jpg          written on Windows
    /home/me/upload/x.jpg, ../../x.jpg      absolute, or relative to another folder
    /data/local-files/?d=photos/x.jpg       Label Studio's local storage
    abcd1234-x.jpg                          Label Studio's uploads: random hexadecimal digits first

No path leads outside the root: what stands before the last `..` is dropped, as is a drive or `/`.
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import unquote

_DRIVE = re.compile(r"^[A-Za-z]:(?=[\\/])")
_LOCAL_STORAGE = re.compile(r"^.*\?d=")
_UPLOAD = re.compile(r"^[0-9a-f]{5,36}-(?=.)")


def candidate_paths(name: str) -> Iterator[PurePosixPath]:
    """The paths below an image root where the file of a record may be, the likeliest first.

    Leading folders are removed one by one. A backslash may be part of a name on Linux, so that
    reading comes first. The name without the digits of an upload comes last.

    Args:
        name: The `file_name` of a record, or the path of its `coco_url`.
    """
    yielded = set()
    for text in (name, _plain(name)):
        parts = relative_parts(text)
        for last in (parts[-1:], tuple(_UPLOAD.sub("", part) for part in parts[-1:])):
            for start in range(len(parts)):
                path = PurePosixPath(*parts[start:-1], *last)
                if path not in yielded:
                    yielded.add(path)
                    yield path


def relative_parts(name: str) -> tuple[str, ...]:
    """The folders and the name of a POSIX path, without what could lead out of a folder."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    while ".." in parts:
        del parts[: parts.index("..") + 1]
    return tuple(parts)


def portable_path(name: str) -> PurePosixPath:
    """A name as a relative path with `/`, safe to write below a folder; `.` for an empty name."""
    return PurePosixPath(*relative_parts(_plain(name)))


def _plain(name: str) -> str:
    """A name with `/` between folders, without a drive or the prefix of a local storage."""
    if "?d=" in name:
        name = unquote(_LOCAL_STORAGE.sub("", name))
    return _DRIVE.sub("", name).replace("\\", "/")
