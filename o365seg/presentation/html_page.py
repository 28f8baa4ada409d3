"""HTML pages that load nothing: style, script and images are inside, and a policy enforces it.

What a page is filled with comes from files, so the caller escapes it; and if that is ever missed,
the content security policy runs the page's own script and style sheet alone, by their hashes.
"""

import base64
import hashlib
from html import escape
from importlib import resources


def head(title: str, style: str, script: str, images: str = "data:") -> str:
    """The start of a page, up to and including `<main>`.

    Args:
        title: Plain text.
        style: The page's own style sheet; it stands behind the one that all pages share.
        script: The script that `foot` is given.
        images: Sources of images that the policy allows.
    """
    style = asset("o365seg.presentation", "base.css") + style
    policy = (
        f"default-src 'none'; img-src {images}; style-src '{_hash(style)}'; "
        f"script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n"
    )


def foot(script: str) -> str:
    """The end of a page."""
    return f"</main>\n<script>{script}</script>\n</body>\n</html>\n"


def asset(package: str, name: str) -> str:
    """A file of a package's folder `page`, as text."""
    return (resources.files(package) / "page" / name).read_text("utf-8")


def data_uri(data: bytes, media_type: str) -> str:
    """A file as a `data:` URL."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
