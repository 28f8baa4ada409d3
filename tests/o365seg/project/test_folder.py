"""Opening a project: where its images are now, and what is no project."""

import shutil
from pathlib import Path

import pytest
from small_project import SmallSource

from o365seg.errors import InputError
from o365seg.project.folder import Project, move_images, open_project, read_about


def test_the_images_may_move(project: Project, source: SmallSource, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    shutil.move(source.images, moved)
    assert open_project(project.folder, moved).images.folder == moved


def test_the_new_place_of_images_is_stored_if_all_are_there(
    project: Project, source: SmallSource, tmp_path: Path
) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(source.images, moved)
    (gone,) = moved.glob("patch2/*02.png")
    kept = gone.rename(tmp_path / "kept.png")
    where = rf"elsewhere: image 20: has no patch2/{gone.name}"
    for place, says in ((tmp_path / "none", "no such image folder"), (moved, where)):
        with pytest.raises(InputError, match=says):
            move_images(project.folder, place)
        assert open_project(project.folder).about == project.about
    kept.rename(gone)
    move_images(project.folder, moved)
    assert open_project(project.folder).images.folder == moved
    assert read_about(project.folder).id == project.about.id


def test_what_is_no_project_is_refused(tmp_path: Path, project: Project) -> None:
    with pytest.raises(InputError, match=r"not a project"):
        open_project(tmp_path)
    about = project.folder / "project.json"
    about.write_text(about.read_text().replace('"format":1', '"format":9'))
    with pytest.raises(InputError, match="format 9"):
        open_project(project.folder)
