"""Passwords that are among the first to be tried, and are refused when one is chosen."""

import re
from importlib import resources

# The words of the usual lists of leaked passwords, as letters only; in what follows, digits and
# signs before and after them and the usual replacements of letters make no difference.
_WORDS = frozenset(
    (resources.files("annotate_app") / "access" / "common_words.txt").read_text("utf-8").split()
)

_REPLACED = str.maketrans("@4831!05$7", "aabeiioost")
_ROWS = (
    "01234567890123456789",
    "98765432109876543210",
    "abcdefghijklmnopqrstuvwxyz",
    "zyxwvutsrqponmlkjihgfedcba",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "1q2w3e4r5t6z7u8i9o0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik",
    "qaywsxedcrfvtgbzhnujmik",
    "!qaz@wsx#edc",
)


def is_common(password: str, name: str) -> bool:
    """Whether a password is among the first that somebody would try for `name`."""
    lower = password.lower().strip()
    if len(set(lower)) <= 3 or any(lower in row for row in _ROWS):
        return True
    if lower.isdigit() and len(lower) < 12:  # a date or a telephone number
        return True
    half = lower[: len(lower) // 2]
    if half * 2 == lower and is_common(half, name):
        return True
    return any(
        word in _WORDS or (len(name) > 1 and word == _letters(name.lower()))
        for word in (_letters(lower), _letters(_inside(lower).translate(_REPLACED)))
    )


def _letters(text: str) -> str:
    return re.sub(r"[\W\d_]+", "", text)


def _inside(text: str) -> str:
    """Without the digits and signs behind, which would become letters."""
    return re.sub(r"[\d\W_]+$", "", text) or text
