"""What stands: the questions that were sent back are found by their state."""

import pytest
import sqlalchemy as sa

from o365seg.project.folder import Project
from o365seg.store.standing import rejections

# As ANALYZE finds it in a project of 400,000 questions that has sent none back.
_STATISTICS = (
    ("answer", "answer_by_question", "120000 1 1"),
    ("question", "question_by_state", "400009 200005 1"),
)


def test_sqlite_does_not_go_through_all_answers(project: Project) -> None:
    """It is asked at every submit."""
    if not project.store.is_sqlite:
        pytest.skip("the statistics are SQLite's")
    with project.store.write() as db:
        db.execute(sa.text("ANALYZE"))
        db.execute(sa.text("DELETE FROM sqlite_stat1"))
        for row in _STATISTICS:
            db.exec_driver_sql("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", row)
    project.store.close()  # connections read the statistics when they open
    with project.store.read() as db:
        text = sa.select(rejections()).compile(db.engine, compile_kwargs={"literal_binds": True})
        plan = [row.detail for row in db.execute(sa.text(f"EXPLAIN QUERY PLAN {text}"))]
    assert any(step.startswith("SEARCH answer ") for step in plan)
    assert not any(step.startswith("SCAN") for step in plan), plan
