"""A project folder appears whole or not at all, keeps its privacy, and says when a disk is full."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from PIL import Image
from small_project import SmallSource, open_small_project

from o365seg.errors import InputError
from o365seg.project.backup import back_up, restore
from o365seg.project.creation import create_project
from o365seg.project.new_folder import new_folder
from o365seg.store.database import Store, postgresql_url

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
"""What ends a command; the tests may run where some are ignored, so a command gets the defaults."""
COMMAND = [sys.executable, "-c", "from o365seg.commands.main import main; main()"]


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def create(folder: Path, source: SmallSource, database: str = "") -> None:
    create_project(folder, source.detections, source.images, images=100, database=database)


def test_the_database_is_one_whole_file_after_create(tmp_path: Path, source: SmallSource) -> None:
    create(tmp_path / "p", source)
    names = sorted(path.name for path in (tmp_path / "p").iterdir())
    made = ["project.json", "project.sqlite", "sample.json", "secret.key", "upright"]
    assert names == ["image_notes.json", *made]
    assert (tmp_path / "p" / "project.sqlite").stat().st_size > 50_000


def test_a_folder_keeps_the_privacy_of_its_place(tmp_path: Path, source: SmallSource) -> None:
    turned = next(source.images.rglob("*.png"))
    with Image.open(turned) as image:
        image.save(turned, "BMP")  # a browser is shown a converted copy
    source.images.chmod(0o700)
    private = tmp_path / "private"
    private.mkdir(0o700)
    create(private, source)
    assert private.stat().st_mode & 0o777 == 0o700
    with umask(0o027):
        create(tmp_path / "p", source)
        back_up(tmp_path / "p", tmp_path / "b.zip")
        restore(tmp_path / "b.zip", tmp_path / "q")
    for folder in (tmp_path / "p", tmp_path / "q"):
        assert folder.stat().st_mode & 0o777 == 0o750
        assert (folder / "sample.json").stat().st_mode & 0o777 == 0o640
        # Who cannot look into the folder of the photographs cannot read a copy of one.
        [copy] = (folder / "upright").iterdir()
        assert copy.stat().st_mode & 0o777 == 0o600


def started_create(
    folder: Path, tmp_path: Path, images: Path, *before: str
) -> subprocess.Popen[str]:
    """`o365seg create` behind the words `before`, which waits for its detections for ever."""
    os.mkfifo(tmp_path / "boxes.json")
    options = ["--detections", str(tmp_path / "boxes.json"), "--images", str(images)]
    process = subprocess.Popen(
        [*before, *COMMAND, "create", str(folder), *options],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: [signal.signal(number, signal.SIG_DFL) for number in SIGNALS],
    )
    for _ in range(600):
        if list(folder.parent.glob(f".{folder.name}.*")):
            return process
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    raise AssertionError("nothing was begun")


@pytest.mark.parametrize("number", SIGNALS)
def test_an_interrupted_command_leaves_nothing(
    number: int, tmp_path: Path, source: SmallSource
) -> None:
    place = tmp_path / "new" / "deep"
    process = started_create(place / "p", tmp_path, source.images)
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == (130 if number == signal.SIGINT else 143)
    assert "Traceback" not in errors
    assert not (tmp_path / "new").exists()


def test_a_command_under_nohup_outlives_its_terminal(tmp_path: Path, source: SmallSource) -> None:
    process = started_create(tmp_path / "new" / "p", tmp_path, source.images, "nohup")
    process.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    assert process.poll() is None
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 143


def test_what_a_killed_command_left_goes_with_the_next(tmp_path: Path, source: SmallSource) -> None:
    process = started_create(tmp_path / "p", tmp_path, source.images)
    create(tmp_path / "q", source)
    with pytest.raises(ZeroDivisionError), new_folder(tmp_path / "p"):
        assert len(list(tmp_path.glob(".p.*"))) == 2  # the other command still runs
        raise ZeroDivisionError
    process.kill()
    process.communicate()
    assert len(list(tmp_path.glob(".p.*"))) == 1
    create(tmp_path / "p", source)
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("interrupted", ["add_sample", "NewFolder.put_in_place"])
def test_an_interrupted_create_leaves_no_schema(
    interrupted: str,
    tmp_path: Path,
    source: SmallSource,
    postgresql: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def schemas() -> list[str]:
        store = Store(postgresql_url(postgresql))
        with store.read() as db:
            found = sa.inspect(db).get_schema_names()
        store.close()
        return found

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = schemas()
    monkeypatch.setattr(f"o365seg.project.creation.{interrupted}", interrupt)
    with pytest.raises(KeyboardInterrupt):
        create(tmp_path / "p", source, postgresql)
    assert schemas() == before
    assert not (tmp_path / "p").exists() and not list(tmp_path.glob(".*"))


def run_with_small_files(*command: str) -> subprocess.CompletedProcess[str]:
    """Run `o365seg` where no file may become larger than 20 KB, as on a full disk."""
    return subprocess.run(
        [*COMMAND, *command],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )


def test_a_full_disk_is_one_line(tmp_path: Path, source: SmallSource) -> None:
    with open_small_project(tmp_path / "p", source):
        pass
    back_up(tmp_path / "p", tmp_path / "b.zip")
    before = sorted(tmp_path.iterdir())
    boxes, images = str(source.detections), str(source.images)
    for command in (
        ("create", str(tmp_path / "q"), "--detections", boxes, "--images", images),
        ("restore", str(tmp_path / "b.zip"), str(tmp_path / "q")),
        ("backup", str(tmp_path / "p"), str(tmp_path / "c.zip")),
    ):
        ended = run_with_small_files(*command)
        assert ended.returncode == 1, command
        assert ended.stderr.startswith("error: ") and ended.stderr.count("\n") == 1, ended.stderr
        assert sorted(tmp_path.iterdir()) == before


def test_the_name_of_a_read_only_place_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be created: "), new_folder(Path("/proc/p")):
        pass
    assert not list(tmp_path.iterdir())
