"""Reviewing by the keyboard, and a new rater's way to the work, in a real browser."""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from browser_rater import FIND_PAINTER, PASSWORD, Rater
from quality_steps import choose, make_gold, paint, reject
from rater_steps import current, submit, take
from serving import serving
from small_project import CATEGORIES, SmallSource, box_mask, make_image

from annotate_app.access.passwords import hash_password
from o365seg.formats.masks import Rle, decode_rle
from o365seg.project.creation import create_project
from o365seg.project.folder import Project, open_project
from o365seg.store.people import raters
from o365seg.store.schema import Purpose, Role, answer, lease, rater, review
from o365seg.store.work.answers import Recorded
from o365seg.store.work.checks import Skip, SkipReason

HEIGHT, WIDTH = 240, 320
PEOPLE = {"Ada": Role.RATER, "Bob": Role.RATER, "Rea": Role.REVIEWER}


@pytest.fixture
def photographed(tmp_path: Path) -> Project:
    """Two photographs of three questions each, and Ada, Bob and the reviewer Rea."""
    source = SmallSource(tmp_path / "boxes.json", tmp_path / "val", {})
    boxes = [[30.5, 40.25, 150, 120], [200, 20, 80, 90], [10, 150, 90, 80]]
    source.content = {"images": [], "annotations": [], "categories": CATEGORIES}
    for number in (1, 2):
        make_image(source.images / f"{number}.jpg", WIDTH, HEIGHT, seed=number)
        record = {"id": number, "width": WIDTH, "height": HEIGHT, "file_name": f"{number}.jpg"}
        source.content["images"].append(record)
        for bbox in boxes:
            source.content["annotations"].append(
                {
                    "id": len(source.content["annotations"]) + 1,
                    "image_id": number,
                    "category_id": 1,
                    "iscrowd": 0,
                    "bbox": bbox,
                }
            )
    source.rewrite()
    create_project(tmp_path / "project", source.detections, source.images)
    project = open_project(tmp_path / "project")
    hashed = hash_password(PASSWORD)
    with project.store.write() as db:
        for name, role in PEOPLE.items():
            raters.add_rater(db, name, hashed, role)
    return project


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    dark = os.environ.get("O365SEG_DARK") is not None
    context = browser.new_context(
        viewport={"width": 1280, "height": 720}, color_scheme="dark" if dark else "light"
    )
    page = context.new_page()
    page.add_init_script(FIND_PAINTER)
    page.set_default_timeout(30_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda message: (
            faults.append(message.text)
            # the server is gone before the page is
            if message.type == "error" and "ERR_CONNECTION" not in message.text
            else None
        ),
    )
    yield page
    context.close()
    assert faults == []


def snapshot(page: Any, name: str) -> None:
    """A picture for whoever wants to look: O365SEG_SHOTS names a folder."""
    folder = os.environ.get("O365SEG_SHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png")


def sign_in(page: Any, url: str, name: str, path: str) -> None:
    page.goto(url + path)
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "/login" not in address)
    if not page.url.endswith(path):
        page.goto(url + path)


def ids(project: Project) -> dict[str, int]:
    with project.store.read() as db:
        rows = db.execute(sa.select(rater.c.name, rater.c.id)).all()
    return {row.name: row.id for row in rows}


def shown(page: Any) -> int | None:
    return page.evaluate("document.getElementById('review').review.answer()")


def await_next(page: Any, before: int | None = None) -> None:
    """Until another answer is shown; asked from here, as the page's policy allows no `eval`."""
    ends = time.monotonic() + 30
    while page.evaluate("!document.getElementById('review')?.review") or (
        shown(page) in (None, before)
    ):
        assert time.monotonic() < ends, "the next answer did not come"
        page.wait_for_timeout(20)


def assert_no_key_is_told_twice(page: Any) -> None:
    page.keyboard.press("?")
    caps = page.evaluate(
        "[...document.querySelectorAll('dialog[open] .help-row dt > *')].map((e) => e.textContent)"
    )
    lines = page.locator("dialog[open] .help-row").all_inner_texts()
    page.keyboard.press("Escape")
    assert any("Accept" in line for line in lines)
    letters = [cap for cap in caps if re.fullmatch("[A-Z]", cap)]
    assert len(letters) == len(set(letters)) > 10, sorted(letters)


