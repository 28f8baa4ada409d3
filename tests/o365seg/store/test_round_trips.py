"""Statements that travel together do what they would one by one, in SQLite and PostgreSQL."""

import pytest
import sqlalchemy as sa
from rater_steps import add_raters, current, take
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from annotate_app.rater import questions
from annotate_app.web.catalogue import read_catalogues
from o365seg.project.folder import Project
from o365seg.store import round_trips
from o365seg.store.database import Connection
from o365seg.store.people.raters import Rater
from o365seg.store.round_trips import ask, tell
from o365seg.store.schema import Role, rater
from o365seg.store.work import answers
from o365seg.store.work.checks import Activity, Skip, SkipReason

_NAMES = sa.select(rater.c.name).order_by(rater.c.name)
_ADD = (
    rater.insert()
    .values(name=sa.bindparam("name"), password_hash=sa.literal("x"), created_at=sa.literal(0))
    .inline()  # returns no id
)
_COUNT = sa.select(sa.func.count().label("people")).select_from(rater)


def names(db: Connection) -> list[str]:
    return list(db.execute(_NAMES).scalars())


def test_each_statement_sees_those_before_it(project: Project) -> None:
    with project.store.write() as db:
        tell(db, _ADD, {"name": "ada"})
        before, added, after = ask(db, (_COUNT, {}), (_ADD, {"name": "rui"}), (_COUNT, {}))
        assert (before[0].people, added, after[0].people) == (1, [], 2)
        tell(db, _ADD, {"name": "zoe"})
        assert names(db) == ["ada", "rui", "zoe"]  # by a statement that goes alone
        tell(db, _ADD, {"name": "zuzana"})  # the last before the commit
    with project.store.read() as db:
        assert names(db) == ["ada", "rui", "zoe", "zuzana"]
        assert ask(db, (_COUNT, {}))[0][0].people == 4


@pytest.mark.parametrize("last", ["tell", "ask"])
def test_a_refused_statement_undoes_the_transaction(project: Project, last: str) -> None:
    with pytest.raises(DBAPIError, match=r"(?i)unique") as caught, project.store.write() as db:
        tell(db, _ADD, {"name": "ada"})
        if last == "tell":
            tell(db, _ADD, {"name": "ada"})
        else:
            ask(db, (_ADD, {"name": "ada"}), (_COUNT, {}))
    assert not caught.value.connection_invalidated
    with project.store.write() as db:
        assert names(db) == []
        tell(db, _ADD, {"name": "ada"})  # the connection works on, and nothing is left over
    with project.store.read() as db:
        assert names(db) == ["ada"]


def test_what_was_told_before_an_error_is_not_run_later(project: Project) -> None:
    with pytest.raises(RuntimeError), project.store.write() as db:
        tell(db, _ADD, {"name": "ada"})
        raise RuntimeError
    with project.store.write() as db:
        assert names(db) == []


def test_a_submit_needs_few_round_trips(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The burst of submits rests on it: every one of them waits for each."""
    if project.store.is_sqlite:
        pytest.skip("SQLite has no wire")
    [ada] = add_raters(project.store, 1)
    person = Rater(ada, "rater 0", "hash", 0, Role.RATER, True)
    held = current(take(project.store, ada))
    alone, together = [], []
    exchange = round_trips._exchange
    monkeypatch.setattr(
        round_trips, "_exchange", lambda *given: together.append(1) or exchange(*given)
    )

    @event.listens_for(project.store._engine, "before_cursor_execute")
    def _note(_db: object, _cursor: object, statement: str, *_: object) -> None:
        alone.append(statement)

    with project.store.write() as db:
        done = answers.submit(
            db,
            rater_id=ada,
            token=held.token,
            question_id=held.question_id,
            work=Skip(SkipReason.TOO_DARK),
            image_sha256=held.image_sha256,
            activity=Activity(),
            client_version="test",
            now=0,
        )
        questions.take_work(db, person, 0, lambda: read_catalogues()["en"], done)
    assert (alone, len(together)) == ([], 4)  # and the commit
