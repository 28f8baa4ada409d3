"""Whom to tell of new answers, and how far each was told.

Several servers share the work: `claim` gives a webhook that is due to one of them.
"""

import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

import sqlalchemy as sa

from o365seg.errors import InputError
from o365seg.store import audit
from o365seg.store.pipeline.feed import newest_answer
from o365seg.store.schema import webhook

CLAIMED_MS = 60_000  # how long a server has for a delivery, before another may try
_LONGEST_PAUSE_MS = 3_600_000


@dataclass(frozen=True)
class Webhook:
    """An address that is told of new answers; times in ms since 1970 (UTC).

    Attributes:
        secret: Signs each message, HMAC-SHA256 of its body.
        sent_up_to: The newest answer that was told.
        failures: Failed deliveries in a row.
        last_result: What came of the last one, empty: none yet.
    """

    id: int
    url: str
    secret: str
    sent_up_to: int
    due_at: int
    failures: int
    last_result: str


def add(db: sa.Connection, url: str, now: int) -> Webhook:
    """Add a webhook; it is told of the answers from now on.

    Raises:
        InputError: not an http or https URL, or one with a password.
    """
    if not _is_web_address(url):
        raise InputError("must be an http:// or https:// URL", field="url")
    if "@" in urlsplit(url).netloc:
        raise InputError("must not contain a password", field="url")
    row = {
        "url": url,
        "secret": secrets.token_urlsafe(32),
        "sent_up_to": newest_answer(db),
        "due_at": now,
        "failures": 0,
        "last_result": "",
    }
    added = db.execute(webhook.insert().values(row).returning(webhook)).one()
    audit.record(db, None, "webhook.add", url)
    return _from_row(added)


def _is_web_address(url: str) -> bool:
    """Whether it can be asked: it has a host, a port that is one, and no blank or control."""
    if not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of the port, or an address in brackets
        return False


def remove(db: sa.Connection, webhook_id: int) -> bool:
    """Remove a webhook; False if there is none with this id."""
    removed = db.execute(
        webhook.delete().where(webhook.c.id == webhook_id).returning(webhook.c.url)
    ).all()
    for row in removed:
        audit.record(db, None, "webhook.remove", row.url)
    return bool(removed)


def list_all(db: sa.Connection) -> list[Webhook]:
    """Every webhook, oldest first."""
    return [_from_row(row) for row in db.execute(sa.select(webhook).order_by(webhook.c.id))]


def find_due(db: sa.Connection, now: int) -> list[int]:
    """The ids of webhooks that have answers to hear of, and may be tried now."""
    newest = newest_answer(db)
    due = (webhook.c.due_at <= now, webhook.c.sent_up_to < newest)
    return list(db.execute(sa.select(webhook.c.id).where(*due)).scalars())


def claim(db: sa.Connection, webhook_id: int, now: int) -> Webhook | None:
    """Take a due webhook for a delivery; None if another server was faster."""
    claimed = db.execute(
        webhook.update()
        .where(webhook.c.id == webhook_id, webhook.c.due_at <= now)
        .values(due_at=now + CLAIMED_MS)
        .returning(webhook)
    ).one_or_none()
    return None if claimed is None else _from_row(claimed)


def note_result(
    db: sa.Connection, told: Webhook, up_to: int | None, result: str, now: int, pause_ms: int
) -> None:
    """Note a delivery.

    Args:
        db: The writing transaction.
        told: The webhook.
        up_to: The newest answer that was told; None: the delivery failed and will be repeated,
            after a pause that doubles up to an hour.
        result: What came of it, for the owner to read.
        now: In ms.
        pause_ms: Until the next delivery, or repetition.
    """
    failures = 0 if up_to is not None else told.failures + 1
    pause = min(pause_ms * 2 ** min(failures, 20), _LONGEST_PAUSE_MS)
    values = {"failures": failures, "last_result": result[:200], "due_at": now + pause}
    if up_to is not None:
        values["sent_up_to"] = up_to
    db.execute(webhook.update().where(webhook.c.id == told.id).values(values))


def _from_row(row: sa.Row) -> Webhook:
    return Webhook(
        row.id, row.url, row.secret, row.sent_up_to, row.due_at, row.failures, row.last_result
    )
