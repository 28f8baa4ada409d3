"""Check that no answer is lost or duplicated while the server is killed every few seconds.

    PYTHONPATH=tests/helpers python tests/performance/annotate_app/soak.py --answers 50000

Simulated raters send tens of thousands of answers over HTTP to `annotate-app serve`, which runs in
its own process and is killed with kill -9. Requests without a response are sent again, and some
with one too; some leases expire. At the end, the responses are compared with what is stored. Exits
with 1 if they differ.
"""

import argparse
import contextlib
import sys
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa
from grown_project import grow_project
from postgresql_server import postgresql_cluster
from soak_raters import compare, soak

from annotate_app.access.passwords import hash_password
from o365seg.store.schema import rater

PASSWORD = "correct horse"


def main() -> int:
    """Run the check and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=50_000)
    parser.add_argument("--raters", type=int, default=24)
    parser.add_argument("--kill-every", type=float, default=5.0, help="seconds of serving")
    parser.add_argument("--postgresql", action="store_true", help="use PostgreSQL, not SQLite")
    options = parser.parse_args()
    server = postgresql_cluster() if options.postgresql else contextlib.nullcontext()
    with server as cluster, tempfile.TemporaryDirectory() as folder:
        project = grow_project(
            Path(folder) / "project",
            options.answers,
            0,
            "" if cluster is None else cluster.url,
            quality=False,
            password_hash=hash_password(PASSWORD),
            raters=options.raters,
        )
        with project.store.read() as db:
            people = {row.name: row.id for row in db.execute(sa.select(rater.c.name, rater.c.id))}
        began = time.monotonic()

        def say(line: str) -> None:
            print(f"{time.monotonic() - began:7.1f} s: {line}", flush=True)

        books = soak(project, people, PASSWORD, lambda s, _: s >= options.kill_every, say)
        say(f"all done: {dict(books.happened)}")
        faults = compare(project, books)
        say(f"{len(books.told)} answers told, {len(books.late)} late ones kept")
        say("; ".join(faults) or "told and stored are the same: none lost, none doubled, no two")
        project.store.close()
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
