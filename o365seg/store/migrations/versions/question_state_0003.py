"""Each question's state beside it, and indexes along which the next question is found."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ANSWERED = (
    "UPDATE question SET state = 'answered' WHERE EXISTS "
    "(SELECT 1 FROM answer WHERE answer.question_id = question.id AND answer.purpose = 'answer')"
)
_SENT_BACK = (
    "UPDATE question SET state = 'sent_back' WHERE id IN "
    "(SELECT answer.question_id FROM review JOIN answer ON answer.id = review.answer_id "
    "WHERE review.verdict = 'rejected' AND answer.purpose = 'answer' "
    "AND NOT EXISTS (SELECT 1 FROM review AS later "
    "WHERE later.answer_id = review.answer_id AND later.id > review.id) "
    "AND NOT EXISTS (SELECT 1 FROM answer AS later WHERE later.question_id = answer.question_id "
    "AND later.purpose = 'answer' AND later.id > answer.id))"
)

_AFTER_ANSWER = "UPDATE question SET state = 'answered' WHERE id = NEW.question_id"
_AFTER_REVIEW = (
    "UPDATE question SET state = "
    "CASE NEW.verdict WHEN 'rejected' THEN 'sent_back' ELSE 'answered' END "
    "WHERE id = (SELECT judged.question_id FROM answer AS judged "
    "WHERE judged.id = NEW.answer_id AND judged.purpose = 'answer' "
    "AND NOT EXISTS (SELECT 1 FROM answer AS later WHERE later.question_id = judged.question_id "
    "AND later.purpose = 'answer' AND later.id > judged.id)) "
    "AND NOT EXISTS (SELECT 1 FROM review AS later "
    "WHERE later.answer_id = NEW.answer_id AND later.id > NEW.id)"
)
_TRIGGERS = (
    ("answer", "WHEN (NEW.purpose = 'answer')", _AFTER_ANSWER),
    ("review", "", _AFTER_REVIEW),
)


def upgrade() -> None:
    """From schema 0002."""
    # First the indexes that what follows looks things up by.
    op.drop_index("ix_answer_question_id", "answer")
    op.drop_index("ix_answer_rater_id", "answer")
    op.create_index("answer_by_question", "answer", ["question_id", "rater_id"])
    op.create_index("answer_by_rater", "answer", ["rater_id", "purpose", "skip_reason"])
    op.add_column("question", sa.Column("state", sa.String, nullable=False, server_default="open"))
    op.execute(_ANSWERED)
    op.execute(_SENT_BACK)
    op.create_index("question_by_state", "question", ["state", "position"])
    op.create_index("question_by_image", "question", ["image_id", "state", "position"])
    op.create_index(
        "question_replicated",
        "question",
        ["position"],
        sqlite_where=sa.text("replicas > 0"),
        postgresql_where=sa.text("replicas > 0"),
    )
    op.drop_index("lease_open_by_rater", "lease")
    op.create_index(
        "lease_open_by_rater",
        "lease",
        ["rater_id", "shown_at"],
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index("lease_by_rater", "lease", ["rater_id", "leased_at", "purpose"])
    op.drop_index("draft_by_question_and_rater", "draft")
    op.create_index("draft_by_rater", "draft", ["rater_id", "question_id"])
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for table, when, update in _TRIGGERS:
        if on_sqlite:
            op.execute(
                f"CREATE TRIGGER {table}_sets_state AFTER INSERT ON {table} {when} "
                f"BEGIN {update}; END"
            )
        else:
            op.execute(
                f"CREATE FUNCTION {table}_sets_state() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN {update}; RETURN NULL; END $$"
            )
            op.execute(
                f"CREATE TRIGGER {table}_sets_state AFTER INSERT ON {table} "
                f"FOR EACH ROW {when} EXECUTE FUNCTION {table}_sets_state()"
            )
