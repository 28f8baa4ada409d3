"""Roles, invitations, gold, replicas, reviews, settings, the audit log.

Adding columns leaves SQLite's rows where they are, so a large project upgrades at once.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_APPEND_ONLY = ("review", "audit")


def upgrade() -> None:
    """From schema 0001."""
    op.add_column("rater", sa.Column("role", sa.String, nullable=False, server_default="rater"))
    op.add_column(
        "rater", sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true())
    )
    op.add_column("rater", sa.Column("guidelines_read_at", sa.BigInteger))
    op.add_column("rater", sa.Column("qualified_at", sa.BigInteger))
    op.add_column("question", sa.Column("replicas", sa.Integer, nullable=False, server_default="0"))
    for table in ("lease", "answer"):
        op.add_column(
            table, sa.Column("purpose", sa.String, nullable=False, server_default="answer")
        )
    op.add_column("answer", sa.Column("reference_iou", sa.Float))
    op.drop_index("lease_one_open_per_question", "lease")
    op.create_index(
        "lease_one_open_per_question",
        "lease",
        ["question_id"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL AND purpose = 'answer'"),
    )
    op.create_index(
        "lease_one_open_per_question_and_rater",
        "lease",
        ["question_id", "rater_id"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
    )
    _create_people_tables()
    _create_quality_tables()
    for table in _APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table}: rows are append-only'); END"
            )


def _create_people_tables() -> None:
    op.create_table(
        "invitation",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("token_hash", sa.String, nullable=False, unique=True),
        sa.Column("name", sa.String),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("created_by", sa.Integer, sa.ForeignKey("rater.id")),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("closed_at", sa.BigInteger),
        sa.Column("used_by", sa.Integer, sa.ForeignKey("rater.id")),
    )
    op.create_table(
        "setting",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.JSON, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor_id", sa.Integer, sa.ForeignKey("rater.id")),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False, server_default=""),
        sa.Column("detail", sa.JSON, nullable=False),
        sqlite_autoincrement=True,
    )


def _create_quality_tables() -> None:
    op.create_table(
        "gold",
        sa.Column("question_id", sa.BigInteger, sa.ForeignKey("question.id"), primary_key=True),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("counts", sa.String, nullable=False),
        sa.Column("created_by", sa.Integer, sa.ForeignKey("rater.id")),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "review",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("answer_id", sa.Integer, sa.ForeignKey("answer.id"), nullable=False),
        sa.Column("reviewer_id", sa.Integer, sa.ForeignKey("rater.id"), nullable=False),
        sa.Column("verdict", sa.String, nullable=False),
        sa.Column("comment", sa.String, nullable=False, server_default=""),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_review_answer_id", "review", ["answer_id"])
    op.create_table(
        "review_hold",
        sa.Column("answer_id", sa.Integer, sa.ForeignKey("answer.id"), primary_key=True),
        sa.Column("reviewer_id", sa.Integer, sa.ForeignKey("rater.id"), nullable=False),
        sa.Column("token", sa.String, nullable=False, unique=True),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
    )
