"""Opening a project: where its images are now, and what is no project."""

import shutil
from pathlib import Path

import pytest
from small_project import SmallSource

from o365seg.errors import InputError
from o365seg.project.folder import Project, open_project


def test_the_images_may_move(project: Project, source: SmallSource, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    shutil.move(source.images, moved)
    assert open_project(project.folder, moved).images.folder == moved


def test_what_is_no_project_is_refused(tmp_path: Path, project: Project) -> None:
    with pytest.raises(InputError, match=r"not a project"):
        open_project(tmp_path)
    about = project.folder / "project.json"
    about.write_text(about.read_text().replace('"format":1', '"format":9'))
    with pytest.raises(InputError, match="format 9"):
        open_project(project.folder)
