"""A slow measurement: pages show the one before it, and only one runs."""

import threading
import time

import pytest

from annotate_app.web import newest
from annotate_app.web.newest import Newest


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest, "FRESH_S", 0.0)
    monkeypatch.setattr(newest, "PATIENCE_S", 0.05)
    monkeypatch.setattr(newest, "_SHARE", 0)


def wait_for(what: Newest[int], expected: int) -> None:
    until = time.monotonic() + 10
    while what.get() != expected:
        assert time.monotonic() < until


def test_a_page_shows_the_last_one_while_the_next_is_measured() -> None:
    gate, calls = threading.Semaphore(0), []

    def measure() -> int:
        calls.append(1)
        gate.acquire()
        return len(calls)

    shown = Newest(measure)
    assert shown.get() is None and shown.get() is None
    assert len(calls) == 1
    gate.release()
    wait_for(shown, 1)
    gate.release()
    wait_for(shown, 2)
    gate.release()


def test_a_fast_one_is_always_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest, "PATIENCE_S", 10)
    calls: list[int] = []

    def measure() -> int:
        calls.append(1)
        return len(calls)

    shown = Newest(measure)
    wait_for(shown, 2)
    monkeypatch.setattr(newest, "FRESH_S", 100.0)
    last = shown.get()
    assert [shown.get() for _ in range(5)][-1] in (last, (last or 0) + 1)
    assert shown.get() == shown.get()


def test_an_error_is_told_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest, "PATIENCE_S", 10)
    results = iter([ValueError("down"), TimeoutError("too"), 3])

    def measure() -> int:
        result = next(results)
        if isinstance(result, Exception):
            raise result
        return result

    shown = Newest(measure)
    with pytest.raises(ValueError, match="down"):
        shown.get()
    time.sleep(0.01)
    with pytest.raises(TimeoutError, match="too"):
        shown.get()
    time.sleep(0.01)
    wait_for(shown, 3)
