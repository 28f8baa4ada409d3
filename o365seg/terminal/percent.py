"""How tables print fractions."""


def percent(fraction: float | None) -> str:
    """Format a fraction, 0 to 1, in per cent; a dash if it is undefined.

    Undefined values are None, NaN (panoptic quality) and −1 (pycocotools).
    """
    return f"{100 * fraction:.2f}" if fraction is not None and fraction >= 0 else "–"
