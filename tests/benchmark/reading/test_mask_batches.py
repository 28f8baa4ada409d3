"""Masks measured together, against each by itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from native_cases import masks

from benchmark.reading import mask_batches
from benchmark.reading.mask_batches import measure
from benchmark.reading.predictions import stock_box, tight_box
from o365seg.formats.masks import MaskError, Rle, check_rle, encode_rle

SIZES = [(1, 1), (1, 9), (7, 1), (33, 40), (110, 100)]
ALPHABET = [chr(code) for code in range(46, 114)]


@st.composite
def texts(draw: st.DrawFn) -> tuple[tuple[int, int], str]:
    """A mask's text, mostly sound: some have a character changed, lost or put in."""
    size = draw(st.sampled_from(SIZES))
    text = encode_rle(draw(masks(size))).counts
    assert isinstance(text, str)
    place = draw(st.integers(0, len(text)))
    damage = draw(st.sampled_from(["none", "none", "none", "change", "cut", "insert", "any"]))
    if damage == "change":
        text = text[:place] + draw(st.sampled_from(ALPHABET)) + text[place + 1 :]
    elif damage == "cut":
        text = text[:place]
    elif damage == "insert":
        text = text[:place] + draw(st.sampled_from([*ALPHABET, "ž"])) + text[place:]
    elif damage == "any":
        text = draw(st.text(ALPHABET, max_size=30))
    return size, text


@settings(max_examples=300)
@given(st.lists(texts(), min_size=1, max_size=12), st.sampled_from([1, 5, 4096]))
def test_what_is_known_is_what_each_mask_alone_gives(
    some: list[tuple[tuple[int, int], str]], batch: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mask_batches, "BATCH", batch)
        found = measure([text for _, text in some], np.array([size for size, _ in some]))
    for i, (size, text) in enumerate(some):
        rle = Rle(size, text)
        try:
            runs = check_rle(rle, size)
        except MaskError:
            assert not found.known[i]
            continue
        assert found.known[i] == (runs[1::2].sum() > 0 and bool((runs[1:] > 0).all()))
        if found.known[i]:
            assert found.areas[i] == runs[1::2].sum()
            assert tuple(found.boxes[i]) == tight_box(runs, size[0]) == tuple(stock_box(rle))


def test_nothing_to_measure_is_nothing_known() -> None:
    found = measure([None, ""], np.array([(1, 1), (1, 1)]))
    assert not found.known.any()