def test_the_other_pages_are_listed_over_the_easel(page: Any, photographed: Project) -> None:
    paint(photographed.store, ids(photographed)["Ada"], box_mask(HEIGHT, WIDTH, 60, 60, side=70))
    with serving(photographed.folder) as server:
        sign_in(page, server.url, "Rea", "/review")
        await_next(page)
        page.focus("summary")
        page.keyboard.press("Enter")  # opens the list, and judges nothing
        snapshot(page, "review-pages")
        page.click("text=Guidelines")  # which nothing covers
        page.wait_for_url("**/guidelines")
    with photographed.store.read() as db:
        assert db.execute(sa.select(review)).all() == []


def test_a_reviewer_judges_by_the_keyboard_alone(page: Any, photographed: Project) -> None:
    project = photographed
    ada = ids(project)["Ada"]
    mask = box_mask(HEIGHT, WIDTH, 60, 60, side=70)
    answers = [paint(project.store, ada, mask)[1] for _ in range(4)]
    answers.append(paint_skip(project, ada))
    with serving(project.folder) as server:
        sign_in(page, server.url, "Rea", "/review")
        await_next(page)
        assert_no_key_is_told_twice(page)
        assert shown(page) == answers[0]
        snapshot(page, "review")
        page.keyboard.press("a")
        await_next(page, answers[0])
        assert shown(page) == answers[1]
        page.keyboard.press("r")
        page.keyboard.type("r is too big, <b>leave the hand out</b>")
        snapshot(page, "review-reject")
        page.keyboard.press("Enter")
        await_next(page, answers[1])
        page.keyboard.press("n")  # later
        await_next(page, answers[2])
        page.keyboard.press("Backspace")  # and back to it
        await_next(page, answers[3])
        assert shown(page) == answers[2]
        page.keyboard.press("p")
        x, y = page.evaluate(
            "(() => { const at = document.getElementById('review').review"
            ".screenFromImage(250, 120); return [at.x, at.y]; })()"
        )
        page.mouse.click(x, y)
        snapshot(page, "review-repaint")
        page.keyboard.press("Enter")
        await_next(page, answers[2])
        assert shown(page) == answers[3]
        page.keyboard.press("a")
        await_next(page, answers[3])
        snapshot(page, "review-skip")
        page.keyboard.press("a")
        page.wait_for_selector("[data-state=waiting]")
        page.evaluate("document.getElementById('review').review.settled()")
        snapshot(page, "review-done")
    with project.store.read() as db:
        said = db.execute(
            sa.select(review.c.answer_id, review.c.verdict, review.c.comment).order_by(
                review.c.answer_id
            )
        ).all()
        repainted = db.execute(
            sa.select(answer.c.counts)
            .select_from(answer.join(lease))
            .where(lease.c.outcome == "repainted")
        ).scalar_one()
    assert [tuple(row) for row in said] == [
        (answers[0], "accepted", ""),
        (answers[1], "rejected", "r is too big, <b>leave the hand out</b>"),
        (answers[2], "repainted", ""),
        (answers[3], "accepted", ""),
        (answers[4], "accepted", ""),
    ]
    pixels = decode_rle(Rle((HEIGHT, WIDTH), repainted))
    assert pixels[120, 250] == 1
    assert pixels[60:130, 60:130].all()  # the mask that was there


def test_a_repaint_survives_a_reload_and_a_change_of_filter(
    page: Any, photographed: Project
) -> None:
    project = photographed
    _, first = paint(project.store, ids(project)["Ada"], box_mask(HEIGHT, WIDTH, 60, 60, side=70))
    with serving(project.folder) as server:
        sign_in(page, server.url, "Rea", "/review")
        await_next(page)
        review = "document.getElementById('review').review"

        def at(x: int, y: int) -> None:
            found = page.evaluate(f"{review}.screenFromImage({x}, {y})")
            page.mouse.click(found["x"], found["y"])

        page.keyboard.press("p")
        at(250, 120)
        page.keyboard.press("p")  # and a polygon that is still open
        at(200, 200)
        at(300, 200)
        mask = page.evaluate(f"{review}.maskRle()")
        page.wait_for_timeout(800)
        page.reload()
        page.get_by_text("Your repaint of this answer was restored").wait_for()
        assert page.evaluate(f"{review}.maskRle()") == mask
        at(250, 225)
        page.keyboard.press("Enter")
        mask = page.evaluate(f"{review}.maskRle()")
        page.select_option("[name=size]", "small")
        page.get_by_text("is kept: it opens with that answer").wait_for()
        page.select_option("[name=size]", "")
        page.get_by_text("Your repaint of this answer was restored").wait_for()
        assert page.evaluate(f"{review}.maskRle()") == mask
        # Another browser knows only what the server keeps.
        page.evaluate("indexedDB.deleteDatabase('o365seg-painter')")
        page.reload()
        page.get_by_text("Your repaint of this answer was restored").wait_for()
        assert page.evaluate(f"{review}.maskRle()") == mask
        page.keyboard.press("Shift+Backspace")
        page.click("[data-tool=confirm-no]")
        assert page.evaluate(f"{review}.maskRle()") == mask
        page.keyboard.press("Shift+Backspace")
        page.click("[data-tool=confirm-yes]")
        page.wait_for_selector("[data-tool=accept]")
        assert page.evaluate(f"{review}.maskRle()") != mask
        page.reload()
        page.wait_for_selector("[data-tool=accept]")
        assert shown(page) == first


