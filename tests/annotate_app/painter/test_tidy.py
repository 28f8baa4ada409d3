"""What a project may allow to be done to a whole mask at once."""

import numpy as np
import pytest
from stand_in import StandIn

_RUN = """
    const kernel = await import('/canvas/kernel.js');
    const { w, h, pixels, what } = arg;
    const mask = Uint8Array.from(pixels);
    const found = m[what](mask, w, h);
    for (const [spans, value] of what === 'smooth' ? [[found.paint, 1], [found.erase, 0]]
            : [[found.spans, what === 'holes' ? 1 : 0]])
        kernel.writeSpans(mask, w, spans, value);
    return [found.count, Array.from(mask)];
"""


@pytest.fixture
def tidy(evaluate):
    def run(what: str, mask: np.ndarray) -> tuple[int, np.ndarray]:
        h, w = mask.shape
        pixels = mask.astype(int).ravel().tolist()
        argument = {"w": w, "h": h, "pixels": pixels, "what": what}
        count, after = evaluate("canvas/tidy.js", _RUN, argument)
        return count, np.array(after, bool).reshape(h, w)

    return run


@pytest.fixture
def mask() -> np.ndarray:
    """A square of 40 px that touches the left edge, with a hole, a notch, a gap and specks."""
    mask = np.zeros((60, 80), bool)
    mask[10:50, 0:40] = True
    mask[20:22, 20:22] = False  # a small hole
    mask[30:42, 10:22] = False  # a large hole
    mask[30, 0] = False  # open at the edge of the image
    mask[5, 60] = mask[6, 61] = True  # one speck: corners touch
    mask[59, 79] = True
    mask[52:58, 60:70] = True  # too large for a speck
    return mask


def test_small_pieces_go_and_large_ones_stay(tidy, mask):
    count, after = tidy("specks", mask)
    expected = mask.copy()
    expected[5:7, 60:62] = False
    expected[59, 79] = False
    assert count == 2
    assert np.array_equal(after, expected)


def test_a_mask_of_one_pixel_is_no_speck(tidy):
    dot = np.zeros((5, 5), bool)
    dot[2, 2] = True
    assert tidy("specks", dot)[0] == 0
    for what in ("specks", "holes", "smooth"):
        assert tidy(what, np.zeros((5, 5), bool))[0] == 0


def test_small_holes_are_filled_and_open_ones_are_not(tidy, mask):
    count, after = tidy("holes", mask)
    expected = mask.copy()
    expected[20:22, 20:22] = True
    assert count == 1
    assert np.array_equal(after, expected)


def test_smoothing_follows_the_majority_of_neighbours(tidy):
    rough = np.random.default_rng(0).random((30, 40)) < 0.5
    padded = np.pad(rough, 1, mode="edge").astype(int)
    sums = sum(padded[y : y + 30, x : x + 40] for y in range(3) for x in range(3))
    count, after = tidy("smooth", rough)
    assert np.array_equal(after, sums >= 5)
    assert count == (after != rough).sum()


def test_a_project_that_allows_it_offers_it_as_one_step(rater):
    class Allowing(StandIn):
        page_options = "assistance: ['specks', 'smoothing'],"

    ada = rater(Allowing())
    assert ada.page.locator("[data-tool=holes]").count() == 0
    ada.drag((60, 60), (120, 60))
    before = ada.mask()
    ada.press("[", "[", "[", "[", "[", "[", "[", "[", "[", "[")
    ada.click((200, 120))
    ada.press("Shift+X")
    ada.says("Specks removed: 1")
    assert np.array_equal(ada.mask(), before)
    ada.press("Control+z")
    assert ada.mask()[120, 200]
    ada.press("Shift+M")
    ada.says("Pixels changed")
    assert not ada.mask()[120, 200]
