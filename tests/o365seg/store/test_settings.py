"""What an owner can choose, and what is refused."""

import pytest
import sqlalchemy as sa
from quality_steps import choose

from o365seg.errors import InputError
from o365seg.project.folder import Project
from o365seg.release.build import build_release
from o365seg.store.schema import audit, question, setting
from o365seg.store.settings import (
    ProjectSettings,
    allowed_assistance,
    change_setting,
    past_assistance,
    read_settings,
)


def replicated(project: Project) -> set[int]:
    with project.store.read() as db:
        return set(db.execute(sa.select(question.c.id).where(question.c.replicas > 0)).scalars())


def test_settings_are_read_back_and_only_what_differs_is_stored(project: Project) -> None:
    with project.store.read() as db:
        assert read_settings(db) == ProjectSettings()
    choose(project.store, pass_mark="0.9", guidelines_required="yes", replicas="2")
    choose(project.store, replicas=1)
    with project.store.read() as db:
        assert read_settings(db) == ProjectSettings(pass_mark=0.9, guidelines_required=True)
        assert set(db.execute(sa.select(setting.c.name)).scalars()) == {
            "pass_mark",
            "guidelines_required",
        }
        actions = db.execute(sa.select(audit.c.action, audit.c.subject)).all()
    assert [row.subject for row in actions] == [
        "pass_mark",
        "guidelines_required",
        "replicas",
        "replicas",
    ]


def test_assistance_that_was_allowed_once_is_remembered(project: Project) -> None:
    choose(project.store, allow_smoothing="yes", guidelines_required="yes")
    choose(project.store, allow_smoothing="no", allow_holes="yes")
    with project.store.read() as db:
        assert allowed_assistance(read_settings(db)) == ["holes"]
        assert past_assistance(db) == ["holes", "smoothing"]
    assert build_release(project)["info"]["assistance"] == ["holes", "smoothing"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("colour", "red"),
        ("pass_mark", "high"),
        ("pass_mark", "1.01"),
        ("pass_mark", "nan"),
        ("replicas", "1.5"),
        ("qualification_attempts", "-1"),
        ("guidelines_required", "perhaps"),
        ("guidelines", "  "),
    ],
)
def test_what_is_no_setting_or_no_value_is_refused(project: Project, name: str, value: str) -> None:
    with pytest.raises(InputError, match=name), project.store.write() as db:
        change_setting(db, name, value)


def test_a_larger_share_of_replicas_contains_the_smaller(project: Project) -> None:
    choose(project.store, replica_share=0.4)
    few = replicated(project)
    choose(project.store, replica_share=0.8)
    more = replicated(project)
    assert few < more
    choose(project.store, replica_share=1)
    assert len(replicated(project)) == 9
    choose(project.store, replica_share=0)
    assert replicated(project) == set()
