"""The first schema, word for word as the first o365seg made it; only SQLite had it."""

from alembic import op

revision = "0001"
down_revision = None

STATEMENTS = (
    """
    CREATE TABLE rater (
        id INTEGER NOT NULL,
        name VARCHAR NOT NULL,
        password_hash VARCHAR NOT NULL,
        sign_outs INTEGER DEFAULT '0' NOT NULL,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (id),
        UNIQUE (name)
    )
    """,
    """
    CREATE TABLE image (
        id BIGINT NOT NULL,
        path VARCHAR NOT NULL,
        upright BOOLEAN NOT NULL,
        sha256 VARCHAR NOT NULL,
        media_type VARCHAR NOT NULL,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        PRIMARY KEY (id)
    )
    """,
    """
    CREATE INDEX ix_image_sha256 ON image (sha256)
    """,
    """
    CREATE TABLE question (
        id BIGINT NOT NULL,
        image_id BIGINT NOT NULL,
        category_id BIGINT NOT NULL,
        category VARCHAR NOT NULL,
        x FLOAT NOT NULL,
        y FLOAT NOT NULL,
        width FLOAT NOT NULL,
        height FLOAT NOT NULL,
        position INTEGER NOT NULL,
        PRIMARY KEY (id),
        FOREIGN KEY(image_id) REFERENCES image (id),
        UNIQUE (position)
    )
    """,
    """
    CREATE TABLE lease (
        token VARCHAR NOT NULL,
        question_id BIGINT NOT NULL,
        rater_id INTEGER NOT NULL,
        leased_at BIGINT NOT NULL,
        shown_at BIGINT,
        expires_at BIGINT NOT NULL,
        closed_at BIGINT,
        outcome VARCHAR,
        PRIMARY KEY (token),
        FOREIGN KEY(question_id) REFERENCES question (id),
        FOREIGN KEY(rater_id) REFERENCES rater (id)
    )
    """,
    """
    CREATE UNIQUE INDEX lease_one_open_per_question ON lease (question_id) WHERE closed_at IS NULL
    """,
    """
    CREATE INDEX lease_open_by_rater ON lease (rater_id) WHERE closed_at IS NULL
    """,
    """
    CREATE INDEX ix_lease_question_id ON lease (question_id)
    """,
    """
    CREATE TABLE draft (
        id INTEGER NOT NULL,
        question_id BIGINT NOT NULL,
        rater_id INTEGER NOT NULL,
        late BOOLEAN NOT NULL,
        counts VARCHAR,
        crc32 BIGINT,
        skip_reason VARCHAR,
        skip_note VARCHAR,
        activity JSON NOT NULL,
        saved_at BIGINT NOT NULL,
        PRIMARY KEY (id),
        FOREIGN KEY(question_id) REFERENCES question (id),
        FOREIGN KEY(rater_id) REFERENCES rater (id)
    )
    """,
    """
    CREATE INDEX draft_by_question_and_rater ON draft (question_id, rater_id)
    """,
    """
    CREATE TABLE answer (
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
        question_id BIGINT NOT NULL,
        rater_id INTEGER NOT NULL,
        lease_token VARCHAR NOT NULL,
        skip_reason VARCHAR,
        skip_note VARCHAR,
        counts VARCHAR,
        area BIGINT,
        crc32 BIGINT,
        image_sha256 VARCHAR NOT NULL,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        leased_at BIGINT NOT NULL,
        shown_at BIGINT NOT NULL,
        received_at BIGINT NOT NULL,
        wall_ms BIGINT NOT NULL,
        active_ms BIGINT NOT NULL,
        idle_ms BIGINT NOT NULL,
        hidden_ms BIGINT NOT NULL,
        strokes BIGINT NOT NULL,
        lines BIGINT NOT NULL,
        fills BIGINT NOT NULL,
        erases BIGINT NOT NULL,
        undos BIGINT NOT NULL,
        zooms BIGINT NOT NULL,
        client_version VARCHAR NOT NULL,
        CONSTRAINT mask_or_skip CHECK ((counts IS NULL) <> (skip_reason IS NULL)),
        FOREIGN KEY(question_id) REFERENCES question (id),
        FOREIGN KEY(rater_id) REFERENCES rater (id),
        UNIQUE (lease_token),
        FOREIGN KEY(lease_token) REFERENCES lease (token)
    )
    """,
    """
    CREATE INDEX ix_answer_question_id ON answer (question_id)
    """,
    """
    CREATE INDEX ix_answer_rater_id ON answer (rater_id)
    """,
    """
    CREATE TRIGGER answer_no_update BEFORE UPDATE ON answer
    BEGIN SELECT RAISE(ABORT, 'answers are append-only'); END
    """,
    """
    CREATE TRIGGER answer_no_delete BEFORE DELETE ON answer
    BEGIN SELECT RAISE(ABORT, 'answers are append-only'); END
    """,
)


def upgrade() -> None:
    """From nothing."""
    for statement in STATEMENTS:
        op.execute(statement)
