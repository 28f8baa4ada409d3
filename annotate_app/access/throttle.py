"""Limits on attempts to sign in and to join, by name, device, link and address."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from ipaddress import IPv6Address, ip_address

from starlette.requests import Request

WINDOW_S = 15 * 60
PER_NAME = 10  # also per link of an invitation, and per device that signed in before
PER_ADDRESS = 50  # an office may share one address
_MOST_KEYS = 20_000

Limit = tuple[str, int]  # what attempts are counted by, and how many of them are allowed


def sign_in_limits(name: str, address: str, device: str | None) -> list[Limit]:
    """What an attempt to sign in counts for.

    Args:
        name: As typed; unknown names count too, so that a wait reveals no name.
        address: Of the client; for IPv6 its /64, which one customer has.
        device: Of a device that signed in with this name before: it has a limit of its own, which
            nobody elsewhere can use up.
    """
    if device is not None:
        return [(f"device {device}", PER_NAME)]
    return [(f"name {name[:100]}", PER_NAME), (f"address {_network(address)}", PER_ADDRESS)]


def join_limits(token: str, address: str) -> list[Limit]:
    """What an attempt to join counts for; only with a link that works, which strangers lack."""
    return [(f"link {token[:100]}", PER_NAME), (f"joins from {_network(address)}", PER_ADDRESS)]


def own_password_limits(rater_id: int) -> list[Limit]:
    """What an attempt to change one's own password counts for: nobody else can use it up."""
    return [(f"password of {rater_id}", PER_NAME)]


class Throttle:
    """Attempts within the last `WINDOW_S` seconds, in memory; a restart clears them.

    Attempts are counted before the password is checked, so that a hundred at once cannot all pass;
    `forgive` removes a successful one.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._attempts: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, limits: Sequence[Limit]) -> float:
        """Count an attempt, or refuse it.

        Returns:
            0 if the attempt may proceed, else seconds to wait.
        """
        now = self._clock()
        with self._lock:
            wait = max(self._wait(key, most, now) for key, most in limits)
            if wait > 0:
                return wait
            for key, _ in limits:
                self._attempts.setdefault(key, deque()).append(now)
                self._attempts.move_to_end(key)
            while len(self._attempts) > _MOST_KEYS:
                self._attempts.popitem(last=False)
        return 0

    def forgive(self, limits: Sequence[Limit]) -> None:
        """Remove a successful attempt; of the first limit, all earlier ones too."""
        (first, _), *others = limits
        with self._lock:
            self._attempts.pop(first, None)
            for key, _ in others:
                if self._attempts.get(key):
                    self._attempts[key].pop()

    def _wait(self, key: str, most: int, now: float) -> float:
        attempts = self._attempts.get(key)
        if attempts is None:
            return 0
        while attempts and attempts[0] <= now - WINDOW_S:
            attempts.popleft()
        return attempts[0] + WINDOW_S - now if len(attempts) >= most else 0


def _network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return parsed.exploded[:19]
    return address


def client_address(request: Request) -> str:
    """The client's address; behind a trusted proxy, that of the proxy's client."""
    return request.client.host if request.client is not None else ""
