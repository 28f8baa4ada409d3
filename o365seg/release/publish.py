"""A release as a folder to be published: card, figures, Croissant, and the set in three forms."""

import hashlib
import json
from pathlib import Path
from typing import Any

import data_cards
from o365seg.formats.json_files import make_folder, read_json, write_bytes_atomic, write_json_atomic
from o365seg.formats.pycocotools_variant import importable_file
from o365seg.release.card import FIGURES_FOLDER, ReleaseFacts, data_card, draw_figures, measure
from o365seg.release.croissant import CROISSANT_FILE, croissant
from o365seg.release.hugging_face import ROWS_FILE, rows_text, size_category
from o365seg.release.licences import licence
from o365seg.release.publication import Publication
from o365seg.release.responsible_ai import responsible_ai

README_FILE = "README.md"


def publish(release: Path, about: Publication, folder: Path) -> list[Path]:
    """Write the folder.

    Args:
        release: The annotation file.
        about: What the publisher says.
        folder: Made where it is not there; files of the same names are replaced.

    Returns:
        The files written, but for the figures.

    Raises:
        InputError: the release is unsound, or the folder cannot be written.
    """
    facts = measure(release, release.stem)
    stock = f"{release.stem}.pycocotools.json"
    rows = rows_text(facts.file, release)
    make_folder(folder / "data")
    write_bytes_atomic(folder / release.name, release.read_bytes())
    content = read_json(release, dict[str, Any])
    write_json_atomic(folder / stock, importable_file(content, release))
    write_bytes_atomic(folder / ROWS_FILE, rows)
    draw_figures(facts, folder / FIGURES_FOLDER)
    names = (release.name, stock, ROWS_FILE)
    hashes = {name: _sha256(folder / name) for name in names}
    described = croissant(about, responsible_ai(facts, about), ROWS_FILE, hashes)
    text = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
    write_bytes_atomic(folder / CROISSANT_FILE, text.encode())
    write_bytes_atomic(folder / README_FILE, readme(facts, about, stock).encode())
    return [folder / name for name in (README_FILE, *names, CROISSANT_FILE)]


def readme(facts: ReleaseFacts, about: Publication, stock: str) -> str:
    """The folder's README: what the Hugging Face hub reads on top, then the card."""
    # Text in the head is written as JSON, which is YAML too.
    said = licence(about.licence) if about.licence else None
    return data_cards.render(
        "hugging_face.md.jinja",
        {
            "name_json": data_cards.verbatim(json.dumps(about.name)),
            "licence_id": data_cards.verbatim(said.hub) if said and said.spdx else None,
            "licence": about.licence,
            "licence_json": data_cards.verbatim(json.dumps(about.licence)),
            "size_json": data_cards.verbatim(json.dumps(size_category(len(facts.file.images)))),
            "rows_file": data_cards.verbatim(ROWS_FILE),
            "card": data_cards.verbatim(data_card(facts, about)),
            "release_file": facts.path.name,
            "stock_file": stock,
            "turned": facts.turned,
        },
    )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
