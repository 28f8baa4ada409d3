"""Text of others that is safe in a terminal, and in a cell of a spreadsheet."""

# Control characters that JSON allows in its texts, by ranges. (Not a regular expression: loading
# `re` takes 2 ms, and a plain evaluation needs it for nothing else.)
_UNSAFE = ((0x7F, 0x9F), (0x200E, 0x200F), (0x2028, 0x202E), (0x2066, 0x2069))
_ESCAPES = {code: f"\\u{code:04x}" for first, last in _UNSAFE for code in range(first, last + 1)}


def printable(text: str, *, lines: bool = True) -> str:
    r"""The text with control characters as escapes, such as `\x1b`.

    In names, notes and categories they could change a terminal's title, hide or forge output, or
    (the marks of writing direction) reorder it. `lines`: line ends and tabs stay.
    """
    if (text.replace("\n", "") if lines else text).isprintable():
        return text
    import unicodedata

    kept = "\n\t\u200c\u200d" if lines else "\u200c\u200d"  # the joiners belong to words and emoji
    return "".join(
        char.encode("unicode_escape").decode()
        if char not in kept and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")
        else char
        for char in text
    )


def printable_json(text: str) -> str:
    r"""JSON text with the control characters that JSON allows as escapes, such as `\u009b`.

    Bytes of a path that are not UTF-8 (halves of surrogate pairs) become text such as `\\udcff`.
    """
    return encodable(text.translate(_ESCAPES), backslash="\\\\")


def encodable(text: str, *, backslash: str = "\\") -> str:
    r"""Text that UTF-8 can hold: bytes of a path that are not UTF-8 as `\udcff`."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join(
            f"{backslash}u{ord(one):04x}" if "\ud800" <= one <= "\udfff" else one for one in text
        )
    return text


def csv_cell(value: object) -> object:
    """A value for `csv.writer`: a `'` goes before text that a spreadsheet would run.

    Numbers stay, also in text.
    """
    if not isinstance(value, str) or not value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value
