"""A project in one file, and back: the folder's files, and the database as SQLite.

    manifest.json     what is inside, with the SHA-256 of each file
    project.json      as in the project folder, and so are
    sample.json
    image_notes.json  where there is one
    upright/…
    texts/…           the project's own languages, where there are any
    secret.key        where there is one: sessions outlive a restore
    project.sqlite    every table, also of a project whose answers are in PostgreSQL

So a backup can be restored into SQLite or PostgreSQL, wherever it was made. Taken while the project
is served it holds one state of the database: all of an answer or nothing.
"""

import hashlib
import re
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from o365seg.errors import InputError
from o365seg.formats.checksums import file_sha256
from o365seg.formats.durable import allowed_by_umask
from o365seg.formats.json_files import decode_json, read_json, replacing, write_json_atomic
from o365seg.project.folder import (
    PROJECT_FILE,
    SAMPLE_FILE,
    STORE_FILE,
    TEXTS_FOLDER,
    UPRIGHT_FOLDER,
    ProjectFile,
    project_store,
    read_about,
)
from o365seg.project.image_notes import NOTES_FILE
from o365seg.project.new_folder import new_folder
from o365seg.project.signing_key import KEY_FILE
from o365seg.store.copying import copy_to_sqlite, fill_from_sqlite
from o365seg.store.database import Store, sqlite_url, without_password
from o365seg.store.integrity import require_undamaged
from o365seg.store.versions import HEAD, dropped_on_error, open_store, schema_version

MANIFEST = "manifest.json"
FORMAT = 1
_KEPT = (PROJECT_FILE, SAMPLE_FILE, NOTES_FILE, KEY_FILE)
_FOLDERS = {  # the names of their files: image ids, codes of languages
    UPRIGHT_FOLDER: re.compile(r"-?\d+"),
    TEXTS_FOLDER: re.compile(r"[\w-]+\.toml"),
}


class Manifest(msgspec.Struct):
    """The content of manifest.json; `files` are SHA-256s by name."""

    format: int
    project: str
    answers: int
    files: dict[str, str]


def back_up(folder: Path, archive: Path, database: str = "") -> Manifest:
    """Write a backup of a project, served or not.

    Args:
        folder: The project's.
        archive: The file to write (zip); it appears whole or not at all.
        database: As of `open_project`.

    The project is left as it is: one that an earlier o365seg made is not upgraded. In SQLite it is
    backed up as it stands, and `restore` upgrades the copy.

    Raises:
        InputError: not a project, a damaged database, or the file is there already or cannot be
            written; or a project in PostgreSQL that an earlier o365seg made.
    """
    if archive.exists():
        raise InputError("already exists; choose a new file", file=archive)
    about = read_about(folder)
    store = project_store(folder, about, database)
    try:
        found = schema_version(store)
        if found != HEAD and not store.is_sqlite:
            raise InputError(
                f"was made by an earlier o365seg (schema {found}), which has to back it up; or "
                "upgrade it first, by `o365seg status`",
                file=store.name,
            )
        # It holds password hashes and the signing key: nobody else reads it at any moment.
        # Beside the archive, where there has to be room for it anyway; /tmp may be small.
        with (
            replacing(archive, private=True) as part,
            tempfile.TemporaryDirectory(prefix=f".{archive.name}.", dir=archive.parent) as work,
        ):
            copied = Path(work) / STORE_FILE
            answers = copy_to_sqlite(store, copied)
            files = [folder / name for name in _KEPT if (folder / name).is_file()]
            files += [
                path
                for name, pattern in _FOLDERS.items()
                for path in sorted((folder / name).glob("*"))
                if pattern.fullmatch(path.name)
            ]
            manifest = Manifest(FORMAT, about.id, answers, {})
            # Stored, not deflated: run lengths and PNGs hardly shrink.
            with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as written:
                for path in [*files, copied]:
                    name = STORE_FILE if path == copied else path.relative_to(folder).as_posix()
                    written.write(path, name)
                    manifest.files[name] = file_sha256(path)
                written.writestr(MANIFEST, msgspec.json.encode(manifest))
        return manifest
    finally:
        store.close()


def restore(archive: Path, folder: Path, database: str = "") -> Manifest:
    """Make a project folder of a backup.

    Args:
        archive: As `back_up` wrote it.
        folder: New or empty.
        database: URL of a PostgreSQL database to put the answers into; empty: SQLite in the folder.

    Raises:
        InputError: a damaged backup (the file inside is named), or a folder in the way.
    """
    with new_folder(folder) as new:
        manifest = _unpack(archive, new.work)
        about = read_json(new.work / PROJECT_FILE, ProjectFile)
        about.database = without_password(database)
        store = project_store(new.work, about, database)
        write_json_atomic(new.work / PROJECT_FILE, about)
        copied = Store(sqlite_url(new.work / STORE_FILE))
        try:
            open_store(copied)  # upgraded, if an earlier version made it
            require_undamaged(copied)
        finally:
            copied.close()
        if not store.is_sqlite:
            fill_from_sqlite(store, new.work / STORE_FILE)
        with dropped_on_error(store):
            new.put_in_place()
        return manifest


def _unpack(archive: Path, work: Path) -> Manifest:
    try:
        with zipfile.ZipFile(archive) as packed:
            names = set(packed.namelist())
            if MANIFEST not in names:
                raise InputError(f"not a project backup: {MANIFEST} is missing", file=archive)
            manifest = decode_json(packed.read(MANIFEST), Manifest, f"{archive}: {MANIFEST}")
            if manifest.format != FORMAT:
                raise InputError(
                    f"has format {manifest.format}; this version reads format {FORMAT}",
                    file=archive,
                )
            (work / UPRIGHT_FOLDER).mkdir(exist_ok=True)
            for name, expected in manifest.files.items():
                _unpack_file(packed, name, expected, work, archive)
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(f"cannot be read: {error}", file=archive) from None
    return manifest


def _unpack_file(
    packed: zipfile.ZipFile, name: str, expected: str, work: Path, archive: Path
) -> None:
    if name not in (*_KEPT, STORE_FILE) and not _is_in_a_folder(name):
        raise InputError("not a file of a project", file=archive, record=name)
    path = work / name
    path.parent.mkdir(exist_ok=True)
    digest = hashlib.sha256()
    try:
        with packed.open(name) as source, _writing(path, archive) as target:
            while chunk := source.read(1 << 20):
                digest.update(chunk)
                target.write(chunk)
    except KeyError:
        raise InputError("missing", file=archive, record=name) from None
    except (zipfile.BadZipFile, EOFError) as error:
        raise InputError(f"damaged: {error}", file=archive, record=name) from None
    if digest.hexdigest() != expected:
        raise InputError("damaged: the SHA-256 checksum does not match", file=archive, record=name)
    kept = packed.getinfo(name).external_attr >> 16 & 0o666
    # Written back to the disk below, and changed later: its owner must be able to write it.
    path.chmod(0o600 if name in (STORE_FILE, KEY_FILE) else allowed_by_umask(kept) | 0o200)


def _is_in_a_folder(name: str) -> bool:
    folder, _, file = name.partition("/")
    return folder in _FOLDERS and _FOLDERS[folder].fullmatch(file) is not None


@contextmanager
def _writing(path: Path, archive: Path) -> Iterator[BinaryIO]:
    """A new file; a full disk is no fault of the archive."""
    try:
        with path.open("wb") as file:
            yield file
    except OSError as error:
        raise InputError(
            f"cannot be unpacked: {error.strerror}", file=archive, record=path.name
        ) from None