def test_the_rater_sees_the_reviewers_marks_and_replies(page: Any, photographed: Project) -> None:
    project = photographed
    question, _wrong = paint(
        project.store, ids(project)["Ada"], box_mask(HEIGHT, WIDTH, 60, 60, side=70)
    )
    red = """(at) => {
        const canvas = document.querySelector('.layer-guides');
        const box = canvas.getBoundingClientRect();
        const scale = canvas.width / box.width;
        const side = Math.ceil(30 * scale);
        const [x, y] = [(at.x - box.x) * scale, (at.y - box.y) * scale - side];
        const data = canvas.getContext('2d').getImageData(x, y, side, side).data;
        let found = 0;
        for (let i = 0; i < data.length; i += 4)
            found += data[i] > 150 && data[i + 1] < 60 && data[i + 3] > 200;
        return found;
    }"""
    with serving(project.folder) as server:
        sign_in(page, server.url, "Rea", "/review")
        await_next(page)
        held = "document.getElementById('review').review"

        def at(x: int, y: int) -> dict[str, float]:
            return page.evaluate(f"{held}.screenFromImage({x}, {y})")

        page.mouse.click(**at(250, 120))
        page.mouse.move(**at(100, 100))
        page.keyboard.press("x")
        page.get_by_text("Place 2 is marked").wait_for()
        page.keyboard.press("x")  # on a mark: it is removed
        page.get_by_text("Mark removed").wait_for()
        page.mouse.move(**at(40, 200))
        page.mouse.down()
        page.mouse.move(**at(60, 200))  # a drag moves the view and marks nothing
        page.mouse.up()
        page.mouse.click(**at(130, 62))
        page.wait_for_timeout(100)
        assert page.evaluate(red, at(250, 120)) > 30
        assert page.evaluate(red, at(100, 160)) == 0
        snapshot(page, "review-marks")
        page.keyboard.press("r")
        page.keyboard.type("there is more")
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-state=waiting]")
        page.evaluate(f"{held}.settled()")
        with project.store.read() as db:
            assert db.execute(sa.select(review.c.marks)).scalars().all() == [
                [[250, 120], [130, 62]]
            ]
        page.goto("about:blank")  # or the page would ask once more, signed out
        page.context.clear_cookies()
        ada = Rater(page, server.url)
        ada.open()
        while (before := ada.question()) != str(question):
            page.keyboard.press("s")
            page.keyboard.press("1")
            page.keyboard.press("Enter")
            page.wait_for_function(
                "(before) => painterRoot().painter.question() !== before", arg=before
            )
        x, y = ada.at((250, 120))
        assert page.evaluate(red, {"x": x, "y": y}) > 30
        snapshot(page, "sent-back-marks")
        page.keyboard.press("y")
        page.keyboard.type("It is <b>another</b> strap")
        snapshot(page, "reply")
        page.keyboard.press("Enter")
        page.get_by_text("Your reply is recorded").wait_for()
        page.keyboard.press("y")
        assert page.input_value("#reply-comment") == "It is <b>another</b> strap"
        page.keyboard.press("Escape")
        ada.drag((140, 140), (150, 140))
        ada.leave("submit")
        page.goto("about:blank")  # or the page would ask once more, signed out
        page.context.clear_cookies()
        sign_in(page, server.url, "Rea", "/review")
        await_next(page)
        while f"Question {question} ·" not in page.locator("[data-show=question]").inner_text():
            before = shown(page)
            page.keyboard.press("n")
            await_next(page, before)
        told = page.locator("[data-show=notice]").inner_text()
        assert "“there is more”" in told
        assert "Reply: “It is <b>another</b> strap”" in told
        snapshot(page, "review-reply")


def paint_skip(project: Project, person: int) -> int:
    leased = current(take(project.store, person))
    outcome = submit(project.store, person, leased, Skip(SkipReason.OTHER, "only a reflection"))
    assert isinstance(outcome, Recorded)
    return outcome.answer_id


