"""Keys that switch something only while they are held."""

import numpy as np


def _hold(ada, key: str, ms: int, while_held=lambda: None) -> None:
    ada.page.keyboard.down(key)
    while_held()
    ada.page.wait_for_timeout(ms)
    ada.page.keyboard.up(key)


def test_the_eraser_lasts_while_its_key_is_held(rater):
    ada = rater()
    ada.drag((50, 50), (120, 50))
    painted = ada.mask()
    _hold(ada, "e", 0, lambda: ada.drag((50, 50), (120, 50)))
    assert not ada.mask().any()
    ada.drag((50, 50), (120, 50))  # the brush again
    assert np.array_equal(ada.mask(), painted)
    _hold(ada, "e", 0)
    pressed = ada.page.locator("[data-tool=eraser][aria-pressed=true]")
    assert pressed.count() == 1  # a short press picks it for good


def test_the_mask_is_hidden_while_its_key_is_held(rater):
    ada = rater()
    hidden = ada.page.locator("[data-tool=mask][aria-pressed=false]")
    _hold(ada, "m", 400, lambda: hidden.wait_for())
    assert hidden.count() == 0
    _hold(ada, "m", 0)
    assert hidden.count() == 1
