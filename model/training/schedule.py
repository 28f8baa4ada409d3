"""The learning rate over a run: linear warm-up, then steps (appendix F)."""

from collections.abc import Sequence

_DROP = 0.1


def rate_factor(iteration: int, iterations: int, warmup: int, drops: Sequence[float]) -> float:
    """Return the factor of the learning rate at an iteration.

    Args:
        iteration: The iteration, from 0.
        iterations: Length of the whole run.
        warmup: Iterations in which the factor rises to 1; 0 for none.
        drops: Fractions of the run; at each the factor is divided by ten (paper: 0.9, 0.95).
    """
    passed = sum(iteration >= round(drop * iterations) for drop in drops)
    rise = min((iteration + 1) / warmup, 1.0) if warmup else 1.0
    return rise * _DROP**passed
