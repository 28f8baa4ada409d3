"""The report: all in one file, nothing loaded, names escaped; and as a browser shows it."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from evaluation_cases import HEIGHT, WIDTH, Case, Guess, Thing, rectangle
from PIL import Image

from benchmark import evaluate
from benchmark.analysis.sides import Sides
from benchmark.report.charts import Bar, bar_chart, nice_ticks
from benchmark.report.gather import write_report
from o365seg.errors import InputError

HOSTILE = "<script>alert('x')</script>\"&"


def report(folder: Path, iou: str = "segm", images: Path | None = None) -> Path:
    path = folder / "report.html"
    truth, results = folder / "truth.json", folder / "results.json"
    hostile = folder / f"{HOSTILE}.json"  # in a folder: its name holds a slash
    hostile.parent.mkdir(exist_ok=True)
    hostile.write_bytes(results.read_bytes())
    sides = Sides(evaluate(results, truth, iou=iou), hostile, truth)
    write_report(path, sides, resamples=30, images=images)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three categories of which one has no object; a skip; a hostile name."""
    things = [
        Thing(rectangle(0, 0, 40, 40)), Thing(rectangle(0, 60, 20, 20), image=2),
        Thing(rectangle(50, 0, 30, 30), category=2), Thing(box=(50, 50, 40, 40)),
    ]  # fmt: skip
    guesses = [
        Guess(rectangle(50, 50, 40, 40), 0.9), Guess(rectangle(0, 0, 40, 40), 0.8),
        Guess(rectangle(50, 0, 30, 30), 0.5, category=2), Guess(rectangle(9, 9, 9, 9), 0.85),
    ]  # fmt: skip
    case = Case(things, guesses, categories=[1, 2, 3])
    truth, _ = case.write(tmp_path)
    data = case.truth()
    data["categories"][0] |= {"name": HOSTILE, "supercategory": "b"}
    data["categories"][1] |= {"name": "aardvark", "supercategory": "a"}
    truth.write_text(json.dumps(data))
    for name in ("1.jpg", "2.jpg"):
        Image.new("RGB", (WIDTH, HEIGHT), (60, 90, 120)).save(tmp_path / name)
    return tmp_path


