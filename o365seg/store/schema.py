"""The tables of a project's store.

All times are integer milliseconds since 1970 (UTC). Answers, reviews and audit entries are never
changed or deleted: the database itself refuses. What a question's answer is now is the newest row
of purpose `answer`.
"""

from enum import StrEnum

import sqlalchemy as sa

from o365seg.store.roles import Role

tables = sa.MetaData()


class Purpose(StrEnum):
    """Why a question is with a rater; only `ANSWER` makes a question's answer."""

    ANSWER = "answer"  # the work itself; corrections and a reviewer's repainting too
    REPLICA = "replica"  # painted once more, independently, for inter-rater agreement
    GOLD = "gold"  # a question of known answer, hidden among the work
    QUALIFICATION = "qualification"  # a question of known answer, before a rater may work


class QuestionState(StrEnum):
    """How far a question is; the database itself keeps it (see `question_state`)."""

    OPEN = "open"  # no answer yet
    ANSWERED = "answered"
    SENT_BACK = "sent_back"  # a reviewer rejected its newest answer


def constant(value: StrEnum) -> sa.ColumnElement[str]:
    """A value as part of the statement: PostgreSQL plans for this one, and keeps the plan.

    For statements of the hot path; given as a parameter, each planning would be on every submit.
    """
    return sa.literal_column(f"'{value.value}'", sa.String)


class Verdict(StrEnum):
    """What a reviewer found."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"  # goes back, with the comment and the mask
    REPAINTED = "repainted"  # the reviewer's own answer took its place


REPAINTED = "repainted"
"""Outcome of the lease of a reviewer's own answer."""


rater = sa.Table(
    "rater",
    tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String, nullable=False, unique=True),
    sa.Column("password_hash", sa.String, nullable=False),
    sa.Column("sign_outs", sa.Integer, nullable=False, server_default="0"),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("role", sa.String, nullable=False, server_default=Role.RATER.value),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("guidelines_read_at", sa.BigInteger),  # None: not yet
    sa.Column("qualified_at", sa.BigInteger),  # None: not yet
)

invitation = sa.Table(
    "invitation",
    tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("token_hash", sa.String, nullable=False, unique=True),  # SHA-256; the link has it
    sa.Column("name", sa.String),  # None: who follows the link chooses one
    sa.Column("role", sa.String, nullable=False),
    sa.Column("created_by", sa.ForeignKey("rater.id")),  # None: by the command line
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("closed_at", sa.BigInteger),  # used or withdrawn
    sa.Column("used_by", sa.ForeignKey("rater.id")),
)

image = sa.Table(
    "image",
    tables,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),  # the source's id
    sa.Column("path", sa.String, nullable=False),
    sa.Column("upright", sa.Boolean, nullable=False),  # True: the project holds the turned copy
    sa.Column("sha256", sa.String, nullable=False, index=True),
    sa.Column("media_type", sa.String, nullable=False),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
)

question = sa.Table(
    "question",
    tables,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),  # annotation id
    sa.Column("image_id", sa.ForeignKey("image.id"), nullable=False),
    sa.Column("category_id", sa.BigInteger, nullable=False),
    sa.Column("category", sa.String, nullable=False),  # as shown to raters
    sa.Column("x", sa.Float, nullable=False),
    sa.Column("y", sa.Float, nullable=False),
    sa.Column("width", sa.Float, nullable=False),
    sa.Column("height", sa.Float, nullable=False),
    sa.Column("position", sa.Integer, nullable=False, unique=True),  # order of asking
    # How many more raters paint it, each without seeing the others' masks.
    sa.Column("replicas", sa.Integer, nullable=False, server_default="0"),
    sa.Column("state", sa.String, nullable=False, server_default=QuestionState.OPEN.value),
    sa.Column("initial_counts", sa.String),  # the mask that its rater starts with
    # The next question is the first of these, whatever their number.
    sa.Index("question_by_state", "state", "position"),
    sa.Index("question_by_image", "image_id", "state", "position"),
    sa.Index(
        "question_replicated",
        "position",
        sqlite_where=sa.text("replicas > 0"),
        postgresql_where=sa.text("replicas > 0"),
    ),
)

