"""Reviewers' marks on the image, and raters' replies."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """From schema 0006."""
    op.add_column("review", sa.Column("marks", sa.JSON))
    op.create_table(
        "reply",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("review_id", sa.Integer, sa.ForeignKey("review.id"), nullable=False),
        sa.Column("rater_id", sa.Integer, sa.ForeignKey("rater.id"), nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_reply_review_id", "reply", ["review_id"])
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER reply_no_{verb.lower()} BEFORE {verb} ON reply "
                "BEGIN SELECT RAISE(ABORT, 'reply: rows are append-only'); END"
            )
    else:
        op.execute(
            "CREATE TRIGGER reply_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reply "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
