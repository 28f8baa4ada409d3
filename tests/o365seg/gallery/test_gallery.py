"""The gallery: every image and object of a release, as the filters and a browser see them."""

import json
import re
import tracemalloc
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from painted_release import PaintedRelease, make_release
from PIL import Image

from o365seg.errors import InputError
from o365seg.gallery.html import outline
from o365seg.gallery.write import Written, write_gallery

HOSTILE = "<img src=x onerror=alert(1)>\"'&"


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> PaintedRelease:
    """4 images; 6 masks, 1 skip, 2 open questions, 3 crowds; one category with a hostile name."""
    made = make_release(tmp_path_factory.mktemp("release"))
    content = json.loads(made.path.read_text())
    content["categories"][0]["name"] = HOSTILE
    made.path.write_text(json.dumps(content))
    return made


def write(release: PaintedRelease, folder: Path, **options: Any) -> tuple[Written, str]:
    written = write_gallery(release.path, release.images, folder / "gallery.html", **options)
    return written, written.page.read_text()


def test_every_image_and_object_is_on_the_page(release: PaintedRelease, tmp_path: Path) -> None:
    written, text = write(release, tmp_path)
    assert (written.images, written.problems) == (4, [])
    assert text.count("<figure>") == 4
    kinds = re.findall(r'data-k="(\w+)"', text)
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "mask": 6, "skipped": 1, "unanswered": 2, "crowd": 3,
    }  # fmt: skip
    assert text.count("<path") == 6
    assert sorted(map(float, re.findall(r'data-t="([\d.]+)"', text))) == [0, 20, 30, 40, 50, 60, 70]


def test_names_are_escaped(release: PaintedRelease, tmp_path: Path) -> None:
    _, text = write(release, tmp_path)
    assert "<img src=x" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;&amp;" in text


def test_equal_releases_give_equal_bytes(release: PaintedRelease, tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
        write(release, folder)
    for name in ("gallery.html", "gallery.png"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_pictures_can_lie_beside_the_page(release: PaintedRelease, tmp_path: Path) -> None:
    _, text = write(release, tmp_path, beside=True)
    named = re.findall(r'<img src="([^"]+)"', text)
    assert sorted(named) == sorted(f"gallery_pictures/{n}.webp" for n in (10, 20, 30, 40))
    assert all(Image.open(tmp_path / name).size == (64, 48) for name in named)


def test_the_sheet_shows_masks_where_they_are(release: PaintedRelease, tmp_path: Path) -> None:
    written, _ = write(release, tmp_path, sheet_images=1)
    assert written.sheet is not None
    sheet = np.asarray(Image.open(written.sheet)).astype(int)
    record = json.loads(release.path.read_text())
    image = next(i for i in record["images"] if i["id"] == 10)  # the first that has a mask
    name = image["file_name"].removeprefix("images/v1/")
    size = sheet.shape[1::-1]
    plain = np.asarray(Image.open(release.images / name).resize(size, Image.Resampling.LANCZOS))
    changed = np.abs(sheet - plain).max(-1) > 25
    marked = np.zeros((48, 64), bool)
    for one in record["annotations"]:
        if one["image_id"] == 10:
            x, y, w, h = (round(v) for v in one["bbox"])
            marked[y - 1 : y + h + 1, x - 1 : x + w + 1] = True
    outside = ~np.asarray(Image.fromarray(marked).resize(size))
    assert changed[~outside].mean() > 0.2
    assert changed[outside].mean() < 0.01


def test_an_image_that_is_not_there_is_told(release: PaintedRelease, tmp_path: Path) -> None:
    images = tmp_path / "some"
    for path in release.images.rglob("*.png"):
        if "00000001" not in path.name:
            copy = images / path.relative_to(release.images)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    written, text = write(PaintedRelease(release.path, images), tmp_path)
    assert written.images == 3
    assert "Not shown: images/v1/patch1/objects365_v1_00000001.png: no such file" in text


def test_without_images_there_is_no_page(release: PaintedRelease, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        write_gallery(release.path, tmp_path / "absent", tmp_path / "gallery.html")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no image can be shown: images/v1"):
        write_gallery(release.path, tmp_path / "empty", tmp_path / "gallery.html")
    assert not list(tmp_path.glob("*.html"))


def test_an_unsound_mask_is_named(release: PaintedRelease, tmp_path: Path) -> None:
    content = json.loads(release.path.read_text())
    place, broken = next(
        (n, one) for n, one in enumerate(content["annotations"]) if "segmentation" in one
    )
    broken["segmentation"]["counts"] = "0"
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=rf"annotations\[{place}\] \(id {broken['id']}\)"):
        write_gallery(path, release.images, tmp_path / "gallery.html")


def test_memory_does_not_grow_with_the_images(tmp_path: Path) -> None:
    """Ten times the images: less than two pictures more at the peak."""
    peaks = []
    for images in (6, 60):
        made = make_release(tmp_path / str(images), images, unanswered=images * 2)
        tracemalloc.start()
        write_gallery(made.path, made.images, tmp_path / f"{images}.html", sheet_images=2)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert (tmp_path / "60.html").read_text().count("<figure>") == 60
    assert peaks[1] - peaks[0] < 500_000


@given(arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))))
def test_an_outline_without_deviation_is_the_mask(mask: np.ndarray) -> None:
    """Filled by the even-odd rule, borders drawn, it gives the mask's own pixels, holes too."""
    pixels = mask.astype(np.uint8)
    path = outline(pixels, 0)
    borders = [
        np.array([[int(v) for v in point.split()] for point in part.split("L")], np.int32)
        for part in re.findall(r"M([^Z]+)Z", path)
    ]
    drawn = np.zeros_like(pixels)
    cv2.fillPoly(drawn, borders, 1)
    assert np.array_equal(drawn, pixels)


