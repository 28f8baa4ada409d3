"""A project in one file and back: nothing lost, in either database, and damage is named."""

import json
import sqlite3
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from rater_steps import add_raters, current, skip, take
from small_project import SmallSource, open_small_project

from o365seg.errors import InputError
from o365seg.project.backup import back_up, restore
from o365seg.project.folder import Project, open_project
from o365seg.release.build import build_release
from o365seg.store.people.raters import add_rater, find_rater
from o365seg.store.schema import tables
from o365seg.store.versions import drop_store


def contents(project: Project) -> dict[str, list]:
    with project.store.read() as db:
        return {
            table.name: [
                tuple(row) for row in db.execute(sa.select(table).order_by(*table.primary_key))
            ]
            for table in tables.sorted_tables
            if table.name not in ("audit", "setting")
        }


def answered(project: Project) -> None:
    for rater in add_raters(project.store, 2):
        for _ in range(2):
            skip(project.store, rater, current(take(project.store, rater)))


@pytest.mark.parametrize("before", ["sqlite", "postgresql"])
@pytest.mark.parametrize("after", ["sqlite", "postgresql"])
def test_every_row_and_file_comes_back(
    before: str, after: str, tmp_path: Path, source: SmallSource, postgresql: str
) -> None:
    urls = {"sqlite": "", "postgresql": postgresql}
    with open_small_project(tmp_path / "p", source, urls[before]) as project:
        answered(project)
        (project.folder / "secret.key").write_text("x" * 40)
        for name, content in (("texts/fr.toml", 'name = "Français"'), ("upright/7", "PNG")):
            (project.folder / name).parent.mkdir(exist_ok=True)
            (project.folder / name).write_text(content)
        (project.folder / "texts" / "fr.toml").chmod(0o444)
        made = back_up(project.folder, tmp_path / "b.zip")
        assert made.answers == 4
        if before == after == "postgresql":  # one project of an id in a database
            with pytest.raises(InputError, match="already contains a project with this id"):
                restore(tmp_path / "b.zip", tmp_path / "q", postgresql)
            return
        restore(tmp_path / "b.zip", tmp_path / "q", urls[after])
        again = open_project(tmp_path / "q")
        assert contents(again) == contents(project)
        assert build_release(again) == build_release(project)
        assert (again.folder / "secret.key").read_text() == "x" * 40
        assert (again.folder / "texts" / "fr.toml").read_text() == 'name = "Français"'
        assert (again.folder / "upright" / "7").read_text() == "PNG"
        assert (again.folder / "texts" / "fr.toml").stat().st_mode & 0o200  # its owner writes it
        # And work goes on: new rows find free ids.
        answered_before = len(contents(again)["answer"])
        with again.store.write() as db:
            add_rater(db, "Grace", "hash")
            grace = find_rater(db, "Grace")
        assert grace is not None
        skip(again.store, grace.id, current(take(again.store, grace.id)))
        assert len(contents(again)["answer"]) == answered_before + 1
        again.store.close()
        if after == "postgresql":
            drop_store(again.store)


def test_a_backup_under_load_holds_whole_answers(project: Project, tmp_path: Path) -> None:
    stop = threading.Event()

    def work() -> None:
        [rater] = add_raters(project.store, 1)
        while not stop.is_set():
            work = take(project.store, rater)
            if work.current is None:
                return
            skip(project.store, rater, work.current)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for number in range(3):
            back_up(project.folder, tmp_path / f"{number}.zip")
    finally:
        stop.set()
        thread.join()
    for number in range(3):
        restore(tmp_path / f"{number}.zip", tmp_path / f"r{number}")
        with sqlite3.connect(tmp_path / f"r{number}" / "project.sqlite") as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []
            closed = "SELECT count(*) FROM lease WHERE outcome = 'answered'"
            answers = db.execute("SELECT count(*) FROM answer").fetchone()
            assert db.execute(closed).fetchone() == answers


def test_nothing_is_written_over(project: Project, tmp_path: Path) -> None:
    archive = tmp_path / "b.zip"
    back_up(project.folder, archive)
    with pytest.raises(InputError, match="already exists"):
        back_up(project.folder, archive)
    with pytest.raises(InputError, match="already exists"):
        restore(archive, project.folder)
    assert archive.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["project.sqlite", "sample.json"])
def test_damage_names_the_file_inside(project: Project, tmp_path: Path, name: str) -> None:
    archive = tmp_path / "b.zip"
    back_up(project.folder, archive)
    damaged = tmp_path / "d.zip"
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(damaged, "w") as new:
        for entry in old.namelist():
            data = old.read(entry)
            new.writestr(entry, data[:-1] + b"?" if entry == name else data)
    with pytest.raises(InputError, match=rf"{name}: damaged: the SHA-256"):
        restore(damaged, tmp_path / "q")
    assert not (tmp_path / "q").exists()
    archive.write_bytes(archive.read_bytes()[:-60])
    with pytest.raises(InputError, match=r"b.zip: cannot be read"):
        restore(archive, tmp_path / "q")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "2"}, "b.zip: manifest.json: field 'format': must be a whole number, not text"),
        ({"answers": ...}, "b.zip: manifest.json: field 'answers': missing"),
        ({"files": {"secret.key": "0"}}, "b.zip: secret.key: missing"),
    ],
)
def test_a_manifest_that_is_not_one_is_named(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    manifest = {"format": 1, "project": "p", "answers": 0, "files": {}} | changes
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as packed:
        packed.writestr(
            "manifest.json", json.dumps({k: v for k, v in manifest.items() if v is not ...})
        )
    with pytest.raises(InputError) as error:
        restore(tmp_path / "b.zip", tmp_path / "q")
    assert str(error.value).endswith(message)
    assert not (tmp_path / "q").exists()


@pytest.mark.parametrize(
    "name", ["../evil", "upright/../../evil", "/evil", "upright/..", "a/b", "texts/../a.toml"]
)
def test_no_name_leads_out_of_the_folder(project: Project, tmp_path: Path, name: str) -> None:
    archive = tmp_path / "b.zip"
    back_up(project.folder, archive)
    evil = tmp_path / "e.zip"
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(evil, "w") as new:
        manifest = json.loads(old.read("manifest.json"))
        manifest["files"][name] = "0"
        new.writestr(name, b"evil")
        for entry in set(old.namelist()) - {"manifest.json"}:
            new.writestr(entry, old.read(entry))
        new.writestr("manifest.json", json.dumps(manifest))
    with pytest.raises(InputError, match="not a file of a project"):
        restore(evil, tmp_path / "q")
    assert not list(tmp_path.rglob("evil"))
