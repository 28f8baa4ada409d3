"""Damage of a database is found, and the answer that it is in is named."""

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from rater_steps import add_raters, current, submit, take
from small_project import box_mask

from o365seg.errors import InputError
from o365seg.project.backup import back_up, restore
from o365seg.project.folder import Project
from o365seg.release.build import build_release
from o365seg.store.database import Store
from o365seg.store.integrity import find_damage, require_undamaged


def paint_some(project: Project, number: int = 3) -> None:
    [rater] = add_raters(project.store, 1)
    for _ in range(number):
        leased = current(take(project.store, rater))
        submit(project.store, rater, leased, box_mask(leased.height, leased.width, 3, 4))


def flip_bit(store: Store, answer: int) -> None:
    """Change one character of a stored mask, past the database's own rules."""
    with store.write() as db:
        rule = "answer_no_update" if store.is_sqlite else "answer_append_only ON answer"
        db.execute(sa.text(f"DROP TRIGGER {rule}"))
        counts = db.execute(
            sa.text("SELECT counts FROM answer WHERE id = :id"), {"id": answer}
        ).scalar_one()
        flipped = chr(ord(counts[0]) ^ 1) + counts[1:]
        db.execute(
            sa.text("UPDATE answer SET counts = :counts WHERE id = :id"),
            {"counts": flipped, "id": answer},
        )


def test_an_undamaged_database_has_no_faults(project: Project) -> None:
    paint_some(project)
    assert find_damage(project.store) == []


def test_a_flipped_bit_stops_backup_and_release_and_names_the_answer(
    project: Project, tmp_path: Path
) -> None:
    paint_some(project)
    flip_bit(project.store, 2)
    with pytest.raises(InputError, match=r"answer 2 \(question \d+\): damaged: the mask") as found:
        require_undamaged(project.store)
    assert found.value.file == project.store.name
    archive = tmp_path / "b.zip"
    with pytest.raises(InputError, match="answer 2 ") as found:
        back_up(project.folder, archive)
    assert found.value.file == project.store.name
    assert sorted(path.name for path in tmp_path.iterdir()) == ["project", "source"]
    with pytest.raises(InputError, match="answer 2 "):
        build_release(project)


def test_a_bit_that_leaves_no_text_is_found(tmp_path: Path, project: Project) -> None:
    if not project.store.is_sqlite:
        pytest.skip("PostgreSQL checks the encoding of what it stores")
    paint_some(project)
    with sqlite3.connect(project.folder / "project.sqlite") as db:
        db.execute("DROP TRIGGER answer_no_update")
        db.execute("UPDATE answer SET counts = CAST(x'b1ff' AS TEXT) WHERE id = 1")
    with pytest.raises(InputError, match="answer 1 "):
        back_up(project.folder, tmp_path / "b.zip")


def test_a_restored_backup_is_checked(project: Project, tmp_path: Path) -> None:
    if not project.store.is_sqlite:
        pytest.skip("a backup holds SQLite, whatever was backed up")
    paint_some(project)
    archive = tmp_path / "b.zip"
    with pytest.MonkeyPatch.context() as patch:
        # As an earlier o365seg would have made it.
        patch.setattr("o365seg.store.copying.require_undamaged", lambda store: None)
        flip_bit(project.store, 3)
        back_up(project.folder, archive)
    with pytest.raises(InputError, match="answer 3 "):
        restore(archive, tmp_path / "again")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.zip", "project", "source"]


def test_a_malformed_page_stops_backup_and_release(project: Project, tmp_path: Path) -> None:
    if not project.store.is_sqlite:
        pytest.skip("PostgreSQL's pages have checksums of their own")
    paint_some(project, 8)
    project.store.close()
    path = project.folder / "project.sqlite"
    with sqlite3.connect(path) as db:
        [(page,)] = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'answer'")
        [(size,)] = db.execute("PRAGMA page_size")
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        header = file.read(size)
        file.seek((page - 1) * size)
        file.write(bytes(byte ^ 0xFF for byte in header[:12]) + header[12:])
    with pytest.raises(InputError, match="damaged: ") as found:
        back_up(project.folder, tmp_path / "b.zip")
    assert found.value.record == "answer 1"
    with pytest.raises(InputError, match="damaged: "):
        build_release(project)