class TestInBrowser:
    @pytest.fixture(params=[False, True], ids=["one file", "beside"])
    def page(self, browser: Any, release: PaintedRelease, tmp_path: Path, request: Any) -> Any:
        page = browser.new_page(viewport={"width": 390, "height": 800})
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        written, _ = write(release, tmp_path, beside=request.param)
        page.goto(written.page.as_uri())
        yield page
        assert said == []  # nor did the content security policy refuse anything
        page.close()

    def test_the_filters_choose_images_and_fade_objects(self, page: Any) -> None:
        shown, figures = page.locator("#shown"), page.locator("figure:visible")
        assert shown.inner_text() == "4 of 4 images, 12 objects"
        page.get_by_label("state").select_option("skipped")
        assert shown.inner_text() == "1 of 4 images, 1 objects"
        assert figures.locator("g:not(.out)").count() == 1
        page.get_by_label("state").select_option("")
        page.get_by_label("rater time from").fill("60")
        assert shown.inner_text().endswith(" 2 objects")
        page.get_by_label("to", exact=True).fill("65")
        assert shown.inner_text() == "1 of 4 images, 1 objects"
        page.get_by_role("button", name="reset").click()
        page.get_by_label("Search images").fill("0003.PNG")
        assert shown.inner_text() == "1 of 4 images, 3 objects"
        page.get_by_label("category").select_option(label=f"{HOSTILE} (3)")
        assert figures.locator("g:not(.out)").count() == int(shown.inner_text().split()[4])

    def test_pictures_load_and_it_fits_a_phone(self, page: Any) -> None:
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        for place in range(4):
            image = page.locator("figure img").nth(place)
            image.scroll_into_view_if_needed()
            page.wait_for_function("image => image.naturalWidth === 64", arg=image.element_handle())

    def test_masks_and_boxes_can_be_hidden_and_an_image_enlarged(self, page: Any) -> None:
        page.get_by_role("checkbox", name="masks").uncheck()
        assert page.locator("path:visible").count() == 0
        page.get_by_role("checkbox", name="boxes").uncheck()
        assert page.locator("rect:visible").count() == 0
        button = page.get_by_role("button", name="enlarge").first
        button.focus()
        page.keyboard.press("Enter")
        assert page.locator("figure.large").count() == 1
        assert page.locator("button[aria-expanded=true]").inner_text() == "reduce"