class Reader(HTMLParser):
    """Tags and their attributes; anything unbalanced is noticed."""

    void = frozenset({"meta", "img", "input", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("iou", ["segm", "bbox"])
def test_it_is_sound_and_loads_nothing(folder: Path, iou: str) -> None:
    text = report(folder, iou, images=folder).read_text()
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    assert "http://" not in text
    assert "https://" not in text
    for tag, attributes in reader.tags:
        assert "style" not in attributes  # the page's policy would not apply it
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href"):
            assert (attributes.get(name) or "data:").startswith("data:"), tag
    assert [tag for tag, _ in reader.tags].count("script") == 1
    assert sum(tag == "img" for tag, _ in reader.tags) == 4  # predictions and truth of both
    policy = next(a for t, a in reader.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in (policy["content"] or "")
    assert "unsafe" not in (policy["content"] or "")


def test_names_are_escaped_everywhere(folder: Path) -> None:
    text = report(folder, images=folder).read_text()
    assert "<script>alert" not in text
    assert text.count("&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&quot;&amp;") >= 3


def test_it_holds_the_evaluations_numbers(folder: Path) -> None:
    text = report(folder).read_text()
    result = evaluate(folder / "results.json", folder / "truth.json")
    for value in result.metrics.values():
        assert ("–" if value < 0 else f"{100 * value:.2f}") in text
    for ap in result.ap_by_rule.values():
        assert f">{100 * ap:.2f}</text>" in text
    assert "<b>1</b> skipped" in text


def test_equal_input_gives_equal_bytes(folder: Path) -> None:
    assert report(folder, images=folder).read_bytes() == report(folder, images=folder).read_bytes()


def test_the_table_and_the_report_resample_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from benchmark.analysis import bootstrap
    from benchmark.commands import extras

    calls = []
    plain = bootstrap.resample
    monkeypatch.setattr(bootstrap, "LEAST_IMAGES", 0)
    monkeypatch.setattr(bootstrap, "resample", lambda *given: calls.append(1) or plain(*given))
    files = folder / "results.json", folder / "truth.json"
    wanted = extras.Wanted(interval=True, report=folder / "report.html", resamples=20)
    extras.find(evaluate(*files), *files, wanted)
    assert len(calls) == 1


def test_images_that_are_not_there_are_told(folder: Path) -> None:
    (folder / "2.jpg").unlink()
    assert "Not drawn: 2.jpg: no such file" in report(folder, images=folder).read_text()
    (folder / "1.jpg").unlink()
    heading = "<h2>Predictions and ground truth by image</h2>"
    assert heading in report(folder, images=folder).read_text()


def test_there_is_no_panel_of_skips_without_skips(folder: Path) -> None:
    assert "<h2>Skipped instances</h2>" in report(folder).read_text()
    content = json.loads((folder / "truth.json").read_text())
    content["annotations"] = [one for one in content["annotations"] if not one.get("skipped")]
    (folder / "truth.json").write_text(json.dumps(content))
    for iou in ("segm", "bbox"):
        assert "<h2>Skipped instances</h2>" not in report(folder, iou).read_text()


def test_notes_have_code_for_backticks(folder: Path) -> None:
    content = json.loads((folder / "truth.json").read_text())
    content["annotations"][0]["ignore"] = 1
    (folder / "truth.json").write_text(json.dumps(content))
    text = report(folder).read_text()
    assert "has <code>ignore</code> on 1 annotations" in text
    assert "`" not in re.sub("<script.*?</script>|<style.*?</style>", "", text, flags=re.DOTALL)


def test_without_objects_there_is_no_report(tmp_path: Path) -> None:
    Case([Thing(box=(0, 0, 9, 9))], [Guess(rectangle(0, 0, 9, 9))]).write(tmp_path)
    with pytest.raises(InputError):
        report(tmp_path)


@pytest.mark.parametrize(
    ("greatest", "ticks"),
    [(0, [0, 1]), (16.4, [0, 5, 10, 15, 20]), (100, [0, 20, 40, 60, 80, 100])],
)  # fmt: skip
def test_ticks_are_round_and_reach_the_greatest(greatest: float, ticks: list[float]) -> None:
    assert nice_ticks(greatest) == pytest.approx(ticks)


def test_a_bar_is_as_long_as_its_value_says() -> None:
    chart = bar_chart([Bar("a", 10), Bar("b", 5, 2, 8), Bar("<", -1)], "title")
    first, second = map(float, re.findall(r'<rect .*? width="([\d.]+)"', chart))
    assert first == pytest.approx(2 * second, rel=1e-2)
    assert "&lt;" in chart
    assert ">–</text>" in chart


class TestInBrowser:
    @pytest.fixture
    def page(self, browser: Any, folder: Path) -> Any:
        page = browser.new_page(viewport={"width": 390, "height": 800})
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(report(folder, images=folder).as_uri())
        yield page
        assert said == []  # nor did the content security policy refuse anything
        page.close()

    def names(self, page: Any) -> list[str]:
        return page.locator("#categories tbody tr:visible th").all_inner_texts()

    def test_a_click_on_a_heading_sorts(self, page: Any) -> None:
        before = self.names(page)
        assert before == [HOSTILE, "aardvark", "category 3"]
        page.get_by_role("button", name="AP", exact=True).click()
        assert self.names(page) == ["aardvark", HOSTILE, "category 3"]
        page.get_by_role("button", name="AP", exact=True).click()
        assert self.names(page) == [HOSTILE, "aardvark", "category 3"]  # no number: last
        page.get_by_role("button", name="group").click()
        assert self.names(page)[-1] == HOSTILE
        assert page.locator("th[aria-sort]").count() == 1

    def test_the_keyboard_sorts_and_scrolls(self, page: Any) -> None:
        page.get_by_label("Search categories").focus()
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Categories"
        page.keyboard.press("Tab")
        for key, name in (("Enter", "ascending"), ("Space", "descending")):
            page.keyboard.press(key)
            assert page.locator("th[aria-sort]").get_attribute("aria-sort") == name

    def test_search_narrows_the_table(self, page: Any) -> None:
        page.get_by_label("Search categories").fill("AARD")
        assert self.names(page) == ["aardvark"]
        assert page.locator("#shown").inner_text() == "1 of 3"

    def test_pictures_are_filtered_by_category_kind_and_name(self, page: Any) -> None:
        figures, shown = page.locator("figure:visible"), page.locator("#pictures-shown")
        assert shown.inner_text() == "2 of 2"
        kinds = page.locator("#picture-kind").locator("option").all_inner_texts()
        assert kinds == ["all", "background", "missed", "found"]
        page.locator("#picture-kind").select_option("background")
        assert figures.locator(".name").all_inner_texts() == ["1.jpg"]
        page.locator("#picture-kind").select_option("")
        page.locator("#picture-category").select_option(label="aardvark")
        assert shown.inner_text() == "1 of 2"
        page.locator("#picture-kind").select_option("missed")  # of an aardvark: nowhere
        assert figures.count() == 0
        page.locator("#picture-category").select_option("")
        assert figures.locator(".name").all_inner_texts() == ["2.jpg"]
        page.locator("#picture-kind").select_option("")
        page.get_by_label("Search images").fill("1.JPG")
        assert shown.inner_text() == "1 of 2"

    def test_truth_takes_the_predictions_place(self, page: Any) -> None:
        assert page.locator(".errors:visible").count() == 2
        page.get_by_role("radio", name="truth").check()
        assert page.locator(".errors:visible").count() == 0
        assert page.locator(".truth:visible").count() == 2
        page.get_by_role("radio", name="predictions").check()
        assert page.locator(".truth:visible").count() == 0

    def test_it_fits_a_phone(self, page: Any) -> None:
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        page.get_by_role("radio", name="truth").check()
        for place in range(page.locator("img").count()):
            image = page.locator("img").nth(place).element_handle()
            page.wait_for_function(f"image => image.naturalWidth === {WIDTH}", arg=image)
