"""numpy's sum of float64, bit for bit, where numpy itself would take longer to import."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_LANES = 8
_BLOCK = 128


def pairwise_sum(values: "Sequence[float]") -> float:
    """Add as numpy does: up to 128 numbers in eight interleaved sums, more in halves."""
    count = len(values)
    if count > _BLOCK:
        half = count // 2 // _LANES * _LANES
        return pairwise_sum(values[:half]) + pairwise_sum(values[half:])
    whole = count // _LANES * _LANES if count >= _LANES else 0
    total = 0.0
    if whole:
        a, b, c, d, e, f, g, h = (_in_order(values[lane:whole:_LANES]) for lane in range(_LANES))
        total = ((a + b) + (c + d)) + ((e + f) + (g + h))
    return _in_order([total, *values[whole:]])


def _in_order(values: "Sequence[float]") -> float:
    """Python's `sum` compensates for rounding from 3.12 on."""
    total = 0.0
    for value in values:
        total += value
    return total
