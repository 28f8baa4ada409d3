"""The store's rules hold in both databases, so every test runs in both."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_project import SmallSource, open_small_project

from o365seg.project.folder import Project


@pytest.fixture(params=["sqlite", "postgresql"])
def project(
    request: pytest.FixtureRequest, tmp_path: Path, source: SmallSource
) -> Iterator[Project]:
    """An open project of all images of `source`."""
    on_server = request.param == "postgresql"
    database = request.getfixturevalue("postgresql") if on_server else ""
    with open_small_project(tmp_path / "project", source, database) as opened:
        yield opened
