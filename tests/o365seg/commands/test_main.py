"""The command `o365seg`, run as its users run it."""

import json
import shutil
import subprocess
from pathlib import Path

import forked
import pytest
from rater_steps import add_raters, current, skip, take
from small_project import SmallSource

from o365seg.project.backup import back_up
from o365seg.project.folder import Project
from o365seg.store import audit


def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    preload = ("o365seg.project.folder", "o365seg.project.backup", "o365seg.release.build")
    return forked.run("o365seg.commands.main:main", *arguments, preload=preload, cwd=cwd)


def test_create_tells_what_it_made_and_noticed(source: SmallSource, tmp_path: Path) -> None:
    first = source.content["images"][0]["file_name"]
    (source.images / first.removeprefix("images/v1/")).unlink()
    done = run(
        "create", tmp_path / "p", "--detections", source.detections, "--images", source.images
    )
    assert done.returncode == 0, done.stderr
    assert f"image not used: {first}: no such file in the image root" in done.stderr
    assert "only 3 of the 1000 requested images could be used" in done.stderr
    assert "3 images, 6 questions, 3 crowd boxes not used" in done.stdout


def test_annotation_id_0_is_warned_of(source: SmallSource, tmp_path: Path) -> None:
    create = ("create", tmp_path / "p", "--detections", source.detections)
    assert "warning" not in run(*create, "--images", source.images).stderr
    shutil.rmtree(tmp_path / "p")
    source.content["annotations"][0]["id"] = 0
    source.rewrite()
    for done in (
        run(*create, "--images", source.images),
        run("release", tmp_path / "p", "--out", tmp_path / "release.json"),
    ):
        assert done.returncode == 0
        assert "json: an annotation has id 0: pycocotools never counts it as found" in done.stderr


def test_status_counts_in_words_and_in_json(project: Project) -> None:
    (ada,) = add_raters(project.store, 1)
    skip(project.store, ada, current(take(project.store, ada)))
    shown = run("status", project.folder)
    assert shown.returncode == 0, shown.stderr
    assert "too_dark" in shown.stdout
    counted = json.loads(run("status", project.folder, "--json", "-").stdout)
    assert (counted["questions"], counted["skipped"], counted["unanswered"]) == (9, 1, 8)
    assert counted["raters"][0]["name"] == "rater 0"


def test_release_writes_the_same_bytes_twice_in_both_variants(
    project: Project, tmp_path: Path
) -> None:
    for name, options in [
        ("o365_instance_seg_val.json", []),
        ("o365_instance_seg_val.pycocotools.json", ["--for", "pycocotools"]),
    ]:
        done = run("release", project.folder, *options, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert f"{name}: 4 images, 0 masks, 0 skipped, 9 unanswered" in done.stdout
        first = (tmp_path / name).read_bytes()
        run("release", project.folder, *options, "--out", tmp_path / "again.json")
        assert (tmp_path / "again.json").read_bytes() == first
    with project.store.read() as db:
        entries = audit.list_entries(db, action="export")
    assert [(entry.actor, entry.subject) for entry in entries] == [
        (None, "pycocotools"), (None, "pycocotools"), (None, "benchmark"), (None, "benchmark"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["status", "absent"], 1, "error: absent: not a project: project.json is missing"),
        (["release", "absent"], 1, "error: absent: not a project"),
        (
            ["create", "p", "--detections", "absent.json", "--images", "."],
            1,
            "error: absent.json: no such file",
        ),
        (
            ["create", "p", "--detections", "bad.json", "--images", "absent"],
            1,
            "error: absent: no such image folder",
        ),
        (
            ["create", "p", "--detections", "bad.json", "--images", "."],
            1,
            "error: bad.json: not valid JSON",
        ),
        (["create", "p", "--detections", "bad.json", "--images", ".", "--count", "0"], 2, "count"),
        (["release", "p", "--for", "nobody"], 2, "pycocotools"),
        (["unknown"], 2, "No such command"),
    ],
)
def test_bad_input_gets_one_clear_line(
    tmp_path: Path, arguments: list[str], status: int, message: str
) -> None:
    (tmp_path / "bad.json").write_text("{")
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == status
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["bad.json"]


def test_the_environment_says_where_a_new_project_goes(
    project: Project, source: SmallSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, new = tmp_path / "b.zip", tmp_path / "new"
    back_up(project.folder, archive)
    monkeypatch.setenv("O365SEG_DATABASE", "mysql://db.example/x")
    files = ("--detections", source.detections, "--images", source.images)
    for command in (("create", new, *files), ("restore", archive, new)):
        done = run(*command)
        assert (done.returncode, new.exists()) == (1, False)
        assert "not a PostgreSQL URL" in done.stderr
    assert run("status", project.folder).returncode == 0  # it says where it is


def test_every_command_has_help_with_an_example() -> None:
    for command in ("create", "status", "release"):
        shown = run(command, "--help")
        assert shown.returncode == 0
        assert f"o365seg {command} my-project" in " ".join(shown.stdout.split())
