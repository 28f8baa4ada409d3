"""The secret that sessions are signed with: there from the start, and its owner's alone."""

import stat
from pathlib import Path

import pytest
from small_project import make_source

from o365seg.errors import InputError
from o365seg.project.creation import create_project
from o365seg.project.signing_key import KEY_FILE, signing_key


def test_a_new_project_has_one_so_that_a_copy_signs_alike(tmp_path: Path) -> None:
    source = make_source(tmp_path / "source")
    for name in "pq":
        create_project(tmp_path / name, source.detections, source.images)
    first, second = ((tmp_path / name / KEY_FILE).read_text() for name in "pq")
    assert len(first) >= 32 and first != second
    assert signing_key(tmp_path / "p") == first


def test_a_project_of_before_gets_one_once(tmp_path: Path) -> None:
    secret = signing_key(tmp_path)
    assert len(secret) >= 32
    assert signing_key(tmp_path) == secret
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


def test_a_damaged_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_text("")
    with pytest.raises(InputError, match=r"secret\.key: damaged"):
        signing_key(tmp_path)
