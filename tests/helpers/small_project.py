"""Small detection files over generated images, in the genuine schema with its quirks."""

import atexit
import functools
import json
import secrets
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from o365seg.formats.masks import encode_rle
from o365seg.project.creation import create_project
from o365seg.project.folder import PROJECT_FILE, Project, open_project
from o365seg.project.signing_key import KEY_FILE, signing_key
from o365seg.store.work.checks import Mask

CATEGORIES = [
    {"id": 1, "name": "Person"},
    {"id": 2, "name": "Sneakers"},
    {"id": 308, "name": "Campel"},  # misspelt in the official list
    {"id": 365, "name": "Table Tennis "},  # with its trailing blank
]


@dataclass
class SmallSource:
    """A detection file and the folder of its images."""

    detections: Path
    images: Path
    content: dict[str, Any]

    def rewrite(self) -> None:
        """Write `content` to the file again, after a test changed it."""
        self.detections.write_text(json.dumps(self.content))


def make_image(path: Path, width: int, height: int, seed: int = 0, **save: Any) -> None:
    """A picture of smooth colours, unlike its neighbours."""
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([x * 3 + seed * 40, y * 3 + seed * 17, (x + y) * 2], axis=-1) % 256
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.astype(np.uint8)).save(path, **save)


def make_source(folder: Path, images: int = 4) -> SmallSource:
    """`images` images of 64×48 pixels with three boxes each, every fourth box a crowd.

    File names carry the `images/v1` that the disk lacks; keys and values as in the real file.
    """
    records, boxes = [], []
    for number in range(1, images + 1):
        name = f"patch{number % 3}/objects365_v1_{number:08d}.png"
        make_image(folder / "val" / name, 64, 48, seed=number)
        records.append(
            {
                "height": 48,
                "id": number * 10,
                "license": 5,
                "width": 64,
                "file_name": f"images/v1/{name}",
                "url": "",
            }
        )
        for index in range(3):
            bbox = [4.25 + 10 * index, 6.5, 12.5, 20.03]
            box_id = len(boxes) + 1
            boxes.append(
                {
                    "id": box_id,
                    "iscrowd": int(box_id % 4 == 0),
                    "isfake": 0,
                    "area": bbox[2] * bbox[3],
                    "isreflected": 0,
                    "bbox": bbox,
                    "image_id": number * 10,
                    "category_id": CATEGORIES[box_id % len(CATEGORIES)]["id"],
                }
            )
    content = {
        "images": records,
        "annotations": boxes,
        "categories": [dict(category) for category in CATEGORIES],
        "licenses": None,
    }
    source = SmallSource(folder / "detections.json", folder / "val", content)
    source.rewrite()
    return source


def travelling_mask(pixels: np.ndarray) -> Mask:
    """A mask as the painter sends it."""
    rle = encode_rle(pixels)
    assert isinstance(rle.counts, str)
    return Mask(rle.size, rle.counts, zlib.crc32(rle.counts.encode()))


def box_mask(height: int, width: int, x: int, y: int, side: int = 5) -> Mask:
    """A square of `side` pixels at (x, y), as the painter sends it."""
    pixels = np.zeros((height, width), np.uint8)
    pixels[y : y + side, x : x + side] = 1
    return travelling_mask(pixels)


@contextmanager
def open_small_project(folder: Path, source: SmallSource, database: str = "") -> Iterator[Project]:
    """An open project of all images of `source`."""
    create_project(folder, source.detections, source.images, images=100, seed=0, database=database)
    opened = open_project(folder, database=database)
    yield opened
    opened.store.close()


@contextmanager
def open_copied_project(folder: Path, source: SmallSource) -> Iterator[Project]:
    """As `open_small_project`, of what `make_source` makes, in a tenth of the time."""
    shutil.copytree(_model(), folder)
    about = json.loads((folder / PROJECT_FILE).read_text())
    own = {"id": secrets.token_hex(8), "image_root": str(source.images.resolve())}
    (folder / PROJECT_FILE).write_text(json.dumps(about | own, separators=(",", ":")))
    signing_key(folder)
    opened = open_project(folder)
    yield opened
    opened.store.close()


@functools.cache
def _model() -> Path:
    """A project without a key, made once in each process."""
    folder = Path(tempfile.mkdtemp(prefix="o365seg-model-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with open_small_project(folder / "project", make_source(folder / "source")) as project:
        (project.folder / KEY_FILE).unlink()
    return project.folder
