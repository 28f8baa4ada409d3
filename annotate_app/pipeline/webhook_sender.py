"""Tell webhooks of new answers, in a thread of the server."""

import hashlib
import hmac
import json
import logging
import threading
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any

from o365seg.project.folder import Project
from o365seg.store.database import DATABASE_ERRORS, now_ms
from o365seg.store.pipeline import feed, webhooks
from o365seg.store.pipeline.webhooks import Webhook
from o365seg.store.progress.summary import count_masks_and_skips
from o365seg.store.progress.tally import count_questions

SIGNATURE = "X-O365seg-Signature"
_LOOK_EVERY_S = 5.0
_PAUSE_MS = 10_000  # between two messages to one webhook: answers are told together
_TIMEOUT_S = 15

_log = logging.getLogger("o365seg.webhooks")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A message goes where the owner said, and nowhere else."""

    def redirect_request(
        self, req: Any, fp: Any, code: Any, msg: Any, headers: Any, newurl: Any
    ) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects)


class WebhookSender:
    """Looks for webhooks that are due until it is stopped."""

    def __init__(self, project: Project, look_every_s: float = _LOOK_EVERY_S) -> None:
        self._project = project
        self._look_every_s = look_every_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, without waiting for a delivery that is under way: it will be repeated."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(self._look_every_s):
            try:
                deliver_due(self._project)
            except DATABASE_ERRORS as error:
                _log.warning("webhooks wait for the database: %s", type(error).__name__)
            except Exception as error:  # one webhook's fault must not end the others
                _log.error("webhooks: %s: %s", type(error).__name__, error)


def deliver_due(project: Project) -> int:
    """Tell every webhook that is due; returns how many were told."""
    with project.store.read() as db:
        due = webhooks.find_due(db, now_ms())
    told = 0
    for webhook_id in due:
        with project.store.write() as db:
            claimed = webhooks.claim(db, webhook_id, now_ms())
        if claimed is None:
            continue
        with project.store.read() as db:
            newest = feed.newest_answer(db)
            masks, skipped = count_masks_and_skips(db)
            unanswered = count_questions(db) - masks - skipped
        event = {
            "event": "answers",
            "project": project.about.id,
            "since": claimed.sent_up_to,
            "newest": newest,
            "masks": masks,
            "skipped": skipped,
            "unanswered": unanswered,
        }
        fault = _post(claimed, json.dumps(event).encode())
        if fault is not None:
            _log.warning("webhook %d: %s", claimed.id, fault)
        with project.store.write() as db:
            up_to = newest if fault is None else None
            webhooks.note_result(db, claimed, up_to, fault or "delivered", now_ms(), _PAUSE_MS)
        told += fault is None
    return told


def signature(secret: str, body: bytes) -> str:
    """What `SIGNATURE` says of a message: `sha256=` and the HMAC in hexadecimal."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _post(webhook: Webhook, body: bytes) -> str | None:
    """Send a message; returns why it failed, None if it did not."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "o365seg",
        SIGNATURE: signature(webhook.secret, body),
    }
    try:
        # The URL is the owner's own, by command line, and is http or https.
        request = urllib.request.Request(webhook.url, body, headers)  # noqa: S310
        with _opener.open(request, timeout=_TIMEOUT_S):
            return None
    except urllib.error.HTTPError as error:
        return f"HTTP status {error.code}"
    except (OSError, ValueError, HTTPException) as error:  # the last: it does not speak HTTP
        return str(getattr(error, "reason", error)) or type(error).__name__
