"""Scripts and styles, served from memory under URLs that change with their content.

A URL also names a language, and with it the texts: scripts import `texts/catalogue.js`, which is
made from the catalogue of that language.
"""

import hashlib
from functools import cache
from importlib import resources
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from annotate_app.web.catalogue import ENGLISH, Catalogue
from annotate_app.web.languages import Languages

STATIC_ROOT = "/static-painter"

# The only file that pages without a session need.
PUBLIC_STYLE = "styles/pages.css"

# The script of texts, made for each language.
CATALOGUE_SCRIPT = "texts/catalogue.js"

_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css"}


@cache
def _files() -> dict[str, bytes]:
    folder = Path(str(resources.files("annotate_app") / "static"))
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix in _MEDIA_TYPES
    }


@cache
def _version() -> str:
    digest = hashlib.sha256()
    for name, data in _files().items():
        digest.update(f"{name} {len(data)} ".encode() + data)
    return digest.hexdigest()[:16]


def static_url(name: str, texts: Catalogue | None = None) -> str:
    """The URL of a file of `annotate_app/static`; `name` is its path within that folder."""
    language = ENGLISH if texts is None else f"{texts.language}.{texts.digest}"
    return f"{STATIC_ROOT}/{_version()}/{language}/{name}"


def make_router(languages: Languages) -> APIRouter:
    """The route of every file; only files read at the start exist, so no path reaches the disk."""
    router = APIRouter()
    scripts = {
        language: catalogue.script.encode() for language, catalogue in languages.catalogues.items()
    }

    @router.get(STATIC_ROOT + "/{version}/{language}/{name:path}")
    def static_file(language: str, name: str) -> Response:
        language = language.partition(".")[0]
        data = scripts.get(language) if name == CATALOGUE_SCRIPT else _files().get(name)
        if data is None:
            return JSONResponse({"error": "no_file"}, status_code=404)
        return Response(
            data,
            media_type=_MEDIA_TYPES[Path(name).suffix],
            headers={"Cache-Control": "private, max-age=31536000, immutable"},
        )

    return router
