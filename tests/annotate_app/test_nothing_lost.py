"""Kill -9 of the server in mid-work: every answer that a rater was told is recorded, is there.

`tests/performance/annotate_app/soak.py` does the same with fifty thousand answers.
"""

from pathlib import Path

import pytest
from rater_steps import add_raters
from small_project import make_source, open_small_project
from soak_raters import compare, soak

from annotate_app.access.passwords import hash_password
from o365seg.store.people import raters

PASSWORD = "correct horse"


@pytest.mark.slow
def test_kill_9_loses_and_doubles_nothing(tmp_path: Path) -> None:
    source = make_source(tmp_path / "source", images=100)
    with open_small_project(tmp_path / "project", source) as project:
        names = [f"rater {number}" for number in range(6)]
        people = dict(zip(names, add_raters(project.store, 6), strict=True))
        hashed = hash_password(PASSWORD)
        with project.store.write() as db:
            for name in names:
                raters.set_password(db, name, hashed)
        books = soak(
            project, people, PASSWORD, lambda _seconds, answers: answers >= 70, sleepy=0.03
        )
        assert books.happened["kill -9"] >= 3
        assert books.happened["lease expired"] > 0
        assert books.happened["no answer, sent again"] > 0
        assert books.happened["sent twice"] > 0
        assert len(books.told) == 225  # 300 boxes, every fourth a crowd
        assert compare(project, books) == []
