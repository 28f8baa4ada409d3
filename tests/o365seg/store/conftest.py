"""The store's rules hold in both databases, so every test runs in both."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_project import SmallSource, open_copied_project, open_small_project

from o365seg.project.folder import Project


@pytest.fixture(params=["sqlite", "postgresql"])
def project(
    request: pytest.FixtureRequest, tmp_path: Path, source: SmallSource
) -> Iterator[Project]:
    """An open project of all images of `source`."""
    folder = tmp_path / "project"
    if request.param == "sqlite":
        opening = open_copied_project(folder, source)
    else:
        opening = open_small_project(folder, source, request.getfixturevalue("postgresql"))
    with opening as opened:
        yield opened
