"""COCO's sizes: every area has one, and its range says so too."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from o365seg.object_sizes import Size, area_range, size_of


@given(st.floats(min_value=0, allow_nan=False, allow_infinity=False))
def test_an_area_lies_in_the_range_of_its_size_alone(area: float) -> None:
    assert [size for size in Size if area_range(size)[0] <= area < area_range(size)[1]] == [
        size_of(area)
    ]


@pytest.mark.parametrize(
    ("area", "size"),
    [(0, "small"), (1023, "small"), (1024, "medium"), (9215, "medium"), (9216, "large")],
)
def test_the_bounds_are_32_and_96_squared(area: int, size: str) -> None:
    assert size_of(area) == size


def test_the_largest_has_no_end() -> None:
    assert area_range(Size.LARGE)[1] == inf
