"""Names of categories and sets in figures: of any length, in any script, any number of them."""

import textwrap
import unicodedata
from collections.abc import Sequence
from functools import cache
from itertools import groupby
from typing import Any

from matplotlib import font_manager
from matplotlib.axes import Axes

FONT = "DejaVu Sans"
"""Ships with matplotlib, so that glyphs are the same everywhere; others serve what it lacks."""

# Fonts of systems and distributions that have Chinese, Japanese or Korean, the widest first.
_WIDER_FONTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK TC", "Noto Sans CJK KR",
    "Noto Sans SC", "Noto Sans JP", "Noto Sans KR", "Source Han Sans SC", "Source Han Sans",
    "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Droid Sans Fallback", "AR PL UMing CN",
    "IPAexGothic", "IPAGothic", "TakaoGothic", "NanumGothic", "UnDotum", "Unifont",
    "PingFang SC", "Hiragino Sans", "Apple SD Gothic Neo", "Arial Unicode MS",
    "Microsoft YaHei", "SimHei", "Yu Gothic", "MS Gothic", "Malgun Gothic", "Segoe UI Symbol",
)  # fmt: skip
_LONGEST = 42
"""Characters of a line of a name; longer names go on in the next line."""
_INSIDE = 4
"""As many sets have their legend on the axes, where their names are short; others below them."""
_SHORT = 24


@cache
def font_families() -> list[str]:
    """The fonts to look for a glyph in, in this order, of those that are installed."""
    installed = set(font_manager.get_font_names())
    return [FONT, *(name for name in _WIDER_FONTS if name in installed)]


def shown(name: str) -> str:
    """A name as a figure can draw it, in lines of at most `_LONGEST` characters.

    Characters that no installed font has are written as code points, such as `<U+4EBA U+7269>`, in
    place of the empty box that all such characters share.
    """
    drawable = "".join(
        "".join(run) if known else f"<{' '.join(f'U+{ord(one):04X}' for one in run)}>"
        for known, run in groupby(name, _has_glyph)
    )
    return "\n".join(textwrap.wrap(drawable, _LONGEST, break_on_hyphens=False)) or name


@cache
def _has_glyph(character: str) -> bool:
    fonts = (font_manager.get_font(font_manager.findfont(name)) for name in font_families())
    return any(font.get_char_index(ord(character)) for font in fonts)


def width_in_inches(names: Sequence[str], size: float = 9) -> float:
    """About the width of the widest of some names (or their lines), written at `size` points."""

    def of_line(line: str) -> float:
        wide = sum(unicodedata.east_asian_width(one) in "WF" for one in line)
        return (0.62 * (len(line) - wide) + 1.05 * wide) * size / 72

    return max((of_line(line) for name in names for line in name.splitlines()), default=0)


def draw_legend(axes: Axes, drawn: Sequence[Any], names: Sequence[str], **options: Any) -> None:
    """A legend on the axes, or below them where it would hide what is drawn."""
    lines = [shown(name) for name in names]
    if _is_inside(names):
        axes.legend(drawn, lines, fontsize=8, **options)
        return
    axes.legend(
        drawn, lines, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.24), **options
    )


def legend_height(names: Sequence[str]) -> float:
    """Inches by which a figure has to be higher for a legend below its axes; 0 for one inside."""
    if _is_inside(names):
        return 0.0
    return 0.25 + 0.165 * sum(len(shown(name).splitlines()) for name in names)


def _is_inside(names: Sequence[str]) -> bool:
    return len(names) <= _INSIDE and all(len(shown(name)) <= _SHORT for name in names)
