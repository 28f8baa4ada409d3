"""Pictures: their size, their colours and what they say."""

import numpy as np
import pytest

from model.text.vocabulary import parse_vocabulary
from o365seg.formats.masks import encode_rle
from o365seg.images.palette import distinct_colours, shade

pytest.importorskip("torch")
postprocess = pytest.importorskip("model.inference.postprocess")
visualize = pytest.importorskip("model.inference.visualize")

VOCABULARY = parse_vocabulary("cat, sky:stuff")
IMAGE = np.full((60, 90, 3), 128, np.uint8)
LEFT = np.arange(90)[None].repeat(60, 0) < 45


def test_colours_are_distinct_and_stay_when_classes_are_added() -> None:
    assert len(set(distinct_colours(400))) == 400
    assert distinct_colours(400)[:50] == distinct_colours(50)
    assert len(distinct_colours(5000)) == 5000
    first = distinct_colours(1)[0]
    assert shade(first, 0) == first
    assert len({shade(first, number) for number in range(7)}) == 7


def test_pictures_are_equal_every_time_and_have_a_legend_beside_them() -> None:
    ids = np.where(LEFT, 1, 2).astype(np.int32)
    panoptic = postprocess.PanopticResult(
        ids, [postprocess.PanopticSegment(1, 0, 0.9), postprocess.PanopticSegment(2, 0, 0.9)]
    )
    pictures = [
        visualize.draw_panoptic(IMAGE, panoptic, VOCABULARY),
        visualize.draw_semantic(IMAGE, postprocess.SemanticResult(ids - 1), VOCABULARY),
    ]
    for picture in pictures:
        assert picture.height == 480  # small images are enlarged until text fits
        assert picture.width > 720
        left, right = (np.array(picture)[400, column] for column in (30, 700))
        assert np.abs(left.astype(int) - right).max() > 10
    again = visualize.draw_panoptic(IMAGE, panoptic, VOCABULARY)
    np.testing.assert_array_equal(np.array(pictures[0]), np.array(again))


def test_nothing_found_is_a_picture_too() -> None:
    empty = postprocess.InstanceResult(
        np.zeros(0, np.int64), np.zeros(0, np.float32), [], np.zeros((0, 4))
    )
    assert visualize.draw_instances(IMAGE, empty, VOCABULARY).width > 720
    visualize.draw_panoptic(
        IMAGE, postprocess.PanopticResult(np.zeros((60, 90), np.int32), []), VOCABULARY
    )


def test_instances_below_the_shown_score_are_not_drawn() -> None:
    one = postprocess.InstanceResult(
        np.array([0]), np.array([0.2], np.float32), [encode_rle(LEFT)], np.zeros((1, 4))
    )
    plain = np.array(visualize.draw_instances(IMAGE, one, VOCABULARY))[:, :720]
    assert (plain == 128).all()
    shown = np.array(visualize.draw_instances(IMAGE, one, VOCABULARY, shown_score=0.1))[:, :720]
    assert (shown[:, :350] != 128).any()
    assert (shown[:, 380:] == 128).all()
