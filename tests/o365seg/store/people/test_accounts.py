"""Letting people in and shutting them out: roles, invitations, and what the audit log says."""

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from rater_steps import add_raters, current, take

from o365seg.errors import InputError
from o365seg.project.folder import Project
from o365seg.store import audit
from o365seg.store.people import accounts as people
from o365seg.store.people import invitations, raters
from o365seg.store.people.invitations import DAY_MS
from o365seg.store.schema import Role, draft, invitation


@pytest.fixture
def owner(project: Project) -> int:
    with project.store.write() as db:
        raters.add_rater(db, "Olga", "hash", Role.OWNER)
        found = raters.find_rater(db, "Olga")
    assert found is not None
    return found.id


def actions(project: Project) -> list[tuple[str | None, str, str]]:
    with project.store.read() as db:
        return [(entry.actor, entry.action, entry.subject) for entry in audit.list_entries(db)]


def test_who_is_shut_out_holds_nothing_and_has_no_session(project: Project, owner: int) -> None:
    ada, bob = add_raters(project.store, 2)
    taken = current(take(project.store, ada))
    with project.store.write() as db:
        before = raters.find_rater(db, "rater 0")
        people.deactivate(db, "rater 0", by=owner, now=5)
        after = raters.find_rater(db, "rater 0")
    assert before is not None and after is not None
    assert not after.active
    assert after.sign_outs > before.sign_outs
    assert current(take(project.store, bob)).question_id == taken.question_id
    with project.store.write() as db:
        people.reactivate(db, "rater 0", by=None)
        again = raters.find_rater(db, "rater 0")
        assert db.execute(sa.select(draft)).all() == []
    assert again is not None and again.active
    assert actions(project) == [
        (None, "person.reactivate", "rater 0"),
        ("Olga", "person.deactivate", "rater 0"),
    ]


def test_doing_it_twice_is_no_second_change(project: Project, owner: int) -> None:
    add_raters(project.store, 1)
    with project.store.write() as db:
        for _ in range(2):
            people.deactivate(db, "rater 0", by=owner, now=5)
            people.set_role(db, "rater 0", Role.REVIEWER, by=owner)
    assert [action for _, action, _ in actions(project)] == ["person.role", "person.deactivate"]


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["deactivate", "reactivate", *Role]),
            st.sampled_from(["Olga", "Otto", "Ada"]),
        ),
        max_size=20,
    )
)
def test_whatever_owners_do_an_active_owner_is_left(steps: list[tuple[str, str]]) -> None:
    import tempfile
    from pathlib import Path

    from o365seg.store.database import Store, sqlite_url
    from o365seg.store.versions import create_store

    with tempfile.TemporaryDirectory() as folder:
        store = Store(sqlite_url(Path(folder) / "s.sqlite"))
        create_store(store)
        with store.write() as db:
            for name, role in (("Olga", Role.OWNER), ("Otto", Role.OWNER), ("Ada", Role.RATER)):
                raters.add_rater(db, name, "hash", role)
            for step, name in steps:
                try:
                    if step == "deactivate":
                        people.deactivate(db, name, by=None, now=0)
                    elif step == "reactivate":
                        people.reactivate(db, name, by=None)
                    else:
                        people.set_role(db, name, Role(step), by=None)
                except InputError:
                    pass
                assert any(p.active and p.role is Role.OWNER for p in people.list_people(db))
        store.close()


def test_a_link_works_once_and_the_database_does_not_hold_it(project: Project, owner: int) -> None:
    with project.store.write() as db:
        token = invitations.invite(db, Role.REVIEWER, by=owner, now=0)
        stored = db.execute(sa.select(invitation)).one()
        assert token not in map(str, stored)
        assert invitations.accept(db, token + "x", "Ada", "hash", 1) is None
        person = invitations.accept(db, token, "Ada", "hash", 1)
        assert person is not None
        assert invitations.accept(db, token, "Bob", "hash", 1) is None
        ada = raters.rater_by_id(db, person)
        assert raters.find_rater(db, "Bob") is None
    assert ada is not None
    assert (ada.name, ada.role) == ("Ada", Role.REVIEWER)
    assert actions(project) == [("Ada", "person.join", "Ada"), ("Olga", "person.invite", "")]


def test_a_link_ends_by_time_and_by_withdrawal(project: Project, owner: int) -> None:
    with project.store.write() as db:
        old = invitations.invite(db, Role.RATER, by=owner, now=0, days=2)
        gone = invitations.invite(db, Role.RATER, by=owner, now=0, days=2)
        assert invitations.find_open(db, old, 2 * DAY_MS - 1) is not None
        assert invitations.accept(db, old, "Ada", "hash", 2 * DAY_MS) is None
        found = invitations.find_open(db, gone, 1)
        assert found is not None
        invitations.withdraw(db, found.id, by=owner, now=1)
        assert invitations.accept(db, gone, "Ada", "hash", 1) is None
        assert [one.id for one in invitations.list_open(db, 1)] == [found.id - 1]


def test_an_invitations_name_is_the_one_that_joins(project: Project, owner: int) -> None:
    with project.store.write() as db:
        token = invitations.invite(db, Role.RATER, name="Emil", by=owner, now=0)
        with pytest.raises(InputError, match="is taken"):
            invitations.invite(db, Role.RATER, name="olga", by=owner, now=0)
        person = invitations.accept(db, token, "Mallory", "hash", 1)
        assert person is not None
        joined = raters.rater_by_id(db, person)
    assert joined is not None and joined.name == "Emil"


def test_a_name_taken_in_the_meantime_leaves_the_link_usable(project: Project, owner: int) -> None:
    with project.store.write() as db:
        token = invitations.invite(db, Role.RATER, by=owner, now=0)
        with pytest.raises(InputError, match="is taken"):
            invitations.accept(db, token, "OLGA", "hash", 1)
        assert invitations.accept(db, token, "Ada", "hash", 1) is not None


def test_the_log_is_paged_and_filtered(project: Project, owner: int) -> None:
    with project.store.write() as db:
        for number in range(7):
            audit.record(db, owner if number % 2 else None, f"a.{number % 3}", str(number))
        first = audit.list_entries(db, limit=3)
        rest = audit.list_entries(db, before=first[-1].id, limit=50)
        assert [entry.subject for entry in first + rest] == list("6543210")
        assert [e.subject for e in audit.list_entries(db, actor="Olga")] == list("531")
        assert [e.subject for e in audit.list_entries(db, action="a.1")] == list("41")
        assert audit.list_actions(db) == ["a.0", "a.1", "a.2"]
