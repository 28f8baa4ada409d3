"""The classes of the data sets: as many as the paper says, named and numbered as their files do."""

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from model.text.shipped_vocabularies import (
    VOC_UNSEEN,
    context_59_of_459,
    index_by_label,
    shipped_vocabulary,
    voc_seen,
)

COUNTS = {
    "coco_panoptic": (80, 53),
    "ade20k": (100, 50),
    "objects365": (365, 0),
    "cityscapes": (8, 11),
    "pascal_context_59": (0, 59),
    "pascal_context_459": (0, 459),
    "voc2012": (20, 0),
}


@pytest.mark.parametrize(("name", "counts"), COUNTS.items())
def test_things_and_stuff_are_as_many_as_the_paper_says(name: str, counts: tuple[int, int]):
    vocabulary = shipped_vocabulary(name)
    things = sum(vocabulary.is_thing)
    assert (things, len(vocabulary) - things) == counts


def test_the_classes_are_those_of_the_published_lists(real_data: Path):
    coco = json.loads((real_data / "labels/panoptic_coco_categories.json").read_text())
    vocabulary = shipped_vocabulary("coco_panoptic")
    assert list(vocabulary.ids) == [category["id"] for category in coco]
    assert list(vocabulary.names) == [category["name"] for category in coco]
    assert list(vocabulary.is_thing) == [bool(category["isthing"]) for category in coco]

    o365 = json.loads((real_data / "objects365/categories_v2.json").read_text())
    vocabulary = shipped_vocabulary("objects365")
    assert list(vocabulary.ids) == list(range(1, 366))
    assert list(vocabulary.names) == [category["name"] for category in o365]

    labels = json.loads((real_data / "cityscapes/labels.json").read_text())
    evaluated = {label["id"]: label for label in labels if not label["ignoreInEval"]}
    vocabulary = shipped_vocabulary("cityscapes")
    assert set(vocabulary.ids) == set(evaluated)
    assert list(vocabulary.names) == [evaluated[number]["name"] for number in vocabulary.ids]
    train_ids = [evaluated[number]["trainId"] for number in vocabulary.ids]
    assert train_ids == list(range(19))


def test_ade20k_is_in_the_order_of_its_own_table(real_data: Path):
    rows = (real_data / "ade20k/objectInfo150.csv").read_text().splitlines()[1:]
    vocabulary = shipped_vocabulary("ade20k")
    for row, name in zip(rows, vocabulary.names, strict=True):
        synonyms = {word.strip() for word in re.split("[;,]", row.split(",", 5)[5].strip('"'))}
        assert synonyms & set(re.split(", | ", name))  # the table sets words apart, too
    assert vocabulary.ids == tuple(range(1, 151))


def test_each_of_the_59_is_one_of_the_459(real_data: Path):
    chosen = context_59_of_459()
    assert len(chosen) == 59
    full, few = shipped_vocabulary("pascal_context_459"), shipped_vocabulary("pascal_context_59")
    for number, label in chosen.items():
        assert full.names[full.ids.index(number)] == few.names[few.ids.index(label)]
    assert few.ids == tuple(range(1, 60))
    lists = real_data / "pascal_context" / "label_lists"
    names = (lists / "mseg_pascal-context-460_names.txt").read_text().split("\n")[1:460]
    blanks = Counter(theirs.strip() != ours for theirs, ours in zip(names, full.names, strict=True))
    assert blanks[True] == 2  # potted plant and tv monitor, which we write apart


def test_the_unseen_classes_of_voc_are_the_papers():
    vocabulary = shipped_vocabulary("voc2012")
    assert VOC_UNSEEN == ("potted plant", "sheep", "sofa", "train", "tv monitor")
    assert len(voc_seen()) == 15
    assert set(voc_seen()) | set(VOC_UNSEEN) == set(vocabulary.names)


def test_a_labels_place_is_that_of_its_class_or_void_or_unknown():
    places = index_by_label([7, 3], void=[255, 3])
    assert places[[7, 3, 255, 0]].tolist() == [0, 1, -1, -2]
    assert places.dtype == np.int16
