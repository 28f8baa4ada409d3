"""What is drawn at the pointer, and painting on a hidden mask."""

import numpy as np


def test_painting_on_a_hidden_mask_says_so(rater):
    ada = rater()
    ada.press("m")
    ada.drag((50, 50), (90, 60))
    ada.says("mask is hidden")
    ada.press("m")
    ada.drag((50, 90), (90, 90))
    assert ada.page.inner_text("[data-show=status]") == ""


_DRAWN = """() => {
    const canvas = document.querySelector('.layer-guides');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const xs = [], ys = [];
    for (let i = 0; i < data.length; i += 4) {
        if (!data[i + 3]) continue;
        xs.push((i / 4) % canvas.width);
        ys.push(Math.floor(i / 4 / canvas.width));
    }
    const { left, top } = canvas.getBoundingClientRect();
    const near = [left + Math.min(...xs), top + Math.min(...ys)];
    return [...near, left + Math.max(...xs), top + Math.max(...ys)];
}"""


def _guides(ada) -> list[float]:
    """Left, top, right and bottom of what the guide layer shows, page px."""
    ada.frames()
    return ada.page.evaluate(_DRAWN)


def test_the_ring_stays_at_the_pointer_when_a_key_moves_the_view(rater):
    ada = rater()
    ada.press("g")  # no box: the ring is all that is drawn
    ada.page.mouse.move(500, 320)
    for key in ["ArrowLeft", "ArrowDown", "+", "1"]:
        ada.press(key)
        left, top, right, bottom = _guides(ada)
        assert np.allclose(((left + right) / 2, (top + bottom) / 2), (500, 320), atol=4), key


def test_the_rubber_line_follows_the_view_that_a_key_moves(rater):
    ada = rater()
    ada.press("g", "+", "+", "p")
    ada.page.mouse.click(480, 300)
    ada.page.mouse.move(560, 380)
    for key, corner in [("ArrowLeft", (560, 300)), ("ArrowUp", (560, 380))]:
        ada.press(key)  # the corner moves with the photo, the other end stays at the pointer
        left, top, right, bottom = _guides(ada)
        drawn = (min(560, corner[0]), min(380, corner[1]), max(560, corner[0]), max(380, corner[1]))
        assert np.allclose((left, top, right, bottom), drawn, atol=10), key


def test_brush_and_eraser_differ_at_the_pointer(rater):
    ada = rater()
    ada.press("g")
    ada.page.mouse.move(500, 320)
    brush = _guides(ada)
    ada.press("e")
    eraser = _guides(ada)
    assert eraser[:2] == brush[:2]  # the same ring
    assert eraser[2] > brush[2] + 4  # and a sign beside it
    ada.press("b")
    ada.page.mouse.down(button="right")
    assert _guides(ada)[2] == eraser[2]
    ada.page.mouse.up(button="right")
