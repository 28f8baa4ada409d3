"""Measure the painter's response times: real server, real browser, real mouse events, no GPU.

    PYTHONPATH=tests/helpers python tests/performance/annotate_app/painter_speed.py

Prints a table: pointer to paint, a long line, submit to the next question, page load. Needs
Chromium, as the tests do.
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright
from serving import serving
from small_project import CATEGORIES

from annotate_app.access.passwords import hash_password
from o365seg.project.creation import create_project
from o365seg.project.folder import open_project
from o365seg.store.people import raters

PASSWORD = "battery staple"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# When the frame that shows an event is on its way to the screen: after the animation frame's own
# work, style, layout and paint, the next task runs.
_PROBE = """
window.painterRoot = () => [...document.querySelectorAll('.painter')].map((e) => e.parentElement)
    .find((element) => element?.painter);
window.afterFrame = () => new Promise((resolve) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => resolve(performance.now());
    channel.port2.postMessage(0);
}));
window.watch = (kind) => {
    const seen = [];
    document.addEventListener(kind, (event) => {
        const row = { stamp: event.timeStamp, handled: performance.now() };
        seen.push(row);
        window.afterFrame().then((now) => { row.painted = now; });
    }, true);
    return seen;
};
"""


def make_project(folder: Path, width: int, height: int, count: int) -> Path:
    """`count` photographs of that size, one question each, with a rater Ada."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, (height // 50, width // 50, 3), np.uint8)
    photo = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    (folder / "images").mkdir(parents=True)
    images, boxes = [], []
    for number in range(1, count + 1):
        name = f"{number:08d}.jpg"
        photo.putpixel((0, 0), (number % 256, number // 256, 0))
        photo.save(folder / "images" / name, quality=85)
        images.append({"id": number, "width": width, "height": height, "file_name": name})
        box = [0.1 * width, 0.1 * height, 0.8 * width, 0.8 * height]
        boxes.append(
            {
                "id": number,
                "iscrowd": 0,
                "bbox": box,
                "area": box[2] * box[3],
                "image_id": number,
                "category_id": 308,
            }
        )
    content = {"images": images, "annotations": boxes, "categories": CATEGORIES}
    (folder / "boxes.json").write_text(json.dumps(content))
    create_project(folder / "p", folder / "boxes.json", folder / "images", images=count)
    project = open_project(folder / "p")
    with project.store.write() as db:
        raters.add_rater(db, "Ada", hash_password(PASSWORD))
    project.store.close()
    return folder / "p"


def sign_in(page: Any, url: str) -> None:
    """Sign in and wait for the first question."""
    page.goto(url)
    page.fill("#name", "Ada")
    page.fill("#password", PASSWORD)
    page.click("button")
    page.wait_for_url("**/practice")  # where a new rater lands
    page.goto(url)
    wait_ready(page)


def wait_ready(page: Any) -> None:
    """Wait until a question is on the screen."""
    page.wait_for_function("window.painterRoot?.()?.painter.question() != null", polling=10)


def at(page: Any, x: float, y: float) -> tuple[float, float]:
    """The page position of an image pixel."""
    found = page.evaluate("([x, y]) => painterRoot().painter.screenFromImage(x, y)", [x, y])
    return found["x"], found["y"]


def percentile(values: list[float], share: float) -> float:
    """Percentile of a list, as in `numpy.percentile`."""
    return float(np.percentile(values, share))


def set_brush(page: Any, size: int) -> None:
    """Press `]` or `[` until the brush has the size."""
    page.keyboard.press("b")
    for _ in range(60):
        shown = int(page.inner_text("[data-show=size]").split()[1])
        if shown == size:
            return
        page.keyboard.press("]" if shown < size else "[")
    raise SystemExit(f"no brush of {size} px")


def pointer_to_paint(page: Any, moves: int) -> dict[str, float]:
    """Milliseconds from each pointermove of a freehand stroke to the frame that shows it."""
    set_brush(page, 100)
    page.evaluate("() => { window.moves = watch('pointermove'); }")
    centre = at(page, 2000, 1500)
    page.mouse.move(*centre)
    page.mouse.down()
    for step in range(moves):
        angle = step / 12
        radius = 40 + 180 * step / moves
        page.mouse.move(centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle))
    page.mouse.up()
    page.wait_for_timeout(200)
    rows = page.evaluate("moves")[5:]
    work = [row["painted"] - row["handled"] for row in rows]
    whole = [row["painted"] - row["stamp"] for row in rows]
    return {
        "work p50": percentile(work, 50),
        "work p95": percentile(work, 95),
        "from input p50": percentile(whole, 50),
        "from input p95": percentile(whole, 95),
    }


def long_line(page: Any, rounds: int) -> dict[str, float]:
    """Milliseconds from the shift-click that ends a 4,900 px diagonal to the frame showing it."""
    set_brush(page, 100)
    page.evaluate("() => { window.downs = watch('pointerdown'); }")
    for _ in range(rounds):
        page.mouse.click(*at(page, 30, 30))
        page.keyboard.down("Shift")
        page.mouse.click(*at(page, 3950, 2970))
        page.keyboard.up("Shift")
        page.wait_for_timeout(100)
        page.keyboard.press("Delete")
        page.wait_for_timeout(100)
    rows = page.evaluate("downs")[1::2]
    work = [row["painted"] - row["handled"] for row in rows]
    whole = [row["painted"] - row["stamp"] for row in rows]
    return {"work p50": percentile(work, 50), "from input p50": percentile(whole, 50)}


def submit_to_next(page: Any, rounds: int, width: int, height: int) -> dict[str, float]:
    """Milliseconds from Enter to the frame that shows the next question."""
    times = []
    code = """() => new Promise((resolve) => {
        const shown = document.querySelector('[data-show=question]');
        let began = 0;
        document.addEventListener('keydown', (event) => { began = event.timeStamp; },
            { capture: true, once: true });
        const observer = new MutationObserver(() => {
            if (!shown.textContent) return;
            observer.disconnect();
            window.afterFrame().then((painted) => resolve(painted - began));
        });
        observer.observe(shown, { childList: true });
    })"""
    set_brush(page, 40)
    for number in range(rounds):
        rng = np.random.default_rng(number)
        angles = np.linspace(0, 2 * np.pi, 40)
        radii = 0.3 * min(width, height) * (1 + 0.2 * rng.standard_normal(40).cumsum() / 6)
        path = [
            (width / 2 + radius * np.cos(angle), height / 2 + radius * np.sin(angle))
            for angle, radius in zip(angles, radii, strict=True)
        ]
        page.keyboard.press("a")
        page.mouse.move(*at(page, *path[0]))
        page.mouse.down()
        for point in path[1:]:
            page.mouse.move(*at(page, *point))
        page.mouse.up()
        page.wait_for_timeout(1500)  # a rater takes longer: time to prefetch the next photo
        page.evaluate(f"() => {{ window.waiting = ({code})(); }}")
        page.keyboard.press("Enter")
        times.append(page.evaluate("waiting"))
    return {
        "p50": percentile(times, 50),
        "p95": percentile(times, 95),
        "max": max(times),
    }


def reload_to_ready(page: Any, rounds: int) -> dict[str, float]:
    """Seconds from the start of a reload to a question on the screen, by the page's own clock."""
    times = []
    for _ in range(rounds):
        page.reload(wait_until="commit")
        wait_ready(page)
        times.append(page.evaluate("afterFrame()") / 1000)
        page.wait_for_timeout(500)
    return {"p50": percentile(times, 50), "max": max(times)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12, help="submits and reloads of each size")
    parser.add_argument("--only", choices=["paint", "line", "submit", "load"], action="append")
    options = parser.parse_args()
    wanted = options.only or ["paint", "line", "submit", "load"]
    results: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        executable = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = driver.chromium.launch(executable_path=executable, args=FLAGS)
        for width, height in [(4000, 3000), (1000, 1000)]:
            megapixels = f"{width * height // 1_000_000} Mpx"
            project = make_project(Path(folder) / megapixels, width, height, options.rounds + 3)
            with serving(project) as server:
                context = browser.new_context(viewport={"width": 1280, "height": 720})
                context.add_init_script(_PROBE)
                page = context.new_page()
                page.set_default_timeout(30_000)
                sign_in(page, server.url)
                if "load" in wanted:
                    name = f"reload to ready, {megapixels}, s"
                    results[name] = reload_to_ready(page, options.rounds)
                if width == 4000 and "paint" in wanted:
                    name = "pointer to paint, 12 Mpx, 100 px brush, ms"
                    results[name] = pointer_to_paint(page, 300)
                if width == 4000 and "line" in wanted:
                    results["line of 4,900 px, ms"] = long_line(page, options.rounds)
                page.keyboard.press("Delete")
                if "submit" in wanted:
                    name = f"submit to next, {megapixels}, ms"
                    results[name] = submit_to_next(page, options.rounds, width, height)
                context.close()
        browser.close()
    for name, values in results.items():
        shown = "   ".join(f"{key} {value:.2f}" for key, value in values.items())
        print(f"{name:46} {shown}")


if __name__ == "__main__":
    main()
