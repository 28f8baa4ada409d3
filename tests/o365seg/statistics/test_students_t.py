"""Student's t against scipy."""

from math import inf

import pytest
from scipy import special

from o365seg.statistics.students_t import two_tails, upper_quantile

FREEDOM = [1, 1.5, 2, 9, 9.7, 39.9, 40.1, 999, 5000.5, 1e6]


@pytest.mark.parametrize("freedom", FREEDOM)
def test_tails_and_quantiles_are_scipys(freedom: float) -> None:
    for t in (0, 0.001, 0.1, 1, 1.5, 1.96, 2.5, 5, 30):
        wanted = 2 * special.stdtr(freedom, -t)
        assert two_tails(freedom, t) == pytest.approx(wanted, rel=1e-10)
    for tail in (0.4, 0.05, 0.025, 0.0005):
        wanted = special.stdtrit(freedom, 1 - tail)
        assert upper_quantile(freedom, tail) == pytest.approx(wanted, rel=1e-10)
    assert two_tails(freedom, inf) == 0
