"""A folder that is made whole or not at all, also when its maker is interrupted or killed."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from glob import escape
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where what a killed command left stays
    fcntl = None

from o365seg.errors import InputError
from o365seg.formats.durable import allowed_by_umask, sync_folder, sync_tree

_UNFINISHED = ".unfinished"


@dataclass(frozen=True)
class NewFolder:
    """A folder to fill, for its maker alone; `put_in_place` makes it `place`.

    Attributes:
        place: The final path.
        work: A hidden folder beside it, to write to.
        mode: The permissions that it will have: those of an empty folder that was at `place`,
            else those that the umask allows.
    """

    place: Path
    work: Path
    mode: int

    def put_in_place(self) -> None:
        """Write everything to the disk, then rename; after that, no step can fail."""
        sync_tree(self.work)
        if self.place.exists():
            self.place.rmdir()
        self.work.chmod(self.mode)
        self.work.rename(self.place)
        sync_folder(self.place.parent)


@contextmanager
def new_folder(folder: Path) -> Iterator[NewFolder]:
    """A folder in the making; if the block ends without `put_in_place`, nothing of it is left.

    What an earlier command for the same folder left behind, because it was killed, is deleted.

    Args:
        folder: The folder to make; must not exist, or be empty.

    Raises:
        InputError: a folder is in the way, or the place cannot be written.
    """
    work, lock, parents = None, None, []
    try:
        folder = folder.resolve()
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputError("already exists; choose a new folder", file=folder)
        mode = folder.stat().st_mode & 0o777 if folder.exists() else allowed_by_umask(0o777)
        parents = [parent for parent in folder.parents if not parent.exists()]
        folder.parent.mkdir(parents=True, exist_ok=True)
        delete_unfinished(folder.parent, folder.name)
        # Named before it is made: an interruption in between leaves nothing.
        work = folder.parent / f".{folder.name}.{secrets.token_hex(4)}{_UNFINISHED}"
        work.mkdir(mode=0o700)
        lock = _try_lock(work)
        yield NewFolder(folder, work, mode)
    except OSError as error:
        raise InputError(f"cannot be created: {error.strerror}", file=folder) from None
    finally:
        if work is not None and work.exists():
            shutil.rmtree(work, ignore_errors=True)
        for parent in parents:  # from the deepest
            with suppress(OSError):  # it is in use
                parent.rmdir()
        if lock is not None:
            os.close(lock)


def delete_unfinished(parent: Path, name: str = "*") -> None:
    """Delete unfinished folders whose maker no longer runs.

    Args:
        parent: The folder that they are in.
        name: Of the folder that was to be made; `*`: any.
    """
    for left in _unfinished(parent, name):
        lock = _try_lock(left)
        if lock is not None:
            shutil.rmtree(left, ignore_errors=True)
            os.close(lock)


def is_in_the_making(folder: Path) -> bool:
    """Whether a process makes this folder now."""
    for unfinished in _unfinished(folder.parent, folder.name):
        lock = _try_lock(unfinished)
        if lock is None and unfinished.exists():
            return True
        if lock is not None:
            os.close(lock)
    return False


def _unfinished(parent: Path, name: str) -> Iterator[Path]:
    pattern = "*" if name == "*" else escape(name)
    yield from parent.glob(f".{pattern}.{'[0-9a-f]' * 8}{_UNFINISHED}")


def _try_lock(folder: Path) -> int | None:
    """Lock a folder until the returned handle is closed; None if another process has the lock."""
    if fcntl is None:
        return None
    handle = None
    try:
        handle = os.open(folder, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        if handle is not None:
            os.close(handle)
        return None
    return handle