gold = sa.Table(
    "gold",
    tables,
    sa.Column("question_id", sa.ForeignKey("question.id"), primary_key=True),
    sa.Column("purpose", sa.String, nullable=False),  # gold or qualification
    sa.Column("counts", sa.String, nullable=False),  # the reference mask, compressed run lengths
    sa.Column("created_by", sa.ForeignKey("rater.id")),  # None: by the command line
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

lease = sa.Table(
    "lease",
    tables,
    sa.Column("token", sa.String, primary_key=True),
    sa.Column("question_id", sa.ForeignKey("question.id"), nullable=False, index=True),
    sa.Column("rater_id", sa.ForeignKey("rater.id"), nullable=False),
    sa.Column("purpose", sa.String, nullable=False, server_default=Purpose.ANSWER.value),
    sa.Column("leased_at", sa.BigInteger, nullable=False),
    sa.Column("shown_at", sa.BigInteger),  # None: only prefetched, nobody works on it yet
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("closed_at", sa.BigInteger),  # None: open
    # answered, expired, reassigned, late, deactivated, repainted
    sa.Column("outcome", sa.String),
    sa.Index(
        "lease_one_open_per_question",
        "question_id",
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL AND purpose = 'answer'"),
        postgresql_where=sa.text("closed_at IS NULL AND purpose = 'answer'"),
    ),
    sa.Index(
        "lease_one_open_per_question_and_rater",
        "question_id",
        "rater_id",
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    ),
    sa.Index(
        "lease_open_by_rater",
        "rater_id",
        "shown_at",
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    ),
    sa.Index("lease_by_rater", "rater_id", "leased_at", "purpose"),
)

# What the painter measures, columns of every answer (see `answers.Activity`).
ACTIVITY_COLUMNS = (
    "wall_ms",
    "active_ms",
    "idle_ms",
    "hidden_ms",
    "strokes",
    "lines",
    "fills",
    "erases",
    "undos",
    "zooms",
)

answer = sa.Table(
    "answer",
    tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("question_id", sa.ForeignKey("question.id"), nullable=False),
    sa.Column("rater_id", sa.ForeignKey("rater.id"), nullable=False),
    sa.Column("lease_token", sa.ForeignKey("lease.token"), nullable=False, unique=True),
    sa.Column("purpose", sa.String, nullable=False, server_default=Purpose.ANSWER.value),
    sa.Column("skip_reason", sa.String),  # None: a mask
    sa.Column("skip_note", sa.String),
    sa.Column("counts", sa.String),  # compressed run lengths; None: a skip
    sa.Column("area", sa.BigInteger),
    sa.Column("crc32", sa.BigInteger),
    sa.Column("image_sha256", sa.String, nullable=False),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("leased_at", sa.BigInteger, nullable=False),
    sa.Column("shown_at", sa.BigInteger, nullable=False),
    sa.Column("received_at", sa.BigInteger, nullable=False),
    *(sa.Column(name, sa.BigInteger, nullable=False) for name in ACTIVITY_COLUMNS),
    sa.Column("client_version", sa.String, nullable=False),
    # Mask IoU with the reference; gold and qualification only, 0 where it was skipped.
    sa.Column("reference_iou", sa.Float),
    sa.CheckConstraint("(counts IS NULL) <> (skip_reason IS NULL)", name="mask_or_skip"),
    sa.Index("answer_by_question", "question_id", "rater_id"),
    # Counting a rater's answers reads no row: each holds a mask.
    sa.Index("answer_by_rater", "rater_id", "purpose", "skip_reason"),
    sqlite_autoincrement=True,
)

draft = sa.Table(
    "draft",
    tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("question_id", sa.ForeignKey("question.id"), nullable=False),
    sa.Column("rater_id", sa.ForeignKey("rater.id"), nullable=False),
    sa.Column("late", sa.Boolean, nullable=False),  # a submit that came after its lease was lost
    sa.Column("counts", sa.String),  # None: a skip that came late
    sa.Column("crc32", sa.BigInteger),
    sa.Column("skip_reason", sa.String),
    sa.Column("skip_note", sa.String),
    sa.Column("activity", sa.JSON, nullable=False),
    sa.Column("saved_at", sa.BigInteger, nullable=False),
    sa.Column("polygon", sa.JSON(none_as_null=True)),  # the open one, see `answers.Polygon`
    # A reviewer's repainting, not a rater's answer.
    sa.Column("repaint", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index("draft_by_rater", "rater_id", "question_id"),
)

review = sa.Table(
    "review",
    tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("answer_id", sa.ForeignKey("answer.id"), nullable=False, index=True),
    sa.Column("reviewer_id", sa.ForeignKey("rater.id"), nullable=False),
    sa.Column("verdict", sa.String, nullable=False),
    sa.Column("comment", sa.String, nullable=False, server_default=""),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    # The places that are wrong, [[x, y], …] in image px; None: none marked.
    sa.Column("marks", sa.JSON(none_as_null=True)),
    sqlite_autoincrement=True,
)

# What a rater answers to the review that sent an answer back; the newest is shown.
reply = sa.Table(
    "reply",
    tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("review_id", sa.ForeignKey("review.id"), nullable=False, index=True),
    sa.Column("rater_id", sa.ForeignKey("rater.id"), nullable=False),
    sa.Column("text", sa.String, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

# Which reviewer has which answer on the screen or prefetched; gone once it is reviewed or let go.
review_hold = sa.Table(
    "review_hold",
    tables,
    sa.Column("answer_id", sa.ForeignKey("answer.id"), primary_key=True, autoincrement=False),
    sa.Column("reviewer_id", sa.ForeignKey("rater.id"), nullable=False),
    sa.Column("token", sa.String, nullable=False, unique=True),  # of the lease of a repainting
    sa.Column("expires_at", sa.BigInteger, nullable=False),
)

# The settings of `settings.ProjectSettings` that differ from its defaults.
setting = sa.Table(
    "setting",
    tables,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("value", sa.JSON, nullable=False),
)

guideline_picture = sa.Table(
    "guideline_picture",
    tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("sha256", sa.String, nullable=False, unique=True),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),  # a JPEG file
    sqlite_autoincrement=True,
)

# What programs sign their requests with, see `pipeline.tokens`.
api_token = sa.Table(
    "api_token",
    tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("token_hash", sa.String, nullable=False, unique=True),  # SHA-256
    sa.Column("scope", sa.String, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("closed_at", sa.BigInteger),  # revoked
)

# Who is told of new answers, see `pipeline.webhooks`.
webhook = sa.Table(
    "webhook",
    tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("url", sa.String, nullable=False),
    sa.Column("secret", sa.String, nullable=False),  # signs what is sent
    sa.Column("sent_up_to", sa.BigInteger, nullable=False),  # id of an answer
    sa.Column("due_at", sa.BigInteger, nullable=False),  # not to be tried before
    sa.Column("failures", sa.Integer, nullable=False),  # in a row
    sa.Column("last_result", sa.String, nullable=False),
)

audit = sa.Table(
    "audit",
    tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("actor_id", sa.ForeignKey("rater.id")),  # None: by the command line
    sa.Column("action", sa.String, nullable=False),  # such as `rater.deactivate`
    sa.Column("subject", sa.String, nullable=False, server_default=""),  # who or what
    sa.Column("detail", sa.JSON, nullable=False),
    sqlite_autoincrement=True,
)

APPEND_ONLY = ("answer", "review", "reply", "audit")
