"""A stand-in for the server, inside the test: answers the page's requests and remembers them."""

import io
import json
import zlib
from typing import Any

import numpy as np
from PIL import Image
from pycocotools import mask as coco

_PAGE = """<!doctype html><meta charset=utf-8><link rel=icon href=data:,><div id=place></div>
<script type=module>
  import { mount } from '/pages/painter.js';
  window.root = document.getElementById('place');
  mount(window.root, { OPTIONS rater: 'ada', project: 'PROJECT' });
</script>"""


def pack(mask: np.ndarray) -> dict[str, Any]:
    """A bool mask as it travels."""
    counts = coco.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"]
    assert isinstance(counts, bytes)
    return {"size": list(mask.shape), "counts": counts.decode(), "crc32": zlib.crc32(counts)}


def unpack(packed: dict[str, Any]) -> np.ndarray:
    """The bool mask that travelled; checks its checksum."""
    assert packed["crc32"] == zlib.crc32(packed["counts"].encode())
    return coco.decode({"size": packed["size"], "counts": packed["counts"].encode()}).astype(bool)


class StandIn:
    """Serves `count` questions to one rater.

    `fail` queues answers to give instead: (path, HTTP status or None for no answer, body). A body
    of {"html": text} is somebody else's page in the place of ours.
    """

    page_options = ""  # more options of the painter, as JavaScript

    def __init__(
        self, count: int = 2, size: tuple[int, int] = (300, 200), category: str = "Camel"
    ) -> None:
        self.width, self.height = size
        self.count = count
        self.category = category
        self.bbox = [40.5, 30.0, 180.0, 120.0]
        self.photo_size = size
        self.project = "one"
        self.photo = 0  # another number, another photo
        self.done = 0
        self.waiting = 0
        self.extras: dict[int, dict[str, Any]] = {}  # question: more of its task
        self.feedback: dict[str, Any] | None = None  # said once, of the next answer
        self.kept: list[dict[str, Any]] = []
        self.others: list[dict[str, Any]] = []  # masks of other objects of the image
        self.answers: list[dict[str, Any]] = []
        self.drafts: dict[int, dict[str, Any]] = {}
        self.fail: list[tuple[str, int | None, dict[str, Any]]] = []
        self.requests: list[tuple[str, Any]] = []

    def bodies(self, path: str) -> list[Any]:
        """What the page has posted to a path."""
        return [body for seen, body in self.requests if seen == path]

    def task(self, index: int) -> dict[str, Any] | None:
        if index >= self.count:
            return None
        image = {
            "url": f"/image/{index}",
            "sha256": f"sha-{index + self.photo}",
            "width": self.width,
            "height": self.height,
        }
        return {
            "question": 100 + index,
            "lease": f"lease-{index}",
            "category": self.category,
            "category_id": 308,
            "bbox": self.bbox,
            "image": image,
            "draft": self.drafts.get(100 + index),
            **self.extras.get(100 + index, {}),
        }

    def next(self) -> dict[str, Any]:
        progress = {
            "questions": self.count,
            "done": self.done,
            "masks": self.done,
            "skips": 0,
            "mine": self.done,
        }
        current, prefetched = self.task(self.done), self.task(self.done + 1)
        return {
            "current": current,
            "prefetched": prefetched,
            "progress": progress,
            "waiting": self.waiting,
        }

    def attach(self, page: Any, static_url: str) -> None:
        """Answer this page's requests; the painter's own files still come from `static_url`."""
        page.route(
            f"{static_url}/page",
            lambda route: route.fulfill(
                content_type="text/html",
                body=_PAGE.replace("PROJECT", self.project).replace("OPTIONS", self.page_options),
            ),
        )
        page.route(f"{static_url}/image/*", self._image)
        page.route(f"{static_url}/api/*", self._api)

    def _image(self, route: Any) -> None:
        self.requests.append((route.request.url[-len("/image/0") :], None))
        width, height = self.photo_size
        pixels = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG", compress_level=0)
        route.fulfill(content_type="image/png", body=file.getvalue())

    def _api(self, route: Any) -> None:
        request = route.request
        path = request.url[request.url.index("/api/") :]
        if request.method == "GET":
            self.requests.append((path, None))
            lists = {"kept": self.kept, "masks": self.others, "answers": self.answers}
            route.fulfill(json=lists | {"more": False})
            return
        assert request.headers["x-o365seg"] == "1"
        body = json.loads(request.post_data)
        self.requests.append((path, body))
        if self.fail and self.fail[0][0] == path:
            _, status, answer = self.fail.pop(0)
            if status is None:
                route.abort()
            elif "html" in answer:
                route.fulfill(status=status, content_type="text/html", body=answer["html"])
            else:
                route.fulfill(status=status, json=answer)
            return
        if path == "/api/reopen":
            earlier = {"mask": None, "skip_reason": "too_dark"}
            before = {**(self.task(self.done - 1) or {}), "earlier": earlier}
            route.fulfill(json={**self.next(), "current": before})
        elif path == "/api/next":
            route.fulfill(json=self.next())
        elif path == "/api/submit":
            self.done += 1
            said = {"feedback": self.feedback} if self.feedback else {}
            self.feedback = None
            answer = {"status": "recorded", "answer": self.done, "next": self.next()}
            route.fulfill(json=answer | said)
        elif path == "/api/draft":
            route.fulfill(json={"saved_at": 5})
        else:
            route.fulfill(json={"expires_in_s": 1200})
