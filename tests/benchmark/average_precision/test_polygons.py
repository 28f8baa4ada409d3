"""The core draws polygons as pycocotools does, to the pixel."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from benchmark.average_precision.evaluation import evaluate
from benchmark.average_precision.parameters import Parameters
from o365seg.errors import InputError

_native = pytest.importorskip("benchmark._native")

HEIGHT, WIDTH = 24, 31
ANYWHERE = st.floats(-9, 40, allow_nan=False) | st.integers(-3, 36) | st.integers(-6, 72).map(
    lambda n: n / 2
) | st.integers(-15, 180).map(lambda n: n / 5)  # fmt: skip
CORNER = st.tuples(ANYWHERE, ANYWHERE)
POLYGON = st.lists(CORNER, min_size=3, max_size=12).map(
    lambda corners: [x for c in corners for x in c]
)


def file(polygons: list[Any], height: int = HEIGHT, width: int = WIDTH) -> dict[str, Any]:
    annotation = {"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "area": 9}
    return {
        "images": [{"id": 1, "height": height, "width": width}],
        "categories": [{"id": 1, "name": "a"}],
        "annotations": [annotation | {"bbox": [0, 0, 3, 3], "segmentation": polygons}],
    }


def by_pycocotools(polygons: Any, height: int, width: int) -> Any:
    return coco_mask.merge(coco_mask.frPyObjects(polygons, height, width))


def agrees(polygons: list[Any], drawn: Any) -> bool:
    """Whether the mask of `drawn` is the core's, and not one pixel else."""
    height, width = drawn["size"]
    mask = {"size": [height, width], "counts": drawn["counts"].decode()}
    prediction = {"image_id": 1, "category_id": 1, "score": 0.5, "segmentation": mask}
    exactly = Parameters(iou_thresholds=[1.0])
    found = evaluate([prediction], file(polygons, height, width), parameters=exactly)
    return found.metrics["AR100"] == 1


@given(st.lists(POLYGON, min_size=1, max_size=4))
def test_every_pixel_is_that_of_pycocotools(polygons: list[Any]) -> None:
    drawn = by_pycocotools(polygons, HEIGHT, WIDTH)
    if coco_mask.area(drawn):
        assert agrees(polygons, drawn)
        pixels = coco_mask.decode(drawn)
        pixels.flat[np.flatnonzero(pixels)[0]] = 0  # one pixel less is not the same
        assert not agrees(polygons, coco_mask.encode(np.asfortranarray(pixels)))


@pytest.mark.parametrize(
    "polygons",
    [
        pytest.param([[0, 0, 640, 0, 640, 480, 0, 480]], id="the whole image"),
        pytest.param([[-90, 5, 900, 6, 900, 470]], id="beyond it"),
        pytest.param([[1, 1, 99, 1, 50, 99, 50, 99, 1, 1]], id="corners twice"),
        pytest.param([[5, 5, 400, 400, 5, 400, 400, 5]], id="crossing itself"),
        pytest.param([[0, 0, 50, 0, 50, 99, 0, 99], [50, 0, 99, 0, 99, 99, 50, 99]], id="touching"),
        pytest.param([[9, 9, 9, 90, 9, 40], [100, 100, 120, 100, 110, 130]], id="one without area"),
    ],
)  # fmt: skip
def test_larger_shapes(polygons: list[Any]) -> None:
    drawn = by_pycocotools(polygons, 480, 640)
    assert coco_mask.area(drawn)
    assert agrees(polygons, drawn)


CORNERS = st.lists(st.tuples(st.floats(0, 9), st.floats(0, HEIGHT)), min_size=30, max_size=90)


@given(CORNERS, st.lists(POLYGON, max_size=1))
def test_a_column_that_is_crossed_many_times(corners: Any, others: list[Any]) -> None:
    polygons = [[x for corner in corners for x in corner], *others]
    drawn = by_pycocotools(polygons, HEIGHT, WIDTH)
    assert not coco_mask.area(drawn) or agrees(polygons, drawn)


def test_plain_polygons_are_drawn_by_the_core_and_others_left() -> None:
    def left(polygons: list[Any], height: int = HEIGHT) -> int:
        truth = json.dumps(file(polygons, height)).encode()
        return len(_native.Evaluation(truth, b"[]", True, 1, False).polygons())

    triangle = [1, 1, 9, 1, 9, 9]
    assert left([triangle]) == 0
    assert left([triangle, [1, 1, 2, 2]]) == 1  # of two points
    assert left([triangle, [*triangle, 3]]) == 1  # of an odd number
    assert left([triangle, []]) == 1
    assert left([[1, 1, 9, 1, 9, 3e8]]) == 1
    assert left([triangle], height=2**21) == 1  # a large image


def test_a_polygon_that_reaches_far_is_refused_in_a_line() -> None:
    with pytest.raises(InputError, match=r"annotations\[0\].*too far beyond the image"):
        evaluate([], file([[1, 1, 9, 1, 9, 3e8]]))
