"""Time a submit, the next question and the rater's progress in the store of a large project.

    PYTHONPATH=tests/helpers python tests/performance/annotate_app/store_speed.py

Covers everything that the server does for a submit except HTTP and JSON; 40 raters take turns. To
compare with another checkout, put that first in PYTHONPATH.
"""

import argparse
import contextlib
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from grown_project import RATERS, SIZE, grow_project
from postgresql_server import postgresql_cluster
from small_project import box_mask

import annotate_app.rater.questions as api
from annotate_app.web.catalogue import read_catalogues
from o365seg.project.folder import Project
from o365seg.store.database import now_ms
from o365seg.store.people.raters import Rater, rater_by_id
from o365seg.store.progress import summary as progress
from o365seg.store.work import answers, leases
from o365seg.store.work.checks import Activity


def one_submit(project: Project, rater: Rater, times: dict[str, list[float]]) -> bool:
    """Answer the rater's question; False if there is none left."""
    with project.store.write() as db:
        held = leases.take_work(db, rater.id, now_ms()).current
    if held is None:
        return False
    mask = box_mask(*SIZE, held.question_id % 40, 3)
    begin = time.perf_counter()
    with project.store.write() as db:
        inside = time.perf_counter()
        answers.submit(
            db,
            rater_id=rater.id,
            token=held.token,
            question_id=held.question_id,
            work=mask,
            image_sha256=held.image_sha256,
            activity=Activity(),
            client_version="test",
            now=now_ms(),
        )
        submitted = time.perf_counter()
        api.take_work(db, rater, now_ms(), lambda: read_catalogues()["en"])
        taken = time.perf_counter()
    written = time.perf_counter()
    with project.store.read() as db:
        progress.measure_for_rater(db, rater.id)
    end = time.perf_counter()
    times["submit"].append(submitted - inside)
    times["next"].append(taken - submitted)
    times["begin, commit"].append(inside - begin + written - taken)
    times["progress"].append(end - written)
    times["all"].append(end - begin)
    return True


def measure(title: str, project: Project, rounds: int) -> None:
    """Measure and print one row."""
    with project.store.read() as db:
        people = [rater for id_ in range(1, RATERS + 1) if (rater := rater_by_id(db, id_))]
    for rater in people:  # their first questions, and whatever is worked out once
        one_submit(project, rater, defaultdict(list))
    times: dict[str, list[float]] = defaultdict(list)
    for number in range(rounds):
        if not one_submit(project, people[number % RATERS], times):
            break
    columns = []
    for what, taken in times.items():
        ordered = sorted(taken)
        p95 = ordered[round(0.95 * (len(ordered) - 1))]
        columns.append(f"{what} {statistics.median(ordered) * 1e3:.1f} ({p95 * 1e3:.1f})")
    print(f"{title}: ms p50 (p95) of {len(times['all'])}: {', '.join(columns)}", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=50_000)
    parser.add_argument("--answered", type=int, default=49_000)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    parser.add_argument("--quality", choices=["no", "yes"], help="reviews, gold, replicas")
    options = parser.parse_args()
    for kind in ("sqlite", "postgresql"):
        if options.only not in (None, kind):
            continue
        server = postgresql_cluster() if kind == "postgresql" else contextlib.nullcontext()
        with server as cluster, tempfile.TemporaryDirectory() as folder:
            for quality in (False, True):
                if options.quality not in (None, "yes" if quality else "no"):
                    continue
                project = grow_project(
                    Path(folder) / f"project-{quality}",
                    options.questions,
                    options.answered,
                    "" if cluster is None else cluster.url,
                    quality=quality,
                )
                title = "with reviews, gold, replicas" if quality else "answers only"
                measure(f"{kind}, {title}", project, options.rounds)
                project.store.close()


if __name__ == "__main__":
    main()
