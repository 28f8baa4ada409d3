"""What is shown: screen pixels against the mask, and the arithmetic of zooming."""

import math

import numpy as np
import pytest

_RASTERISE = """
    const mask = Uint8Array.from(arg.mask.flat());
    const { w, h } = arg.rect;
    const pixels = new Uint32Array(w * h);
    const [across, down] = [arg.mask[0].length, arg.mask.length];
    m.rasterise(mask, across, down, arg.viewport, arg.rect, arg.style, pixels);
    return Array.from(pixels);
"""
_EDGE = 0xFF0302FF  # rgb 255, 2, 3, opaque; little-endian RGBA
_FILL = 0x800302FF
_STYLE = {"rgb": [255, 2, 3], "fill": 0.5, "outline": True, "thickness": 1}


def _rasterise(
    evaluate, mask: np.ndarray, viewport: dict, rect: dict, style: dict = _STYLE
) -> np.ndarray:
    argument = {
        "mask": mask.astype(int).tolist(),
        "viewport": viewport,
        "rect": rect,
        "style": style,
    }
    return np.array(evaluate("canvas/raster.js", _RASTERISE, argument)).reshape(
        rect["h"], rect["w"]
    )


def _noise(seed: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).random((height, width)) < 0.5


@pytest.mark.parametrize("scale", [1, 1.37, 4, 7.5])
def test_above_1_to_1_each_screen_pixel_shows_the_image_pixel_under_its_centre(evaluate, scale):
    mask = _noise(1, 23, 31)
    viewport = {"scale": scale, "x": 5.3, "y": -7.8}
    rect = {"x": 0, "y": 0, "w": 90, "h": 70}
    shown = _rasterise(evaluate, mask, viewport, rect, {**_STYLE, "outline": False})
    for j in range(rect["h"]):
        for i in range(rect["w"]):
            x, y = math.floor((i + 0.5 - 5.3) / scale), math.floor((j + 0.5 + 7.8) / scale)
            painted = 0 <= x < 31 and 0 <= y < 23 and mask[y, x]
            assert shown[j, i] == (_FILL if painted else 0)


def test_below_1_to_1_the_opacity_is_the_share_of_paint(evaluate):
    mask = _noise(2, 40, 60)
    viewport = {"scale": 0.25, "x": 0, "y": 0}
    rect = {"x": 0, "y": 0, "w": 15, "h": 10}
    shown = _rasterise(evaluate, mask, viewport, rect, {**_STYLE, "fill": 1, "outline": False})
    share = mask.reshape(10, 4, 15, 4).mean((1, 3))
    assert np.abs((shown >> 24) - 255 * share).max() <= 1


def test_one_stray_pixel_of_a_large_photo_is_outlined(evaluate):
    mask = np.zeros((300, 400), bool)
    mask[137, 222] = True
    shown = _rasterise(
        evaluate, mask, {"scale": 0.1, "x": 0, "y": 0}, {"x": 0, "y": 0, "w": 40, "h": 30}
    )
    assert shown[13, 22] == _EDGE
    assert np.count_nonzero(shown) == 1


def test_the_outline_is_where_paint_meets_bare_image(evaluate):
    mask = np.zeros((12, 12), bool)
    mask[3:9, 2:10] = True
    shown = _rasterise(
        evaluate, mask, {"scale": 1, "x": 0, "y": 0}, {"x": 0, "y": 0, "w": 12, "h": 12}
    )
    expected = np.zeros((12, 12), int)
    expected[3:9, 2:10] = _EDGE
    expected[4:8, 3:9] = _FILL
    assert np.array_equal(shown, expected)


@pytest.mark.parametrize("scale", [0.31, 1, 3.3])
@pytest.mark.parametrize("thickness", [1, 2])
def test_a_redrawn_part_fits_into_the_whole_without_a_seam(evaluate, scale, thickness):
    mask = _noise(3, 50, 50) | (np.arange(50) < 25)
    viewport = {"scale": scale, "x": 3.7, "y": -2.2}
    style = {**_STYLE, "thickness": thickness}
    whole = _rasterise(evaluate, mask, viewport, {"x": 0, "y": 0, "w": 60, "h": 60}, style)
    part = _rasterise(evaluate, mask, viewport, {"x": 11, "y": 7, "w": 30, "h": 21}, style)
    assert np.array_equal(part, whole[7:28, 11:41])


_VIEWPORT = "const v = new m.Viewport(); v.resize(1000, 600); v.setImage(4000, 3000);"


def test_fit_shows_the_whole_image_in_the_middle(evaluate):
    body = _VIEWPORT + "return [v.screenOf(0, 0), v.screenOf(4000, 3000)];"
    a, b = evaluate("canvas/viewport.js", body)
    assert a["x"] >= 0 and a["y"] >= 0 and b["x"] <= 1000 and b["y"] <= 600
    assert a["x"] + b["x"] == pytest.approx(1000)
    assert a["y"] + b["y"] == pytest.approx(600)


def test_zooming_keeps_the_point_under_the_pointer(evaluate):
    body = (
        _VIEWPORT
        + """
        const before = v.pixelAt(431, 222);
        const seen = [];
        for (const factor of [2, 3, 0.7, 5, 0.1]) {
            v.zoomAt(factor, 431, 222);
            seen.push(v.pixelAt(431, 222));
        }
        return { before, seen };
    """
    )
    got = evaluate("canvas/viewport.js", body)
    assert all(seen == got["before"] for seen in got["seen"])


def test_the_image_cannot_be_lost_from_the_screen(evaluate):
    body = (
        _VIEWPORT
        + """
        v.panBy(-1e6, 1e6);
        const a = v.screenOf(0, 0), b = v.screenOf(4000, 3000);
        return b.x > 0 && a.y < 600;
    """
    )
    assert evaluate("canvas/viewport.js", body)


def test_one_to_one_is_one_device_pixel_per_image_pixel(evaluate):
    assert evaluate("canvas/viewport.js", _VIEWPORT + "v.actualSize(); return v.scale;") == 1
