"""Student's t distribution: tails and quantiles, without scipy, which takes longer to load.

The tail is a regularised incomplete beta function, by its continued fraction (Abramowitz and
Stegun, Handbook of Mathematical Functions, 26.5.8 and 26.7.1).
"""

from math import exp, inf, lgamma, log, log1p, pi, sqrt

_EPSILON = 2.0**-52
_TINY = 1e-300


def two_tails(freedom: float, t: float) -> float:
    """P(|T| ≥ t).

    Args:
        freedom: Degrees of freedom, > 0.
        t: ≥ 0, also infinite.
    """
    if t == inf:
        return 0.0
    square = t * t
    x, rest = freedom / (freedom + square), square / (freedom + square)
    if rest == 0:
        return 1.0
    half = freedom / 2
    # √(1 − x) x^half / B(half, 1/2); `log1p` because x is close to 1 for a small t
    front = exp(_log_step(half) - 0.5 * log(pi) - half * log1p(square / freedom) + 0.5 * log(rest))
    # Whichever of the two fractions converges fast.
    if x < (half + 1) / (half + 2.5):
        return front * _fraction(half, 0.5, x) / half
    return 1 - 2 * front * _fraction(0.5, half, rest)


def upper_quantile(freedom: float, tail: float) -> float:
    """The t > 0 with P(T ≥ t) = `tail`.

    Args:
        freedom: Degrees of freedom, > 0.
        tail: > 0 and < 1/2.
    """
    scale = exp(_log_step(freedom / 2)) / sqrt(freedom * pi)
    t = 0.0
    # The tail is convex, so Newton's steps from 0 approach the quantile from below.
    while True:
        density = scale * exp(-(freedom + 1) / 2 * log1p(t * t / freedom))
        step = (two_tails(freedom, t) / 2 - tail) / density
        if step <= 4 * _EPSILON * t:
            return t + step
        t += step


def _log_step(a: float) -> float:
    """ln(Γ(a + 1/2) / Γ(a)); by its series where the two are large and nearly cancel."""
    if a < 20:
        return lgamma(a + 0.5) - lgamma(a)
    inverse = 1 / (a * a)
    series = 1 / 8 - inverse * (1 / 192 - inverse * (1 / 640 - inverse * 17 / 14336))
    return 0.5 * log(a) - series / a


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function, from its first term on (Lentz)."""
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1) or _TINY)
    found, m = d, 0
    while True:
        m += 1
        before = found
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / (1 + numerator * d or _TINY)
            c = 1 + numerator / c or _TINY
            found *= c * d
        if abs(found - before) <= 2 * _EPSILON * abs(found):
            return found
