"""Measurements that many ask for and that are made again when they are old.

Whoever asks waits for a `Kept` one. A `Newest` one is made in a thread: no page waits for it long.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

_T = TypeVar("_T")

FRESH_S = 4.0
"""How old a measurement may be before the next is begun, in seconds."""

PATIENCE_S = 0.3
"""How long a page waits for it, in seconds; then it shows the one before."""

_SHARE = 5  # and it is begun only after this many times the seconds that the last one took


class Kept(Generic[_T]):
    """A result that is made again when it is older than `fresh_s` seconds; who asks waits."""

    def __init__(self, measure: Callable[[], _T], fresh_s: float) -> None:
        self._measure = measure
        self._fresh_s = fresh_s
        self._lock = threading.Lock()
        self._kept: tuple[float, _T] | None = None

    def get(self) -> _T:
        """The result; raises what the function raises, and then keeps the one before."""
        with self._lock:
            if self._kept is None or time.monotonic() - self._kept[0] >= self._fresh_s:
                self._kept = time.monotonic(), self._measure()
            return self._kept[1]


class Newest(Generic[_T]):
    """The newest result of a function, however many ask; one call of it at a time."""

    def __init__(self, measure: Callable[[], _T]) -> None:
        self._measure = measure
        self._lock = threading.Lock()
        self._newest: _T | None = None
        self._next_at = 0.0
        self._running: Future[_T] | None = None

    def get(self) -> _T | None:
        """The newest result; None while the first is being measured.

        Raises:
            Exception: what the function raised.
        """
        with self._lock:
            if self._running is None and time.monotonic() >= self._next_at:
                self._running = Future()
                threading.Thread(target=self._run, args=(self._running,), daemon=True).start()
            running = self._running
        if running is not None:
            try:
                return running.result(timeout=PATIENCE_S)
            except TimeoutError:
                if running.done():  # its own
                    raise
        return self._newest

    def _run(self, running: "Future[_T]") -> None:
        began = time.monotonic()
        try:
            self._newest = self._measure()
        except BaseException as error:
            running.set_exception(error)
        else:
            running.set_result(self._newest)
        with self._lock:
            self._running = None
            took = time.monotonic() - began
            if not running.exception():
                self._next_at = time.monotonic() + max(FRESH_S, _SHARE * took)
