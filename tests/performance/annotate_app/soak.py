"""Tens of thousands of answers while the server is killed every few seconds: nothing lost, doubled?

    PYTHONPATH=tests/helpers python tests/performance/annotate_app/soak.py --answers 50000

Simulated raters over HTTP against `annotate-app serve` in a process of its own, which gets kill -9;
requests without an answer are sent again, some acknowledged ones too, and some leases run out. At
the end what everybody was told is compared with what is stored. Exits with 1 where it differs.
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
    """Run it; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=50_000)
    parser.add_argument("--raters", type=int, default=24)
    parser.add_argument("--kill-every", type=float, default=5.0, help="seconds of serving")
    parser.add_argument("--postgresql", action="store_true", help="not SQLite")
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
