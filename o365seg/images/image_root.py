"""Where a project's images are: a folder, or any place that fsspec knows by URL (s3://, http://)."""

import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from o365seg.errors import InputError

_CACHE_BYTES = 256 * 1024 * 1024


class ImageRoot:
    """Reads image files below a folder or a URL."""

    def __init__(self, place: str | Path) -> None:
        """Take a folder's path or a URL; nothing is read yet.

        Raises:
            InputError: a password stands in the URL.
        """
        self.place = str(place)
        _refuse_password(self.place)
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._kept_bytes = 0
        self._keeping = threading.Lock()

    @property
    def is_remote(self) -> bool:
        """Whether it is a URL, and reading it costs a request."""
        return "://" in self.place

    @property
    def folder(self) -> Path:
        """The local folder; only where it is not remote."""
        assert not self.is_remote
        return Path(self.place)

    def __str__(self) -> str:
        return self.place

    def check(self) -> None:
        """Check that the folder or URL exists.

        Raises:
            InputError: no such folder, an unknown kind of URL, or it cannot be reached.
        """
        if not self.is_remote:
            if not self.folder.is_dir():
                raise InputError("no such image folder", file=self.place)
            return
        try:
            # A web server need not list folders, so only an answer is asked of it.
            if not self.place.startswith("http") and not self._files.isdir(self._base):
                raise InputError("no such image folder", file=self.place)
        except InputError:
            raise
        except Exception as error:  # each kind of storage has errors of its own
            raise self._away(error) from None

    def is_file(self, path: str) -> bool:
        """Whether a file is there; `path` is relative, with `/`.

        Raises:
            InputError: that cannot be found out. Not the same as no: a project's images are drawn
                from those that are there.
        """
        if not self.is_remote:
            return (self.folder / path).is_file()
        try:
            with self._reached():
                return self._files.info(f"{self._base}/{path}")["type"] != "directory"
        except FileNotFoundError:
            return False

    def read(self, path: str) -> bytes:
        """A file's bytes.

        Raises:
            OSError: it is not there, or cannot be read.
            InputError: the URL cannot be reached.
        """
        if not self.is_remote:
            return (self.folder / path).read_bytes()
        with self._keeping:
            if path in self._kept:
                self._kept.move_to_end(path)
                return self._kept[path]
        with self._reached():
            data = self._files.cat_file(f"{self._base}/{path}")
        self._keep(path, data)
        return data

    def read_range(self, path: str, start: int, length: int) -> bytes:
        """Bytes of a file, from `start`; fewer than `length` where it ends before. Nothing is kept.

        Raises:
            OSError: it is not there, or cannot be read.
            InputError: the URL cannot be reached.
        """
        if not self.is_remote:
            with (self.folder / path).open("rb", buffering=0) as file:
                return os.pread(file.fileno(), length, start)
        with self._reached():
            return self._files.cat_file(f"{self._base}/{path}", start=start, end=start + length)

    def permissions(self, path: str) -> int:
        """Who may read and write a copy of a file: nobody who could not read the file here.

        Returns:
            Permission bits: the file's, without groups that have no access to the folder; of a
            remote file, its owner's only.
        """
        if self.is_remote:
            return 0o600
        reach = self.folder.stat().st_mode & 0o111  # without it, no file inside can be opened
        return 0o600 | ((self.folder / path).stat().st_mode & 0o666 & reach * 0o6)

    def forget(self, path: str) -> None:
        """Drop a file from the cache, so that the next `read` reads it again."""
        with self._keeping:
            self._kept_bytes -= len(self._kept.pop(path, b""))

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """FileNotFoundError where a file is not there, and InputError for whatever else fails."""
        try:
            yield
        except FileNotFoundError as error:
            if not _is_absence(error):
                raise self._away(error.__cause__ or error) from None
            raise
        except Exception as error:  # each kind of storage has errors of its own
            raise self._away(error) from None

    def _away(self, error: BaseException) -> InputError:
        return InputError(f"cannot be reached: {_words(error)}", file=self.place)

    def _keep(self, path: str, data: bytes) -> None:
        """Keep recently read files: raters of one image work one after the other."""
        with self._keeping:
            if path not in self._kept and len(data) <= _CACHE_BYTES:
                self._kept[path] = data
                self._kept_bytes += len(data)
            while self._kept_bytes > _CACHE_BYTES:
                _, dropped = self._kept.popitem(last=False)
                self._kept_bytes -= len(dropped)

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        import fsspec

        kind = self.place.partition("://")[0]
        try:
            files, base = fsspec.url_to_fs(self.place)
        except ImportError as error:
            raise InputError(
                f"{kind}:// needs a package that is not installed: {error}", file=self.place
            ) from None
        except ValueError:
            raise InputError(f"unknown URL scheme {kind}://", file=self.place) from None
        return files, base.rstrip("/")

    @property
    def _files(self) -> Any:
        return self._opened[0]

    @property
    def _base(self) -> str:
        return self._opened[1]


def _refuse_password(place: str) -> None:
    """Refuse a URL with a password, which would be stored in the project and shown in messages."""
    scheme, separator, rest = place.partition("://")
    login, at, host = rest.partition("/")[0].rpartition("@")
    if separator and at and ":" in login:
        raise InputError(
            "contains a password, which would be stored in the project; set it in "
            "fsspec's configuration or in the environment instead",
            file=f"{scheme}://{login.partition(':')[0]}@{host}",
        )


def _is_absence(error: FileNotFoundError) -> bool:
    """Whether a storage says so itself: fsspec's http calls every failure a missing file."""
    cause = error.__cause__
    status = getattr(cause, "status", None)  # of an answer over http
    if status is not None:
        return int(status) < 500
    return not isinstance(cause, OSError) and not type(cause).__module__.startswith("aiohttp")


def _words(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
