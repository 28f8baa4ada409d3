"""Images in a folder and behind URLs: the same project, the same bytes."""

import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import pytest
import sqlalchemy as sa
from small_project import SmallSource

from o365seg.errors import InputError
from o365seg.images.image_root import ImageRoot
from o365seg.project.creation import create_project
from o365seg.project.folder import open_project
from o365seg.store.schema import image


class _Quiet(SimpleHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()


@pytest.fixture
def web(source: SmallSource) -> Iterator[str]:
    """The images of `source` behind a web server of this machine."""
    pytest.importorskip("aiohttp", reason="fsspec reads http with aiohttp")
    _Quiet.asked.clear()
    handler = functools.partial(_Quiet, directory=str(source.images))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def memory(source: SmallSource) -> Iterator[str]:
    """The images of `source` in a storage without folders."""
    files = fsspec.filesystem("memory")
    for path in source.images.rglob("*"):
        if path.is_file():
            files.pipe(f"/bucket/{path.relative_to(source.images).as_posix()}", path.read_bytes())
    yield "memory://bucket"
    files.rm("/bucket", recursive=True)


def images_of(folder: Path, place: str) -> list[tuple]:
    opened = open_project(folder)
    with opened.store.read() as db:
        rows = [tuple(row) for row in db.execute(sa.select(image).order_by(image.c.id))]
    for row in rows:
        if not row[2]:  # no upright copy
            assert opened.images.read(row[1])
    assert str(opened.images) == place
    opened.store.close()
    return rows


@pytest.mark.parametrize("kind", ["web", "memory"])
def test_a_project_over_a_url_is_the_project_over_the_folder(
    kind: str, request: pytest.FixtureRequest, source: SmallSource, tmp_path: Path
) -> None:
    place = request.getfixturevalue(kind)
    create_project(tmp_path / "far", source.detections, place)
    create_project(tmp_path / "near", source.detections, source.images)
    assert images_of(tmp_path / "far", place) == images_of(
        tmp_path / "near", str(source.images.resolve())
    )


def test_what_was_read_lately_is_not_asked_for_again(
    web: str, source: SmallSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    [path, *_] = sorted(path for path in source.images.rglob("*") if path.is_file())
    name = path.relative_to(source.images).as_posix()
    root = ImageRoot(web)
    first = root.read(name)
    assert root.read(name) == first == (source.images / name).read_bytes()
    assert sum(name in path for path in _Quiet.asked) == 1
    monkeypatch.setattr("o365seg.images.image_root._CACHE_BYTES", 10)
    other = ImageRoot(web)
    other.read(name)
    other.read(name)
    assert sum(name in path for path in _Quiet.asked) == 3


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("/no/such/folder", "no such image folder"),
        ("memory://nothing-here", "no such image folder"),
        ("odd://x", "unknown URL scheme"),
    ],
)
def test_a_place_that_is_not_there_is_named(place: str, why: str) -> None:
    with pytest.raises(InputError, match=rf"{place}: .*{why}"):
        ImageRoot(place).check()


def test_a_missing_file_is_an_os_error(web: str, memory: str, tmp_path: Path) -> None:
    for place in (web, memory, str(tmp_path)):
        root = ImageRoot(place)
        assert not root.is_file("absent.jpg")
        with pytest.raises(OSError, match=r"."):
            root.read("absent.jpg")


def test_a_web_server_that_does_not_answer_is_no_missing_file(
    web: str, source: SmallSource, tmp_path: Path
) -> None:
    """Else `create` would sample other images because of a network that is down."""
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as closed:
        away = f"http://127.0.0.1:{closed.server_port}"
    root = ImageRoot(away)
    for look in (root.is_file, root.read):
        with pytest.raises(InputError, match=rf"{away}: .*cannot be reached"):
            look("a.jpg")
    with pytest.raises(InputError, match="cannot be reached"):
        create_project(tmp_path / "p", source.detections, away)
    assert not (tmp_path / "p").exists()
    assert not ImageRoot(web).is_file("absent.jpg")


@pytest.mark.parametrize("place", ["https://ada:hunter2@x.example/val", "s3://k:hunter2@bucket"])
def test_a_password_in_a_url_is_refused_and_not_repeated(place: str) -> None:
    with pytest.raises(InputError, match="contains a password") as error:
        ImageRoot(place)
    assert "hunter2" not in str(error.value)
    assert str(ImageRoot("https://ada@x.example/a@b:c")) == "https://ada@x.example/a@b:c"


def test_what_was_damaged_on_the_way_is_read_anew(memory: str, source: SmallSource) -> None:
    [path, *_] = sorted(path for path in source.images.rglob("*") if path.is_file())
    name = path.relative_to(source.images).as_posix()
    root, files = ImageRoot(memory), fsspec.filesystem("memory")
    files.pipe(f"/bucket/{name}", b"half")
    assert root.read(name) == b"half"
    files.pipe(f"/bucket/{name}", path.read_bytes())
    root.forget(name)
    assert root.read(name) == path.read_bytes()
    root.forget("never read")
