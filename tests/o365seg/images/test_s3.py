"""Images in S3: the real client against moto's server on this machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from small_project import SmallSource

from o365seg.errors import InputError
from o365seg.project.creation import create_project
from o365seg.project.folder import open_project
from o365seg.store.schema import image

_NEEDS = "not installed; pip install s3fs 'moto[server]'"


@pytest.fixture
def bucket(source: SmallSource, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The images of `source` in a bucket, found by AWS's own environment variables."""
    s3fs = pytest.importorskip("s3fs", reason=f"s3fs is {_NEEDS}")
    moto = pytest.importorskip("moto.server", reason=f"moto is {_NEEDS}")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    files = s3fs.S3FileSystem()
    files.makedirs("photos", exist_ok=True)  # moto keeps what the last server had
    files.put(str(source.images), "photos/val", recursive=True)
    yield "s3://photos/val"
    server.stop()
    s3fs.S3FileSystem.clear_instance_cache()


def test_a_project_over_s3_is_the_project_over_the_folder(
    bucket: str, source: SmallSource, tmp_path: Path
) -> None:
    create_project(tmp_path / "far", source.detections, bucket)
    create_project(tmp_path / "near", source.detections, source.images)
    rows = []
    for name in ("far", "near"):
        opened = open_project(tmp_path / name)
        with opened.store.read() as db:
            rows.append([tuple(row) for row in db.execute(sa.select(image).order_by(image.c.id))])
        for _, path, upright, *_ in rows[-1]:
            if not upright:
                assert opened.images.read(path) == (source.images / path).read_bytes()
        opened.store.close()
    assert rows[0] == rows[1] != []


def test_a_bucket_that_is_not_there_is_named(
    bucket: str, source: SmallSource, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"s3://no-such-bucket/val: .*no such image folder"):
        create_project(tmp_path / "p", source.detections, "s3://no-such-bucket/val")
