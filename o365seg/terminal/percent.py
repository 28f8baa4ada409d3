"""Numbers as every table of every command prints them."""


def percent(fraction: float | None) -> str:
    """A fraction, 0 to 1, in per cent; a dash where there is no such number.

    "No such number" is None, NaN (panoptic quality) and −1 (pycocotools).
    """
    return f"{100 * fraction:.2f}" if fraction is not None and fraction >= 0 else "–"
