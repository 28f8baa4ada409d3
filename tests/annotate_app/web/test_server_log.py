"""The log: one line a record, a bounded number of them, and nothing of a client's as it came."""

import logging

import pytest
from fastapi.testclient import TestClient

from annotate_app.web.server_log import PER_PERIOD, PERIOD_S, OneLine, RateLimit


def record(message: str, *values: object, name: str = "uvicorn.error") -> logging.LogRecord:
    return logging.LogRecord(name, logging.WARNING, "", 0, message, values, None)


def test_records_alike_are_limited_and_counted() -> None:
    now = 0.0
    limit = RateLimit(lambda: now)
    passed = [limit.filter(record("closed %s", number)) for number in range(1000)]
    assert passed == [True] * PER_PERIOD + [False] * (1000 - PER_PERIOD)
    assert limit.filter(record("another"))
    now = PERIOD_S
    later = record("closed %s", 7)
    assert limit.filter(later)
    assert later.getMessage() == f"closed 7 (and {1000 - PER_PERIOD} more in 10 seconds)"


def test_a_name_cannot_forge_a_line() -> None:
    line = OneLine("%(name)s %(message)s").format(record("name=%s", "a\nb\x1b[2J"))
    assert line == r"uvicorn.error name=a\nb\x1b[2J"


def test_signing_in_is_logged(
    stranger: TestClient, password: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "o365seg.security")
    stranger.post("/login", data={"name": 'Ada" name="x\n', "password": "x"})
    stranger.post("/login", data={"name": "Ada", "password": password})
    for _ in range(11):
        stranger.post("/login", data={"name": "Eve", "password": "x"})
    said = [one.getMessage() for one in caplog.records]
    assert said[0] == r'refused sign-in address=testclient name="Ada\" name=\"x\n"'
    assert said[1] == 'signed in address=testclient name="Ada"'
    assert said[-1] == 'throttled sign-in address=testclient name="Eve"'
