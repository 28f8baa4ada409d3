"""Licences by identifier: SPDX's in metadata and cards, the Hugging Face hub's in READMEs."""

from dataclasses import dataclass

# By the hub's identifier (https://huggingface.co/docs/hub/repositories-licenses).
_SPDX = {
    "cc0-1.0": "CC0-1.0",
    "cc-by-2.0": "CC-BY-2.0",
    "cc-by-2.5": "CC-BY-2.5",
    "cc-by-3.0": "CC-BY-3.0",
    "cc-by-4.0": "CC-BY-4.0",
    "cc-by-sa-3.0": "CC-BY-SA-3.0",
    "cc-by-sa-4.0": "CC-BY-SA-4.0",
    "cc-by-nc-2.0": "CC-BY-NC-2.0",
    "cc-by-nc-3.0": "CC-BY-NC-3.0",
    "cc-by-nc-4.0": "CC-BY-NC-4.0",
    "cc-by-nd-4.0": "CC-BY-ND-4.0",
    "cc-by-nc-nd-4.0": "CC-BY-NC-ND-4.0",
    "cc-by-nc-sa-4.0": "CC-BY-NC-SA-4.0",
    "cdla-permissive-1.0": "CDLA-Permissive-1.0",
    "cdla-permissive-2.0": "CDLA-Permissive-2.0",
    "cdla-sharing-1.0": "CDLA-Sharing-1.0",
    "odbl": "ODbL-1.0",
    "odc-by": "ODC-By-1.0",
    "pddl": "PDDL-1.0",
    "apache-2.0": "Apache-2.0",
    "mit": "MIT",
    "bsd-2-clause": "BSD-2-Clause",
    "bsd-3-clause": "BSD-3-Clause",
    "unlicense": "Unlicense",
    "gpl-3.0": "GPL-3.0-only",
    "agpl-3.0": "AGPL-3.0-only",
}
_HUB = {spdx.lower(): hub for hub, spdx in _SPDX.items()}


@dataclass(frozen=True)
class Licence:
    """A licence as its publisher said it.

    Attributes:
        text: As it was said; SPDX's spelling for an identifier.
        spdx: SPDX's identifier; None for any other licence.
        hub: The hub's identifier; `other` where it has none.
    """

    text: str
    spdx: str | None
    hub: str

    @property
    def address(self) -> str:
        """SPDX's page of it; what was said, for other licences."""
        return f"https://spdx.org/licenses/{self.spdx}" if self.spdx else self.text


def licence(said: str) -> Licence:
    """A licence from an identifier (in any case), SPDX's address of one, or any other text."""
    name = said.removeprefix("https://spdx.org/licenses/").removesuffix(".html").lower()
    hub = name if name in _SPDX else _HUB.get(name)
    return Licence(_SPDX[hub], _SPDX[hub], hub) if hub else Licence(said, None, "other")
