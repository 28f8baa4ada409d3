"""Vocabularies of the data sets in the catalogue, from the JSON files in `vocabularies/`."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import msgspec
import numpy as np

from model.text.vocabulary import Vocabulary, read_vocabulary
from o365seg.formats.json_files import read_json

_FOLDER = Path(__file__).parent / "vocabularies"

VOC_UNSEEN = ("potted plant", "sheep", "sofa", "train", "tv monitor")
"""The five classes that zero-shot methods hold out on PASCAL VOC (section B)."""


@cache
def shipped_vocabulary(name: str) -> Vocabulary:
    """The vocabulary of that name, such as `coco_panoptic`; the folder's README lists all."""
    return replace(read_vocabulary(_FOLDER / f"{name}.json"), source=name)


def voc_seen() -> tuple[str, ...]:
    """The other fifteen classes of PASCAL VOC."""
    return tuple(n for n in shipped_vocabulary("voc2012").names if n not in VOC_UNSEEN)


class _ContextClass(msgspec.Struct):
    id: int
    full_id: int


def context_59_of_459() -> dict[int, int]:
    """Labels of Pascal Context's 459 classes, mapped to labels of its 59 classes."""
    listed = read_json(_FOLDER / "pascal_context_59.json", list[_ContextClass])
    return {found.full_id: found.id for found in listed}


def index_by_label(labels: Sequence[int], void: Sequence[int]) -> np.ndarray:
    """A table from the values of a label map to class indices.

    Args:
        labels: The label of each of K classes, in the vocabulary's order; 0 to 65535.
        void: Labels of pixels without a class; labels of classes take precedence.

    Returns:
        int16 (65536,): an index into the vocabulary; -1 (`samples.VOID`) for void, -2 for an
        unknown label.
    """
    table = np.full(65536, -2, np.int16)
    table[list(void)] = -1
    table[list(labels)] = np.arange(len(labels))
    return table
