"""Which language a request is answered in.

The person's own choice, kept in a cookie, comes first; then the project's setting; then what the
browser prefers; then English.
"""

from starlette.requests import Request

from annotate_app.web.catalogue import ENGLISH, Catalogue, read_catalogues
from o365seg.project.folder import TEXTS_FOLDER, Project
from o365seg.store.settings import read_settings

COOKIE = "o365seg_language"  # set by the pages' scripts


class Languages:
    """The languages of a project, read once.

    Raises:
        InputError: a file of the project's folder `texts` is not a catalogue.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self.catalogues = read_catalogues(project.folder / TEXTS_FOLDER)

    @property
    def names(self) -> dict[str, str]:
        """What each language calls itself, by its code; English first."""
        return self.catalogues[ENGLISH].languages

    def choose(self, request: Request) -> Catalogue:
        """The texts for a request."""
        chosen = self.chosen(request)
        if chosen is None:
            with self._project.store.read() as db:
                chosen = read_settings(db).language
        if chosen not in self.catalogues:
            chosen = self.preferred(request.headers.get("accept-language", ""))
        return self.catalogues[chosen]

    def chosen(self, request: Request) -> str | None:
        """The person's own choice, or None."""
        chosen = request.cookies.get(COOKIE)
        return chosen if chosen in self.catalogues else None

    def preferred(self, accepted: str) -> str:
        """The best language for an `Accept-Language` header; English where none fits."""
        for language in _by_preference(accepted):
            for known in self.catalogues:
                if language.casefold() in (known.casefold(), known.partition("-")[0].casefold()):
                    return known
            short = language.partition("-")[0].casefold()
            if short in self.catalogues:
                return short
        return ENGLISH


def _by_preference(accepted: str) -> list[str]:
    """The languages of an `Accept-Language` header, the most wanted first."""
    found = []
    for part in accepted[:500].split(","):
        language, _, weight = part.strip().partition(";q=")
        try:
            found.append((-float(weight or 1), language.strip()))
        except ValueError:
            continue
    return [language for weight, language in sorted(found, key=lambda one: one[0]) if weight < 0]


def texts_of(request: Request) -> Catalogue:
    """The texts for a request, chosen once."""
    if not hasattr(request.state, "texts"):
        languages: Languages = request.app.state.languages
        request.state.texts = languages.choose(request)
    texts: Catalogue = request.state.texts
    return texts
