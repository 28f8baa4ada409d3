"""Time a project of a million questions: the next question, the page of progress, the release.

    PYTHONPATH=tests/helpers python tests/performance/annotate_app/million.py [--postgresql]

Makes the project, serves it in a process of its own, and asks over HTTP. The release is written by
the command, of which the largest resident memory is read from the system.
"""

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from burst import submit_body
from http_rater import HttpRater
from large_project import SIZE, make_large_project
from postgresql_server import postgresql_cluster
from serving import serving
from small_project import box_mask

from annotate_app.access.passwords import hash_password
from o365seg.store.people.raters import add_rater
from o365seg.store.roles import Role

PASSWORD = "correct horse"


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that a call takes, and its result."""
    began = time.perf_counter()
    result = call()
    return time.perf_counter() - began, result


def line(what: str, seconds: list[float]) -> str:
    """The median, the 95th percentile and the largest, in ms."""
    p50, p95 = np.percentile(seconds, [50, 95]) * 1e3
    return f"{what}: p50 {p50:.1f}, p95 {p95:.1f}, max {max(seconds) * 1e3:.0f} ms ({len(seconds)})"


def ask(url: str, rounds: int) -> None:
    """Print how long raters and the owner wait."""
    raters = [HttpRater(url) for _ in range(10)]
    for number, rater in enumerate(raters):
        rater.sign_in(f"rater {number}", PASSWORD)
        rater.close()  # the server closes what is idle for five seconds
    first, _ = timed(lambda: raters[0].post("/api/next"))
    print(f"first question after the start: {first * 1e3:.0f} ms")
    following, submitting = [], []
    for number in range(rounds):
        rater = raters[number % len(raters)]
        rater.close()
        rater.connect()
        seconds, (status, reply) = timed(lambda rater=rater: rater.post("/api/next"))
        assert status == 200
        following.append(seconds)
        body = submit_body(reply["current"], box_mask(*SIZE, number % 600, 3))
        seconds, (status, reply) = timed(
            lambda rater=rater, body=body: rater.post("/api/submit", body)
        )
        assert status == 200, reply
        submitting.append(seconds)
    print(line("next question", following))
    print(line("submit, answered with the next question", submitting), flush=True)
    owner = HttpRater(url)
    owner.sign_in("owner", PASSWORD)
    pages = []
    for _ in range(20):
        seconds, (status, _) = timed(lambda: owner.get("/progress"))
        assert status == 200
        pages.append(seconds)
        time.sleep(1)
    print(line("page of progress", pages), flush=True)


def release(folder: Path, out: Path) -> None:
    """Write the release by the command; print its time and its largest memory."""
    began = time.perf_counter()
    code = "from o365seg.commands.main import main; main()"
    command = [sys.executable, "-c", code, "release", str(folder), "--out", str(out)]
    _, status, used = os.wait4(os.posix_spawn(sys.executable, command, os.environ), 0)
    assert status == 0
    print(
        f"release: {time.perf_counter() - began:.1f} s, "
        f"{out.stat().st_size / 1e6:,.0f} MB written, "
        f"largest resident memory {used.ru_maxrss / 1024:,.0f} MiB"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=1_000_000)
    parser.add_argument("--answered", type=int, default=900_000)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--postgresql", action="store_true", help="use PostgreSQL, not SQLite")
    options = parser.parse_args()
    database = postgresql_cluster() if options.postgresql else contextlib.nullcontext()
    with database as cluster, tempfile.TemporaryDirectory() as place:
        seconds, project = timed(
            lambda: make_large_project(
                Path(place) / "project", options.questions, options.answered,
                "" if cluster is None else cluster.url, password_hash=hash_password(PASSWORD),
            )
        )  # fmt: skip
        with project.store.write() as db:
            add_rater(db, "owner", hash_password(PASSWORD), Role.OWNER)
        project.store.close()
        print(
            f"{'SQLite' if cluster is None else 'PostgreSQL'}: {options.questions:,} questions, "
            f"{options.answered:,} answered, made in {seconds:.0f} s",
            flush=True,
        )
        with serving(project.folder) as server:
            ask(server.url, options.rounds)
        release(project.folder, Path(place) / "release.json")


if __name__ == "__main__":
    main()
