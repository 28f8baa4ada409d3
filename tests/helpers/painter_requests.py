"""The painter's requests, as a client of the application sends them."""

from typing import Any

from fastapi.testclient import TestClient
from small_project import box_mask

from o365seg.project.folder import Project
from o365seg.store.schema import lease
from o365seg.store.work.checks import Mask


def mask_body(mask: Mask) -> dict[str, Any]:
    return {"size": mask.size, "counts": mask.counts, "crc32": mask.crc32}


def submit_body(task: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "lease": task["lease"],
        "question": task["question"],
        "answer": {"mask": mask_body(box_mask(48, 64, 3, 4))},
        "image_sha256": task["image"]["sha256"],
        "activity": {"wall_ms": 5000, "active_ms": 4000, "strokes": 2},
        "client_version": "test",
        **changes,
    }


def next_task(client: TestClient) -> dict[str, Any]:
    return client.post("/api/next", json={}).json()["current"]


def let_time_pass(project: Project, ms: int) -> None:
    """As if every question had been given `ms` milliseconds earlier."""
    with project.store.write() as db:
        db.execute(
            lease.update().values(leased_at=lease.c.leased_at - ms, shown_at=lease.c.shown_at - ms)
        )
