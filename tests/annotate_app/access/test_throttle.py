"""Guessing is slow: by name, by address, and without telling which names exist."""

import threading

import pytest
from fastapi.testclient import TestClient

from annotate_app.access.throttle import PER_ADDRESS, PER_NAME, WINDOW_S, Throttle


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_name_has_some_attempts_and_then_waits(clock: Clock) -> None:
    throttle = Throttle(clock)
    for second in range(PER_NAME):
        clock.now = second
        assert throttle.begin("Ada", f"10.0.0.{second}") == 0
    assert throttle.begin("Ada", "10.9.9.9") == WINDOW_S - clock.now
    assert throttle.begin("Bob", "10.9.9.9") == 0
    clock.now = WINDOW_S
    assert throttle.begin("Ada", "10.9.9.9") == 0  # the first has fallen out of the window
    assert throttle.begin("Ada", "10.9.9.9") > 0


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "2001:db8:1:2::{}", "::ffff:10.0.0.1", "testclient"]
)
def test_an_address_has_more_whatever_the_names(clock: Clock, address: str) -> None:
    throttle = Throttle(clock)
    for number in range(PER_ADDRESS):
        assert throttle.begin(f"name {number}", address.format(number)) == 0
    assert throttle.begin("another", address.format("ffff")) > 0
    assert throttle.begin("another", "2001:db8:1:3::1") == 0


def test_a_right_password_is_not_held_against_anybody(clock: Clock) -> None:
    throttle = Throttle(clock)
    for _ in range(3 * PER_ADDRESS):
        assert throttle.begin("Ada", "10.0.0.1") == 0
        throttle.forgive("Ada", "10.0.0.1")


def test_a_hundred_at_once_do_not_slip_through(clock: Clock) -> None:
    throttle = Throttle(clock)
    allowed = []
    threads = [
        threading.Thread(target=lambda: allowed.append(throttle.begin("Ada", "a") == 0))
        for _ in range(100)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(allowed) == PER_NAME


def test_memory_is_bounded(clock: Clock) -> None:
    throttle = Throttle(clock)
    for number in range(50_000):
        throttle.begin(f"{number}" * 50, f"address {number}")
    assert len(throttle._attempts) <= 20_000


def test_signing_in_waits_for_known_and_unknown_names_alike(
    stranger: TestClient, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from annotate_app.access import sign_in

    hashed = []
    monkeypatch.setattr(sign_in, "password_matches", lambda *a: bool(hashed.append(a)))
    for name in ("Ada", "Nobody"):
        statuses = [
            stranger.post("/login", data={"name": name, "password": "wrong"}).status_code
            for _ in range(PER_NAME + 1)
        ]
        assert statuses == [401] * PER_NAME + [429]
    assert len(hashed) == 2 * PER_NAME  # who waits costs no hashing
    refused = stranger.post("/login", data={"name": "Ada", "password": password})
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= WINDOW_S
