"""Colours that tell classes apart: as far from each other as colour space allows, always the same.

Distances are those of OKLab (Ottosson 2020), in which equal steps look equally large.
"""

from functools import cache

import numpy as np

Colour = tuple[int, int, int]
"""RGB, 0 … 255."""

_FROM_LAB = np.array(
    [
        [1, 0.3963377774, 0.2158037573],
        [1, -0.1055613458, -0.0638541728],
        [1, -0.0894841775, -1.2914855480],
    ]
)
_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)
# Not so dark that the picture drowns nor so light that white text does, and never grey: grey is
# what is left of the picture.
_LIGHTNESS = np.linspace(0.48, 0.82, 8)
_CHROMA = np.array([0.08, 0.12, 0.16, 0.20, 0.24])
_HUES = np.radians(np.arange(0, 360, 6))
# How far the instances of a class stray from its colour: in lightness and in hue (degrees).
_SHADES = ((0, 0), (0.10, 14), (-0.10, -14), (0.05, -24), (-0.05, 24), (0.15, 6), (-0.15, -6))


@cache
def distinct_colours(count: int) -> tuple[Colour, ...]:
    """The first `count` colours of one endless list, each as far as can be from those before.

    So the colours of a vocabulary stay when classes are added at its end. From some two thousand
    on they repeat.
    """
    lab, rgb = _candidates()
    chosen = [int(np.argmin(np.abs(lab - (0.60, -0.03, -0.15)).sum(1)))]  # a blue to begin with
    distance = np.full(len(lab), np.inf)
    while len(chosen) < min(count, len(lab)):
        distance = np.minimum(distance, ((lab - lab[chosen[-1]]) ** 2).sum(1))
        chosen.append(int(distance.argmax()))
    colours = [(int(r), int(g), int(b)) for r, g, b in rgb[chosen]]
    return tuple(colours[number % len(colours)] for number in range(count))


def shade(colour: Colour, number: int) -> Colour:
    """The colour of a class's instance: the class's own for number 0, then its shades in turn."""
    lighter, degrees = _SHADES[number % len(_SHADES)]
    if number == 0:
        return colour
    lightness, a, b = _to_lab(colour)
    turn = np.exp(1j * np.radians(degrees)) * (a + 1j * b)
    lab = np.array([np.clip(lightness + lighter, 0.42, 0.92), turn.real, turn.imag])
    red, green, blue = (_to_srgb(lab[None])[0].clip(0, 1) * 255).round().astype(int).tolist()
    return red, green, blue


def _candidates() -> tuple[np.ndarray, np.ndarray]:
    """OKLab float64[n, 3] and RGB int64[n, 3] of all colours to choose from that a screen has."""
    lightness, chroma, hue = np.meshgrid(_LIGHTNESS, _CHROMA, _HUES, indexing="ij")
    lab = np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], -1).reshape(-1, 3)
    rgb = _to_srgb(lab)
    inside = ((rgb >= 0) & (rgb <= 1)).all(1)
    return lab[inside], (rgb[inside] * 255).round().astype(int)


def _to_srgb(lab: np.ndarray) -> np.ndarray:
    """sRGB float64[n, 3], 0 … 1 where a screen has the colour, from OKLab float64[n, 3]."""
    linear = ((lab @ _FROM_LAB.T) ** 3) @ _TO_RGB.T
    curved = 1.055 * np.abs(linear) ** (1 / 2.4) - 0.055
    return np.where(np.abs(linear) <= 0.0031308, linear * 12.92, np.copysign(curved, linear))


def _to_lab(colour: Colour) -> np.ndarray:
    """OKLab float64[3] of an RGB colour of bytes."""
    values = np.array(colour) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return np.linalg.inv(_FROM_LAB) @ np.cbrt(np.linalg.inv(_TO_RGB) @ linear)
