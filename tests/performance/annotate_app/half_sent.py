"""Attack a server by connections that send half a request, and time what others get meanwhile.

    PYTHONPATH=tests/helpers python tests/performance/annotate_app/half_sent.py

Half of the connections send headers without an end, half a body without an end; whoever is
disconnected connects again at once. Meanwhile a rater works.
"""

import argparse
import contextlib
import os
import socket
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from burst import processor_seconds, submit_body
from grown_project import SIZE, grow_project
from http_rater import HttpRater, Unreachable
from serving import serving
from small_project import box_mask

from annotate_app.access.passwords import hash_password

PASSWORD = "correct horse"
_HEAD = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n"


def attack(address: tuple[str, int], number: int, over: threading.Event, ends: list[int]) -> None:
    """Hold one connection at a time, half-way in a request, until `over`."""
    while not over.is_set():
        with contextlib.suppress(OSError), socket.create_connection(address, timeout=1) as sent:
            sent.sendall(_HEAD if number % 2 else _HEAD + b"\r\nname=")
            while not over.is_set():
                try:
                    if not sent.recv(65536):
                        break
                except TimeoutError:
                    continue
        ends[number] += 1


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=93)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = grow_project(
            Path(folder) / "project", 2000, 0, quality=False, password_hash=hash_password(PASSWORD)
        )
        project.store.close()
        with serving(project.folder) as server:
            written = [0]

            def drain() -> None:
                assert server.process.stdout is not None
                for line in server.process.stdout:
                    written[0] += len(line.encode())

            threading.Thread(target=drain, daemon=True).start()
            place = urlsplit(server.url)
            address = (str(place.hostname), int(place.port or 0))
            rater = HttpRater(server.url)
            rater.sign_in("rater 0", PASSWORD)
            over, ends = threading.Event(), [0] * options.connections
            for number in range(options.connections):
                threading.Thread(
                    target=attack, args=(address, number, over, ends), daemon=True
                ).start()
            took: list[float] = []
            refused = 0
            used = processor_seconds(server.process.pid)
            until = time.monotonic() + options.seconds
            while time.monotonic() < until:
                began = time.perf_counter()
                try:
                    _, work = rater.post("/api/next")
                    body = submit_body(work["current"], box_mask(*SIZE, len(took) % 40, 3))
                    status, _ = rater.post("/api/submit", body)
                    assert status == 200
                    took.append(time.perf_counter() - began)
                except (Unreachable, AssertionError):
                    refused += 1
                    rater.close()
                time.sleep(0.2)
            used = processor_seconds(server.process.pid) - used
            over.set()
            print(
                f"{options.connections} connections for {options.seconds:.0f} s, ended "
                f"{sum(ends):,} times; a rater's question and submit: "
                f"{len(took)} answered, p50 {np.median(took) * 1e3:.0f}, p95 "
                f"{np.percentile(took, 95) * 1e3:.0f} ms, {refused} not; "
                f"processor {used / options.seconds:.0%}; log {written[0]:,} bytes; "
                f"load {os.getloadavg()[0]:.0f}"
            )


if __name__ == "__main__":
    main()
