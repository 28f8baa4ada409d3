"""From question to question: submitting, skipping, waiting, and what the server says of one."""

import numpy as np
from painting_oracle import stroke
from stand_in import StandIn, pack, unpack


def test_an_empty_mask_is_not_sent(rater):
    ada = rater()
    ada.press("Enter")
    ada.says("Nothing is painted")
    assert ada.server.bodies("/api/submit") == []
    assert ada.question() == 100


def test_a_mask_without_a_pixel_in_the_box_is_asked_about_once(rater):
    ada = rater()
    ada.click((5, 190))
    ada.press("Enter")
    ada.says("inside the box")
    assert ada.server.bodies("/api/submit") == []
    ada.submit()
    assert ada.question() == 101


def test_skipping_needs_a_reason_and_other_needs_words(rater):
    ada = rater()
    confirm = ada.page.locator("[data-tool=skip-confirm]")
    ada.press("s")
    confirm.click()
    assert ada.server.bodies("/api/submit") == []
    ada.page.check("[data-reason=other]")
    confirm.click()
    assert ada.server.bodies("/api/submit") == []
    note = ada.page.locator("[data-tool=skip-note]")
    note.click()
    ada.page.keyboard.type("be fine 1")  # B and E and 1 would be commands outside a text field
    confirm.click()
    ada.page.wait_for_function("root.painter.question() === 101")
    assert ada.server.bodies("/api/submit")[0]["answer"] == {
        "skip": {"reason": "other", "note": "be fine 1"}
    }
    assert ada.page.get_attribute("[data-tool=brush]", "aria-pressed") == "true"

    ada.press("s", "2")
    confirm.click()
    ada.page.get_by_text("All done").wait_for()
    assert ada.server.bodies("/api/submit")[1]["answer"] == {
        "skip": {"reason": "too_dark", "note": ""}
    }


def test_the_reason_other_asks_for_the_note_at_once(rater):
    ada = rater()
    ada.press("s", "6")
    ada.page.keyboard.type("2 of 3")
    ada.press("Control+Enter")
    ada.page.wait_for_function("root.painter.question() === 101")
    skip = {"reason": "other", "note": "2 of 3"}
    assert ada.server.bodies("/api/submit")[0]["answer"] == {"skip": skip}


def test_the_next_photo_is_fetched_before_it_is_needed(rater):
    ada = rater()
    ada.until(lambda: ("/image/1", None) in ada.server.requests)


def test_a_category_is_text_whatever_it_holds(rater):
    ada = rater(StandIn(category="<img src=x onerror=alert(1)>"))
    assert ada.page.inner_text("[data-show=category]") == "<img src=x onerror=alert(1)>"


def test_a_photo_of_another_size_is_refused_and_can_be_skipped(rater):
    server = StandIn()
    server.photo_size = (200, 300)
    ada = rater(server)
    ada.page.get_by_text("200 × 300 pixels here").wait_for()
    assert ada.question() is None
    assert ada.page.is_disabled("[data-tool=submit]")
    ada.page.mouse.move(400, 300)
    ada.page.mouse.down()
    ada.page.mouse.up()
    assert ada.page.evaluate("root.painter.maskRle()") == ""
    ada.page.click("[data-tool=skip-unseen]")
    ada.page.check("[data-reason=other]")
    ada.page.fill("[data-tool=skip-note]", "photo broken")
    ada.page.click("[data-tool=skip-confirm]")
    ada.page.get_by_text("question 101").wait_for()
    (sent,) = server.bodies("/api/submit")
    assert sent["answer"] == {"skip": {"reason": "other", "note": "photo broken"}}


def test_questions_held_by_others_are_waited_for(rater):
    server = StandIn(count=1)
    server.done, server.waiting = 1, 3
    ada = rater(server, setup=lambda page: page.clock.install())
    ada.page.get_by_text("Other raters have the last 3 open questions").wait_for()
    server.done = 0
    ada.page.clock.run_for(15_000)
    ada.page.wait_for_function("root.painter.question() === 100")


def test_a_gesture_never_goes_on_in_the_next_question(rater):
    ada = rater()
    ada.press("p")
    for corner in [(30, 110), (70, 115), (90, 170)]:
        ada.click(corner)
    ada.press("s", "1")
    ada.page.locator("[data-tool=skip-confirm]").click()
    ada.page.wait_for_function("root.painter.question() === 101")
    ada.press("Enter")
    ada.says("Nothing is painted")
    assert not ada.mask().any()