def test_what_was_sent_back_comes_with_its_mask_and_the_comment(
    page: Any, photographed: Project
) -> None:
    project = photographed
    people = ids(project)
    mask = box_mask(HEIGHT, WIDTH, 60, 60, side=70)
    question, wrong = paint(project.store, people["Ada"], mask)
    reject(project.store, people["Rea"], wrong, "the <b>strap</b> is missing")
    with serving(project.folder) as server:
        ada = Rater(page, server.url)
        ada.open()
        while (before := ada.question()) != str(question):  # what was prefetched comes first
            page.keyboard.press("s")
            page.keyboard.press("1")
            page.keyboard.press("Enter")
            page.wait_for_function(
                "(before) => painterRoot().painter.question() !== before", arg=before
            )
        assert "the <b>strap</b> is missing" in page.locator("[data-show=notice]").inner_text()
        assert (ada.mask() == decode_rle(Rle(mask.size, mask.counts))).all()
        snapshot(page, "sent-back")
        ada.drag((140, 140), (150, 140))
        ada.leave("submit")
    with project.store.read() as db:
        rows = db.execute(
            sa.select(answer.c.counts).where(answer.c.question_id == question).order_by(answer.c.id)
        ).scalars()
        counts = list(rows)
    assert len(counts) == 2
    assert counts[0] == mask.counts
    corrected = decode_rle(Rle((HEIGHT, WIDTH), counts[1]))
    assert corrected[140, 145] == 1
    assert corrected[60:130, 60:130].all()


def test_a_new_rater_reads_qualifies_and_works(page: Any, photographed: Project) -> None:
    project = photographed
    reference = box_mask(HEIGHT, WIDTH, 60, 60, side=12)
    make_gold(project.store, 1, Purpose.QUALIFICATION, reference)
    make_gold(project.store, 4, Purpose.QUALIFICATION, reference)
    choose(
        project.store,
        guidelines_required=True,
        guidelines="# Paint well\n\n- *every* pixel\n\n<img src=x onerror=alert(1)>",
        pass_mark=0.5,
    )
    with serving(project.folder) as server:
        sign_in(page, server.url, "Ada", "/")
        page.wait_for_url("**/guidelines")
        assert page.locator("article img").count() == 0
        assert "<img src=x" in page.locator("article").inner_text()
        snapshot(page, "guidelines")
        page.keyboard.press("Enter")  # the button has the focus
        ada = Rater(page, server.url)
        qualify(page, ada, at=(200, 200))  # far off
        page.wait_for_url("**/qualification")
        assert "Not passed yet" in page.locator("main").inner_text()
        snapshot(page, "qualification-failed")
        page.keyboard.press("Enter")  # try again
        qualify(page, ada, at=(65, 65))
        page.wait_for_url("**/qualification")
        assert "Passed" in page.locator("main").inner_text()
        snapshot(page, "qualification-passed")
        page.keyboard.press("Enter")
        await_painter(page)
        assert page.locator("[data-show=notice]").is_hidden()
    with project.store.read() as db:
        purposes = list(db.execute(sa.select(answer.c.purpose).order_by(answer.c.id)).scalars())
        ious = list(db.execute(sa.select(answer.c.reference_iou).order_by(answer.c.id)).scalars())
    assert purposes == ["qualification"] * 4
    assert ious[:2] == [0, 0]
    assert min(ious[2:]) > 0.5


def await_painter(page: Any) -> None:
    """A question is there; not asked of the page before, whose policy forbids such asking."""
    page.wait_for_url(re.compile(r":\d+/$"))
    page.wait_for_function("window.painterRoot?.()?.painter.question() != null")


def qualify(page: Any, ada: Rater, at: tuple[int, int]) -> None:
    """Two questions, each with one dab of the brush (12 pixels), and the feedback read."""
    for number in (1, 2):
        await_painter(page)
        notice = page.locator("[data-show=notice]")
        notice.filter(has_text=f"Qualification question {number} of 2").wait_for()
        snapshot(page, f"trial-{number}")
        ada.click(at)
        page.keyboard.press("Enter")
        if at == (200, 200):  # nothing in the box: asked once
            page.locator("[data-show=status]", has_text="inside the box").wait_for()
            page.keyboard.press("Enter")
        notice.filter(has_text="IoU of your mask").wait_for()
        snapshot(page, f"feedback-{at[0]}-{number}")
        page.keyboard.press("Enter")
        if number == 1:
            notice.filter(has_text="Qualification question 2 of 2").wait_for()
