"""The sum without numpy is numpy's, to the last bit."""

import numpy as np
import pytest

from benchmark.pixels.pairwise_sum import pairwise_sum


@pytest.mark.parametrize("count", [*range(20), 127, 128, 129, 136, 137, 365, 1000, 1203, 4099])
def test_the_sum_is_numpys(count: int) -> None:
    random = np.random.default_rng(count)
    for values in random.random((20, count)) * 10.0 ** random.integers(-9, 9, (20, count)):
        assert pairwise_sum(values.tolist()) == np.sum(values)
