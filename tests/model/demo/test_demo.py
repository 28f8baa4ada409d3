"""`dataseg demo`: the page in a real browser, with an untrained tiny model."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage

from o365seg.errors import InputError

torch = pytest.importorskip("torch")
pytest.importorskip("timm")

from model.demo.demo import Demo  # noqa: E402
from model.runtime.untrained import write_untrained  # noqa: E402
from model.text.choice import TextChoice  # noqa: E402
from model.text.embedding_files import save_embeddings  # noqa: E402
from model.text.encoder import TextEncoder  # noqa: E402
from model.text.vocabulary import parse_vocabulary  # noqa: E402

RUN = "from model.commands.main import main; main()"
PHOTO = Path(skimage.data_dir) / "chelsea.png"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained checkpoint, and embeddings of four names."""
    folder = tmp_path_factory.mktemp("demo")
    write_untrained("tiny", 8, 0, None, folder / "m.safetensors")
    rows = np.random.default_rng(0).normal(size=(4, 8))
    save_embeddings(folder / "text.npz", ["cat", "sofa", "wall", "sky"], rows, {})
    return folder


def make_demo(folder: Path) -> Demo:
    choice = TextChoice(folder / "text.npz", TextEncoder())
    return Demo(folder / "m.safetensors", choice, parse_vocabulary("cat"), size=64)


def test_the_vocabulary_may_change_with_every_image(folder: Path) -> None:
    demo = make_demo(folder)
    first = demo.segment(PHOTO, "cat, sky:stuff", 0.0, 0.0)
    other = demo.segment(PHOTO, "wall:stuff", 0.0, 0.0)
    again = demo.segment(PHOTO, "cat, sky:stuff", 0.0, 0.0)
    assert first.semantic.tobytes() == again.semantic.tobytes() != other.semantic.tobytes()
    assert first.panoptic.height == first.instance.height


def test_what_is_at_fault_is_named(folder: Path) -> None:
    demo = make_demo(folder)
    with pytest.raises(InputError, match="'unicorn'"):
        demo.segment(PHOTO, "cat, unicorn", 0.8, 0.3)
    with pytest.raises(InputError, match="not an image"):
        demo.segment(folder / "text.npz", "cat", 0.8, 0.3)


def test_without_gradio_it_says_how_to_get_it(folder: Path) -> None:
    hide = "import sys; sys.modules['gradio'] = None; "
    command = [sys.executable, "-c", hide + RUN, "demo", str(folder / "m.safetensors")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = "error: this needs gradio, which is not installed: pip install 'o365seg[demo]'\n"
    assert (done.returncode, done.stderr) == (1, said)


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--size", "64", "--device", "cpu", "--port", str(port)]
    options += ["--embeddings", str(folder / "text.npz")]
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", RUN, "demo", str(folder / "m.safetensors"), *options],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "Ctrl-C" in line:
            break
    found = re.search(r"http://\S+", said)
    try:
        assert found, said
        yield found[0]
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def page(browser: Any, address: str) -> Any:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.get_by_role("button", name="Segment").wait_for()
    yield page
    page.close()
    elsewhere = [url for url in asked if not url.startswith((address, "data:", "blob:"))]
    assert elsewhere == []


def test_the_example_by_ones_own_classes_in_all_three_tasks(page: Any) -> None:
    page.locator(".gallery-item, .gallery button").first.click()
    page.locator("[data-testid=image] img, .image-frame img").first.wait_for()
    page.get_by_label("Classes").fill("cat, wall:stuff")
    page.get_by_role("button", name="Segment").click()
    for task in ("Panoptic", "Semantic", "Instance"):
        page.get_by_role("tab", name=task).click()
        picture = page.locator(".result img:visible")
        picture.wait_for(timeout=60_000)
        page.wait_for_function("image => image.naturalHeight >= 300", arg=picture.element_handle())
        assert picture.evaluate("image => image.naturalWidth") > 451  # with its legend


def test_a_fault_is_told_on_the_page(page: Any) -> None:
    page.get_by_role("button", name="Segment").click()
    page.get_by_text("Choose an image first.").wait_for()
    page.locator("input[type=file]").first.set_input_files(PHOTO)
    page.locator(".image-frame img").first.wait_for()
    page.get_by_label("Classes").fill("cat, <b>unicorn</b>")
    page.get_by_role("button", name="Segment").click()
    page.get_by_text("no embedding of '<b>unicorn</b>'").first.wait_for()
