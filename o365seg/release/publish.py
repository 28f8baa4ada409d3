"""A release as a folder to be published: card, figures, Croissant, and the set in three forms."""

import json
from pathlib import Path
from typing import Any

import msgspec

import data_cards
from o365seg.errors import InputError
from o365seg.formats.checksums import file_sha256
from o365seg.formats.json_files import make_folder, read_json, write_bytes_atomic, write_json_atomic
from o365seg.formats.pycocotools_variant import importable_file
from o365seg.release.card import FIGURES_FOLDER, ReleaseFacts, data_card, draw_figures, measure
from o365seg.release.croissant import CROISSANT_FILE, croissant
from o365seg.release.hugging_face import ROWS_FILE, rows_text, size_category
from o365seg.release.leaderboards import EVAL_FILE, eval_yaml, write_leaderboards
from o365seg.release.licences import licence
from o365seg.release.publication import Publication
from o365seg.release.responsible_ai import responsible_ai

README_FILE = "README.md"


def publish(
    release: Path, about: Publication, folder: Path, *, leaderboards: Path | None = None,
    hide_masks: bool = False,
) -> list[Path]:  # fmt: skip
    """Write the folder.

    Args:
        release: The annotation file.
        about: What the publisher says.
        folder: Made where it is not there; files of the same names are replaced.
        leaderboards: Add `eval.yaml`, by which the hub keeps a leaderboard, and write the bundles
            of other leaderboards into this private folder.
        hide_masks: Leave out all annotations, for a test set: images and categories alone.

    Returns:
        The files written, but for the figures.

    Raises:
        InputError: the release is unsound, the folder cannot be written, or it has a file of an
            earlier time that would give hidden masks away.
    """
    facts = measure(release, release.stem)
    stock = f"{release.stem}.pycocotools.json"
    content = read_json(release, dict[str, Any])
    make_folder(folder / "data")
    if hide_masks:
        for name in (release.name, stock):
            if (folder / name).exists():
                raise InputError("contains annotations; delete it", file=folder / name)
        names = (f"{release.stem}.images.json", ROWS_FILE)
        write_json_atomic(folder / names[0], content | {"annotations": []})
        rows = rows_text(msgspec.structs.replace(facts.file, annotations=[]), release)
    else:
        names = (release.name, stock, ROWS_FILE)
        write_bytes_atomic(folder / release.name, release.read_bytes())
        write_json_atomic(folder / stock, importable_file(content, release))
        rows = rows_text(facts.file, release)
    write_bytes_atomic(folder / ROWS_FILE, rows)
    draw_figures(facts, folder / FIGURES_FOLDER)
    hashes = {name: file_sha256(folder / name) for name in names}
    responsible = responsible_ai(facts, about)
    summary = facts.summary(about)
    described = croissant(about, summary, responsible, ROWS_FILE, hashes)
    text = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
    write_bytes_atomic(folder / CROISSANT_FILE, text.encode())
    head = readme(facts, about, stock, hide_masks=hide_masks)
    write_bytes_atomic(folder / README_FILE, head.encode())
    written = [folder / name for name in (README_FILE, *names, CROISSANT_FILE)]
    if leaderboards is not None:
        write_bytes_atomic(folder / EVAL_FILE, eval_yaml(about, summary).encode())
        bundles = write_leaderboards(release, about, summary, leaderboards)
        written += [folder / EVAL_FILE, *bundles]
    return written


def readme(facts: ReleaseFacts, about: Publication, stock: str, *, hide_masks: bool = False) -> str:
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
            "hidden": hide_masks,
            "images_file": f"{facts.path.stem}.images.json",
        },
    )
