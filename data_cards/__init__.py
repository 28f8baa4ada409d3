"""Cards by template: what a data set or a model is, filled in from its own files, never by hand.

The lowest of the packages: templates and how they are filled. The facts come from `o365seg` (a
release) and `model` (a checkpoint and its evaluation).
"""

import re
from collections.abc import Mapping
from typing import Any

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#$])")


def render(template: str, facts: Mapping[str, Any]) -> str:
    """A template of this package, filled in; Markdown.

    Text among the facts is escaped, so that a category called `<b>|` is that and no markup.

    Args:
        template: Its file's name.
        facts: By the names that the template uses; one that is missing is an error of ours.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__name__),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701  (Markdown, not HTML: `_finalize` escapes)
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"code": _code, "comma": _comma, "percent": _percent, "link": _link}
    return environment.get_template(template).render(facts)


def verbatim(text: str) -> Any:
    """Text that is not to be escaped: made for its place already."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704  (for Markdown)


def _finalize(value: Any) -> Any:
    """What an expression prints: text escaped, unless a filter made it."""
    from markupsafe import Markup

    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return _SPECIAL.sub(r"\\\1", " ".join(value.split()))


def _code(value: object) -> Any:
    """As code: verbatim, with what would end the code or a table's cell taken out."""
    text = " ".join(str(value).split()).replace("`", "'").replace("|", "¦")
    return verbatim(f"`{text}`" if text else "")


def _link(address: str) -> Any:
    """An address as a link; what could end the link is taken out."""
    safe = "".join(character for character in address if character not in "<>" and character > " ")
    return verbatim(f"<{safe}>")


def _comma(value: float, digits: int = 0) -> str:
    return f"{value:,.{digits}f}"


def _percent(fraction: float, digits: int = 1) -> str:
    return f"{100 * fraction:.{digits}f} %"
