"""Files and folders that survive a power cut, with the permissions that the user's umask allows."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Write a folder's entries to the disk, so that a rename in it survives a power cut.

    Where a file system cannot do this (some network ones), nothing happens.
    """
    try:
        handle = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """Write every file below a folder to the disk, then the folders' entries."""
    for place, _, names in os.walk(folder, topdown=False):
        for name in names:
            with Path(place, name).open("rb+") as file:
                os.fsync(file.fileno())
        sync_folder(Path(place))


def allowed_by_umask(mode: int) -> int:
    """`mode` without the permissions that the process's umask withholds."""
    umask = os.umask(0)
    os.umask(umask)
    return mode & ~umask
