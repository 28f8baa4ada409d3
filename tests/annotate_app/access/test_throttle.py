"""Guessing is slow: by name, by address, and without telling which names exist."""

import threading

import pytest
from fastapi.testclient import TestClient

from annotate_app.access.throttle import (
    PER_ADDRESS,
    PER_NAME,
    WINDOW_S,
    Throttle,
    join_limits,
    sign_in_limits,
)


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
        assert throttle.begin(sign_in_limits("Ada", f"10.0.0.{second}", None)) == 0
    assert throttle.begin(sign_in_limits("Ada", "10.9.9.9", None)) == WINDOW_S - clock.now
    assert throttle.begin(sign_in_limits("Bob", "10.9.9.9", None)) == 0
    clock.now = WINDOW_S
    assert (
        throttle.begin(sign_in_limits("Ada", "10.9.9.9", None)) == 0
    )  # the first has fallen out of the window
    assert throttle.begin(sign_in_limits("Ada", "10.9.9.9", None)) > 0


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "2001:db8:1:2::{}", "::ffff:10.0.0.1", "testclient"]
)
def test_an_address_has_more_whatever_the_names(clock: Clock, address: str) -> None:
    throttle = Throttle(clock)
    for number in range(PER_ADDRESS):
        assert throttle.begin(sign_in_limits(f"name {number}", address.format(number), None)) == 0
    assert throttle.begin(sign_in_limits("another", address.format("ffff"), None)) > 0
    assert throttle.begin(sign_in_limits("another", "2001:db8:1:3::1", None)) == 0


def test_a_right_password_is_not_held_against_anybody(clock: Clock) -> None:
    throttle = Throttle(clock)
    for _ in range(3 * PER_ADDRESS):
        assert throttle.begin(sign_in_limits("Ada", "10.0.0.1", None)) == 0
        throttle.forgive(sign_in_limits("Ada", "10.0.0.1", None))


def test_a_hundred_at_once_do_not_slip_through(clock: Clock) -> None:
    throttle = Throttle(clock)
    allowed = []
    threads = [
        threading.Thread(
            target=lambda: allowed.append(throttle.begin(sign_in_limits("Ada", "a", None)) == 0)
        )
        for _ in range(100)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(allowed) == PER_NAME


def test_joins_are_counted_by_link_and_by_address(clock: Clock) -> None:
    throttle = Throttle(clock)
    for number in range(PER_ADDRESS - 1):  # an office joins, after others guessed from it
        throttle.begin(sign_in_limits(f"name {number}", "10.0.0.1", None))
        assert throttle.begin(join_limits(f"token {number}", "10.0.0.1")) == 0
    for _ in range(PER_NAME):
        assert throttle.begin(join_limits("leaked", "10.0.0.2")) == 0
    assert throttle.begin(join_limits("leaked", "10.0.0.3")) > 0
    assert throttle.begin(join_limits("another", "10.0.0.2")) == 0


def test_a_known_device_cannot_be_locked_out_from_elsewhere(clock: Clock) -> None:
    throttle = Throttle(clock)
    while throttle.begin(sign_in_limits("Ada", "10.0.0.1", None)) == 0:
        pass
    for _ in range(PER_NAME):
        assert throttle.begin(sign_in_limits("Ada", "10.0.0.1", "device of Ada")) == 0
    assert throttle.begin(sign_in_limits("Ada", "10.0.0.1", "device of Ada")) > 0


def test_memory_is_bounded(clock: Clock) -> None:
    throttle = Throttle(clock)
    for number in range(50_000):
        throttle.begin(sign_in_limits(f"{number}" * 50, f"address {number}", None))
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


def test_strangers_can_lock_out_no_device_that_signed_in_before(
    bob: TestClient, stranger: TestClient, password: str
) -> None:
    assert bob.post("/logout").status_code == 303
    while stranger.post("/login", data={"name": "Bob", "password": "x"}).status_code != 429:
        pass
    device = next(name for name in bob.cookies if name.endswith("_device"))
    right = {"name": "Bob", "password": password}
    assert bob.post("/login", data=right).status_code == 303
    # It opens no page, counts for no other name, and cannot be forged.
    stranger.cookies.set(device, bob.cookies[device])
    assert stranger.get("/").headers["location"] == "/login"
    stranger.cookies.set(device, bob.cookies[device][:-2] + "AA")
    assert stranger.post("/login", data=right).status_code == 429