def test_a_returned_question_comes_with_its_comment_and_its_earlier_mask(rater):
    server = StandIn()
    earlier = np.zeros((server.height, server.width), bool)
    earlier[40:90, 60:120] = True
    server.extras[100] = {
        "initial": pack(earlier),
        "notice": {"title": "Returned", "text": "The <b>hump</b> is missing.", "kind": "warning"},
    }
    ada = rater(server)
    notice = ada.page.locator("[data-show=notice]")
    assert notice.inner_text().split() == ["Returned", "The", "<b>hump</b>", "is", "missing."]
    assert np.array_equal(ada.mask(), earlier)
    ada.drag((50, 50), (90, 60))
    sent = ada.submit()
    expected = earlier | stroke(server.height, server.width, [(50, 50), (90, 60)], 12)
    assert np.array_equal(unpack(sent["answer"]["mask"]), expected)
    assert notice.is_hidden()
    assert not ada.mask().any()


def test_work_in_progress_goes_before_the_earlier_mask(rater):
    server = StandIn()
    earlier, later = (np.zeros((server.height, server.width), bool) for _ in range(2))
    earlier[40:90] = later[20:30] = True
    server.extras[100] = {"initial": pack(earlier)}
    server.drafts[100] = {"mask": pack(later), "activity": {}, "saved_at": 1}
    assert np.array_equal(rater(server).mask(), later)


def test_what_the_server_says_of_an_answer_is_shown_until_it_is_read(rater):
    server = StandIn()
    reference = np.zeros((server.height, server.width), bool)
    reference[40:90, 60:120] = True
    server.feedback = {
        "notice": {
            "title": "IoU 0.41: not passed",
            "legend": [
                {"line": "mask", "label": "yours"},
                {"line": "reference", "label": "the reference"},
            ],
        },
        "reference": pack(reference),
    }
    ada = rater(server)
    ada.drag((50, 50), (90, 60))
    painted = ada.mask()
    ada.press("Enter")
    ada.page.get_by_text("IoU 0.41").wait_for()
    ada.press("e", "Delete")
    ada.drag((50, 50), (90, 60))  # it is answered: looking is all that is left, and dragging pans
    assert np.array_equal(ada.mask(), painted)
    assert ada.page.is_disabled("[data-tool=brush]")
    assert ada.page.is_enabled("[data-tool=zoom-in]")
    white = """() => {
        const canvas = document.querySelector('.layer-reference');
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let count = 0;
        for (let i = 0; i < data.length; i += 4) count += data[i] === 255 && data[i + 3] === 255;
        return count;
    }"""
    assert ada.page.evaluate(white) > 100
    ada.press("Enter")
    ada.page.wait_for_function("root.painter.question() === 101")
    assert not ada.mask().any()
    assert len(server.bodies("/api/submit")) == 1


def test_backspace_asks_before_it_discards_a_correction(rater):
    server = StandIn()
    painted = np.zeros((server.height, server.width), bool)
    painted[40:90, 60:120] = True
    server.extras[100] = {"earlier": {"mask": pack(painted), "skip_reason": None}}
    ada = rater(server)
    ada.drag((150, 50), (190, 60))
    changed = ada.mask()
    ada.press("Backspace")
    ada.page.get_by_text("Discard your changes?").wait_for()
    ada.press("Enter")  # the safe button
    assert server.bodies("/api/stand") == []
    assert np.array_equal(ada.mask(), changed)


def test_other_masks_of_the_image_are_shown_and_can_be_protected(rater):
    server = StandIn()
    other = np.zeros((server.height, server.width), bool)
    other[40:80, 60:100] = True
    server.others = [pack(other), pack(np.roll(other, 30, axis=0))]
    ada = rater(server)
    toggle = ada.page.locator("[data-tool=protect]")
    toggle.wait_for()
    drawn = """() => {
        const canvas = document.querySelector('.layer-others');
        const context = canvas.getContext('2d');
        return context.getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean);
    }"""
    ada.page.wait_for_function(drawn)
    ada.drag((50, 60), (110, 60))
    assert ada.mask()[60, 80]
    ada.press("Control+z")
    toggle.click()
    ada.drag((50, 60), (110, 60))
    painted = ada.mask()
    assert painted[60, 55]
    assert not (painted & other).any()
    ada.press("t")
    ada.page.wait_for_function(f"!({drawn})()")
    ada.drag((50, 60), (110, 60), button="right")  # erasing is not held back
    assert not ada.mask().any()


def test_any_own_answer_can_be_opened_from_the_list(rater):
    server = StandIn()
    server.answers = [
        {"id": 9, "question": "7", "category": "Cup", "received_at": 5, "skip_reason": "too_dark"}
    ]
    ada = rater(server)
    ada.press("j")
    ada.page.get_by_text("skipped: too dark").wait_for()
    ada.page.click("[data-tool=correct]")
    ada.page.wait_for_function("!document.querySelector('dialog[open]')")
    ada.until(lambda: server.bodies("/api/reopen"))
    assert server.bodies("/api/reopen") == [{"question": "7"}]
