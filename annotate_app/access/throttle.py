"""Limits on sign-in attempts, by name and by address."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from ipaddress import IPv6Address, ip_address

from starlette.requests import Request

WINDOW_S = 15 * 60
PER_NAME = 10
PER_ADDRESS = 50  # an office may share one address
_MOST_KEYS = 20_000


class Throttle:
    """Attempts within the last `WINDOW_S` seconds, in memory; a restart clears them.

    Attempts are counted before the password is checked, so that a hundred at once cannot all pass;
    `forgive` removes a successful one.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._attempts: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, name: str, address: str) -> float:
        """Count an attempt, or refuse it.

        Args:
            name: As typed; unknown names count too, so that a wait reveals no name.
            address: Of the client; for IPv6 its /64, which one customer has.

        Returns:
            0 if the attempt may proceed, else seconds to wait.
        """
        now = self._clock()
        with self._lock:
            waits = [self._wait(key, most, now) for key, most in self._keys(name, address)]
            if max(waits) > 0:
                return max(waits)
            for key, _ in self._keys(name, address):
                self._attempts.setdefault(key, deque()).append(now)
                self._attempts.move_to_end(key)
            while len(self._attempts) > _MOST_KEYS:
                self._attempts.popitem(last=False)
        return 0

    def forgive(self, name: str, address: str) -> None:
        """Remove a successful attempt, and all earlier ones on this name."""
        by_name, by_address = (key for key, _ in self._keys(name, address))
        with self._lock:
            self._attempts.pop(by_name, None)
            if self._attempts.get(by_address):
                self._attempts[by_address].pop()

    def _wait(self, key: str, most: int, now: float) -> float:
        attempts = self._attempts.get(key)
        if attempts is None:
            return 0
        while attempts and attempts[0] <= now - WINDOW_S:
            attempts.popleft()
        return attempts[0] + WINDOW_S - now if len(attempts) >= most else 0

    @staticmethod
    def _keys(name: str, address: str) -> Iterable[tuple[str, int]]:
        return (f"name {name[:100]}", PER_NAME), (f"address {_network(address)}", PER_ADDRESS)


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
