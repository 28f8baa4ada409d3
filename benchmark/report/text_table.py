"""Tables of text, drawn without libraries, so that commands start fast."""

from collections.abc import Collection, Sequence


def text_table(
    title: str,
    rows: Sequence[Sequence[str]],
    *,
    left: Collection[int] = (0,),
    rules_before: Collection[int] = (1,),
) -> list[str]:
    """The lines of a table.

    Args:
        title: The line above it.
        rows: Of equal lengths, the heading first.
        left: The columns that are aligned left; the others are aligned right.
        rules_before: The rows before which a line is drawn.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [title, _rule("┌┬┐", widths)]
    for number, row in enumerate(rows):
        if number in rules_before:
            lines.append(_rule("├┼┤", widths))
        cells = [
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(f"│ {' │ '.join(cells)} │")
    return [*lines, _rule("└┴┘", widths)]


def _rule(corners: str, widths: Sequence[int]) -> str:
    left, middle, right = corners
    return left + middle.join("─" * (width + 2) for width in widths) + right
