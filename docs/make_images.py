"""Takes the documentation's pictures of the painting tool, from the demo project.

    python docs/make_images.py            # needs '.[dev]' and a Chromium

Two raters answer by GrabCut, so that the pages have something to show; the photographs
are scikit-image's, in the public domain.
"""

import io
import shutil
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import cv2
import numpy as np
import sqlalchemy as sa
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from annotate_app.access.passwords import hash_password
from o365seg.demo import create_demo
from o365seg.formats.masks import encode_rle
from o365seg.project.folder import Project, open_project
from o365seg.store.database import now_ms
from o365seg.store.people.raters import add_rater, find_rater
from o365seg.store.schema import Role, image, question
from o365seg.store.work import answers, leases
from o365seg.store.work.checks import Activity, Mask, Skip, SkipReason

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))
from scripted_rater import cut_out

IMAGES = Path(__file__).parent / "images"
PORT = 7893
PASSWORD = "only for pictures"  # noqa: S105
PAINTER = (
    "window.painter = () => [...document.querySelectorAll('.painter')]"
    ".map((e) => e.parentElement).find((e) => e.painter)?.painter"
)
CHROMIUM = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def paint_some(project: Project, name: str, count: int, day: int) -> None:
    """Answer questions as that rater, with times that look like work."""
    with project.store.read() as db:
        person = find_rater(db, name)
    assert person is not None
    for number in range(count):
        now = now_ms() - day * 86_400_000 + number * 150_000
        with project.store.write() as db:
            current = leases.take_work(db, person.id, now).current
        if current is None:
            return
        photo = _photo(project, current.image_sha256)
        mask = cut_out(photo, current.bbox)
        work: Mask | Skip = Skip(SkipReason.TOO_BLURRY)
        if mask.sum() > 30 and number % 6 != 5:
            rle = encode_rle(mask)
            assert isinstance(rle.counts, str)
            work = Mask(
                (current.height, current.width), rle.counts, zlib.crc32(rle.counts.encode())
            )
        active = 60_000 + 20_000 * (number % 7)
        with project.store.write() as db:
            answers.submit(
                db, rater_id=person.id, token=current.token, question_id=current.question_id,
                work=work, image_sha256=current.image_sha256,
                activity=Activity(wall_ms=active + 9_000, active_ms=active, strokes=12),
                client_version="pictures", now=now + active,
            )  # fmt: skip


def _photo(project: Project, sha256: str) -> np.ndarray:
    from annotate_app.web.image_bytes import read_image

    data, _ = read_image(project, sha256)
    with Image.open(io.BytesIO(data)) as photo:
        return np.ascontiguousarray(np.asarray(photo.convert("RGB"))[:, :, ::-1])


def keep(page: Page, name: str) -> None:
    """Save what the page shows."""
    with Image.open(io.BytesIO(page.screenshot())) as shot:
        shot.convert("RGB").save(IMAGES / f"{name}.webp", quality=80, method=6)


def paint_here(page: Page, outline: np.ndarray) -> None:
    """Click an outline, int (corners, 2) of x and y, with the polygon tool."""
    page.keyboard.press("p")
    for x, y in outline.tolist():
        at = page.evaluate("([x, y]) => window.painter().screenFromImage(x, y)", [x, y])
        page.mouse.click(at["x"], at["y"])
    page.keyboard.press("Enter")
    page.keyboard.press("b")


def outlines_of(mask: np.ndarray) -> list[np.ndarray]:
    """The outlines of its larger parts with few corners, each int (corners, 2)."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (13, 13))
    joined = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, kernel)
    found, _ = cv2.findContours(joined, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    large = [part for part in found if cv2.contourArea(part) > 1000]
    return [cv2.approxPolyDP(part, 3, True)[:, 0] for part in large]


def run_examples() -> None:
    """Take the README's pictures from what the examples draw."""
    with tempfile.TemporaryDirectory() as out:
        examples = Path(__file__).resolve().parents[1] / "examples"
        for name in ("paint_and_release.py", "score_and_compare.py"):
            subprocess.run([sys.executable, examples / name, out], check=True)  # noqa: S603
        for drawn, kept in (("gallery", "example_masks"), ("scores", "example_scores")):
            with Image.open(Path(out) / f"{drawn}.png") as picture:
                picture.convert("RGB").save(IMAGES / f"{kept}.webp", quality=80, method=6)


def main() -> None:
    """Make all pictures."""
    run_examples()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "demo"
        create_demo(place)
        project = open_project(place)
        hashed = hash_password(PASSWORD)
        with project.store.write() as db:
            add_rater(db, "Ada", hashed)
            add_rater(db, "Bob", hashed)
            add_rater(db, "Olga", hashed, Role.OWNER)
        command = "from annotate_app.commands.main import main; main()"
        server = subprocess.Popen(  # noqa: S603 (our own command)
            [sys.executable, "-u", "-c", command, "serve", str(place), "--port", str(PORT)],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stdout is not None
            while "Ctrl-C" not in server.stdout.readline():
                pass
            take_pictures(f"http://127.0.0.1:{PORT}", project)
        finally:
            server.kill()


def take_pictures(url: str, project: Project) -> None:
    """Sign in as the owner and look at each page."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{url}/login")
        page.fill("input[name=name]", "Olga")
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{url}/")
        page.evaluate(PAINTER)
        page.wait_for_function("window.painter()?.question() != null")
        page.wait_for_timeout(1500)
        shown = page.evaluate("window.painter().question()")
        with project.store.read() as db:
            asked = sa.select(question, image.c.sha256).join(image).where(question.c.id == shown)
            row = db.execute(asked).one()
        mask = cut_out(_photo(project, row.sha256), (row.x, row.y, row.width, row.height))
        for outline in outlines_of(mask):
            paint_here(page, outline)
        page.wait_for_timeout(1000)
        keep(page, "painter")
        paint_some(project, "Ada", 7, 2)
        paint_some(project, "Bob", 6, 1)
        for name in ("review", "progress"):
            page.goto(f"{url}/{name}")
            page.wait_for_timeout(2500)
            keep(page, name)
        browser.close()


if __name__ == "__main__":
    main()
