"""Drafts hold an open polygon, and there are drafts of reviewers' repaintings."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """From schema 0003."""
    op.add_column("draft", sa.Column("polygon", sa.JSON))
    op.add_column(
        "draft", sa.Column("repaint", sa.Boolean, nullable=False, server_default=sa.false())
    )
