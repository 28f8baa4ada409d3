"""Measure the time to serve 200 raters who submit a 12-megapixel mask at the same moment.

    PYTHONPATH=tests/helpers python tests/performance/annotate_app/burst.py

The server runs in its own process, and the load comes over HTTP from the same machine. All raters
are signed in and have a question and an open connection. Then all send at once, and the time is
measured until each has the reply with the next question. Masks look hand-painted: an object filled
by strokes, with an uneven boundary and gaps between strokes.
"""

import argparse
import contextlib
import json
import os
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from grown_project import grow_project
from http_rater import HttpRater
from PIL import Image, ImageDraw
from postgresql_server import postgresql_cluster
from serving import serving
from small_project import travelling_mask

from annotate_app.access.passwords import hash_password
from o365seg.store.work.checks import Mask

PASSWORD = "correct horse"
WIDTH, HEIGHT = 4000, 3000


def paint(seed: int) -> Mask:
    """An object of about half the image's width and height, in freehand strokes of 10 to 40 px."""
    draw = np.random.default_rng(seed)
    picture = Image.new("1", (WIDTH, HEIGHT))
    pen = ImageDraw.Draw(picture)
    x, y = draw.uniform(0.3, 0.7, 2) * (WIDTH, HEIGHT)
    across, down = draw.uniform(0.2, 0.4, 2) * (WIDTH, HEIGHT)
    angles = np.linspace(0, 2 * np.pi, 500)
    wobble = 1 + sum(
        draw.normal(0, 0.25 / n) * np.sin(n * angles + draw.uniform(0, 6)) for n in range(2, 30)
    )
    outline = np.stack([x + across * wobble * np.cos(angles), y + down * wobble * np.sin(angles)])
    pen.line([tuple(point) for point in outline.T], fill=1, width=20, joint="curve")
    for _ in range(60):  # fill back and forth, with gaps
        ends = outline[:, draw.integers(0, 500, 12)]
        inward = np.array([[x], [y]]) + 0.9 * (ends - [[x], [y]])
        pen.line(
            [tuple(point) for point in inward.T],
            fill=1,
            width=int(draw.integers(10, 40)),
            joint="curve",
        )
    return travelling_mask(np.asarray(picture, np.uint8))


def submit_body(task: dict[str, Any], mask: Mask) -> bytes:
    """The body of a submit request, as the painter sends it."""
    return json.dumps(
        {
            "lease": task["lease"],
            "question": task["question"],
            "answer": {"mask": {"size": mask.size, "counts": mask.counts, "crc32": mask.crc32}},
            "image_sha256": task["image"]["sha256"],
            # No longer than the rater can have had it, or each would be noted as odd.
            "activity": {"wall_ms": 1, "active_ms": 1, "strokes": 40},
            "client_version": "burst",
        }
    ).encode()


def burst(clients: list[HttpRater], bodies: list[bytes]) -> tuple[float, list[float], list[dict]]:
    """Seconds until all are served, seconds of each, and their next questions."""
    gate = threading.Barrier(len(clients) + 1)
    took, replies = [0.0] * len(clients), [{}] * len(clients)

    def send(number: int) -> None:
        clients[number].connect()
        gate.wait()
        began = time.perf_counter()
        status, replies[number] = clients[number].post("/api/submit", bodies[number])
        took[number] = time.perf_counter() - began
        assert status == 200, replies[number]

    for client in clients:
        client.close()
    threads = [threading.Thread(target=send, args=(number,)) for number in range(len(clients))]
    for thread in threads:
        thread.start()
    gate.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began, took, [reply["next"] for reply in replies]


def processor_seconds(pid: int) -> float:
    """The processor time so far of a process and of its children, those that ended too (Linux)."""
    seconds, children = 0.0, [pid]
    parents: dict[int, list[int]] = {}
    figures: dict[int, list[str]] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it may have ended
            fields = file.read_text().rpartition(")")[2].split()
            figures[int(file.parent.name)] = fields
            parents.setdefault(int(fields[1]), []).append(int(file.parent.name))
    while children:
        one = children.pop()
        seconds += sum(map(int, figures[one][11:15])) / os.sysconf("SC_CLK_TCK")
        children += parents.get(one, [])
    return seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raters", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--questions", type=int, default=3000)
    parser.add_argument("--answered", type=int, default=0)
    parser.add_argument("--postgresql", action="store_true", help="use PostgreSQL, not SQLite")
    options = parser.parse_args()
    masks = [paint(seed) for seed in range(20)]
    sizes = sorted(len(mask.counts) for mask in masks)
    print(
        f"masks of {WIDTH}×{HEIGHT}: {sizes[0] / 1e3:.0f} to {sizes[-1] / 1e3:.0f} kB, "
        f"median {statistics.median(sizes) / 1e3:.0f} kB of run lengths"
    )
    database = postgresql_cluster() if options.postgresql else contextlib.nullcontext()
    with database as cluster, tempfile.TemporaryDirectory() as folder:
        project = grow_project(
            Path(folder) / "project",
            options.questions,
            options.answered,
            "" if cluster is None else cluster.url,
            quality=options.answered > 0,
            password_hash=hash_password(PASSWORD),
            picture=(WIDTH, HEIGHT),
            raters=max(40, options.raters),
        )
        project.store.close()
        with serving(project.folder) as server:
            clients = [HttpRater(server.url) for _ in range(options.raters)]
            for number, client in enumerate(clients):
                client.sign_in(f"rater {number}", PASSWORD)
                client.close()  # the server closes what is idle for five seconds
            work = []
            for client in clients:
                work.append(client.post("/api/next")[1])
                client.close()
            for number in range(options.rounds):
                bodies = [
                    submit_body(reply["current"], masks[index % len(masks)])
                    for index, reply in enumerate(work)
                ]
                measured = [server.process.pid, *([] if cluster is None else [cluster.pid])]
                before = [processor_seconds(pid) for pid in measured]
                seconds, took, work = burst(clients, bodies)
                used = [
                    f"{(processor_seconds(pid) - start) / len(clients) * 1e3:.1f}"
                    for pid, start in zip(measured, before, strict=True)
                ]
                p50, p95 = np.percentile(took, [50, 95])
                print(
                    f"burst {number + 1}: {len(clients)} submits in {seconds:.2f} s, "
                    f"{len(clients) / seconds:.0f}/s; p50 {p50:.2f}, p95 {p95:.2f}, "
                    f"max {max(took):.2f} s; processor time per submit: "
                    f"{' + '.join(used)} ms (server{'' if cluster is None else ' + database'})",
                    flush=True,
                )


if __name__ == "__main__":
    main()
