"""What a server writes on standard error: one format, few lines a second, one line a record."""

import logging
import sys
import threading
import time
from collections.abc import Callable

from o365seg.terminal.printable import printable

PERIOD_S = 10.0
PER_PERIOD = 20  # records alike in a period; further ones are counted


class RateLimit(logging.Filter):
    """Passes `PER_PERIOD` records alike in `PERIOD_S`; the next one says how many were left out.

    Alike are records of one logger and one message before its values are filled in.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._lock = threading.Lock()
        self._began = 0.0
        self._counts: dict[tuple[str, str], int] = {}
        self._left_out: dict[tuple[str, str], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write the record."""
        key = (record.name, str(record.msg)[:200])
        with self._lock:
            now = self._clock()
            if now - self._began >= PERIOD_S:
                self._left_out = {
                    key: count - PER_PERIOD
                    for key, count in self._counts.items()
                    if count > PER_PERIOD
                }
                self._began, self._counts = now, {}
            self._counts[key] = self._counts.get(key, 0) + 1
            if self._counts[key] > PER_PERIOD:
                return False
            left_out = self._left_out.pop(key, 0)
        if left_out:
            record.msg = f"{record.getMessage()} (and {left_out} more in {PERIOD_S:.0f} seconds)"
            record.args = None
        return True


class OneLine(logging.Formatter):
    """A formatter that escapes control characters, which could forge lines or reach a terminal."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (logging's)
        """The line without a traceback."""
        return printable(super().formatMessage(record), lines=False)


def log_to_stderr() -> None:
    """Send warnings of every library, and what `security_log` says, to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine("%(asctime)s %(name)s %(message)s"))
    handler.addFilter(RateLimit())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("o365seg.security").setLevel(logging.INFO)
