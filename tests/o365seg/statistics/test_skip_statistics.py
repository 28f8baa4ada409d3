"""Skip rates against a plain recount, and their figures."""

import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from o365seg.formats.records import AnnotationFile, read_annotations
from o365seg.statistics.relative_size import RelativeSize
from o365seg.statistics.skip_figures import MOST_CATEGORIES, write_skip_figures
from o365seg.statistics.skip_statistics import Shares, SkipRates, skip_rates

MASK = {"size": [10, 20], "counts": [150, 50]}
KINDS: dict[str, dict[str, Any]] = {
    "mask": {"segmentation": MASK},
    "skipped": {"skipped": True},
    "no mask": {"segmentation": []},
    "unanswered": {"unanswered": True},
    "crowd": {"iscrowd": 1},
}


def load(folder: Path, annotations: list[dict[str, Any]]) -> AnnotationFile:
    content = {
        "images": [{"id": 1, "height": 10, "width": 20}],
        "categories": [{"id": c, "name": f"category {c} "} for c in (5, 2, 9)],
        "annotations": [
            {"id": n, "image_id": 1, "category_id": 5, "bbox": [0, 0, 5, 10]} | annotation
            for n, annotation in enumerate(annotations, start=1)
        ],
    }
    path = folder / "set.json"
    path.write_text(json.dumps(content))
    return read_annotations(path)


def test_a_set_without_skipped_objects_has_no_rates(tmp_path: Path) -> None:
    assert skip_rates(load(tmp_path, [])) is None
    others = [KINDS["mask"], KINDS["crowd"], KINDS["unanswered"]]
    assert skip_rates(load(tmp_path, others)) is None


def test_the_two_measures_of_size_and_boxes_that_overrun(tmp_path: Path) -> None:
    file = load(
        tmp_path,
        [KINDS["skipped"], {"bbox": [0, 0, 21, 10], "skipped": True},
         {"bbox": None, "skipped": True}],
    )  # fmt: skip
    root, ratio = skip_rates(file), skip_rates(file, RelativeSize.RATIO)
    assert root is not None
    assert ratio is not None
    assert np.flatnonzero(root.by_size.skipped).tolist() == [10, 19]  # the root of 50 / 200
    assert np.flatnonzero(ratio.by_size.skipped).tolist() == [5, 19]
    assert root.by_category.skipped.sum() == 3  # with the one that has no box


@given(st.lists(st.tuples(st.sampled_from([*KINDS]), st.sampled_from([5, 2, 9]),
                          st.integers(0, 20)), max_size=12))  # fmt: skip
def test_rates_equal_a_plain_recount(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[str, int, int]]
) -> None:
    file = load(
        tmp_path_factory.mktemp("set"),
        [{**KINDS[kind], "category_id": c, "bbox": [0, 0, side, 10]} for kind, c, side in drawn],
    )
    rates = skip_rates(file, RelativeSize.RATIO)
    skipped = [(c, side) for kind, c, side in drawn if kind in ("skipped", "no mask")]
    if not skipped:
        assert rates is None
        return
    assert rates is not None
    assert rates.category_ids == [5, 2, 9]
    answered = skipped + [(c, side) for kind, c, side in drawn if kind == "mask"]
    for place, category in enumerate(rates.category_ids):
        assert rates.by_category.skipped[place] == [c for c, _ in skipped].count(category)
        assert rates.by_category.answered[place] == [c for c, _ in answered].count(category)
    for place in range(20):  # side / 20 of the image: every bin's lower edge, and 1 in the last
        inside = [place] if place < 19 else [19, 20]
        assert rates.by_size.answered[place] == sum(side in inside for _, side in answered)


@pytest.mark.parametrize(
    ("skipped", "answered", "low", "high"),
    [  # Wilson's interval by Newcombe (1998), tables I: 81/263, 15/148, 0/20, 1/29
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_intervals_are_wilson_s(skipped: int, answered: int, low: float, high: float) -> None:
    shares = Shares(np.array([answered, 0]), np.array([skipped, 0]))
    assert shares.intervals[0] == pytest.approx([low, high], abs=5e-5)
    assert np.isnan(shares.intervals[1]).all()
    assert math.isnan(shares.rates[1])


def many() -> SkipRates:
    random = np.random.default_rng(0)
    answered = random.integers(0, 90, 40)
    by_size = random.integers(0, 300, 20)
    return SkipRates(
        category_ids=list(range(1, 41)),
        category_names=[f"category {n}" for n in range(1, 41)],
        by_category=Shares(answered, random.binomial(answered, 0.2)),
        by_size=Shares(by_size, random.binomial(by_size, 0.3)),
    )


def test_the_figures_open_and_equal_rates_give_equal_bytes(tmp_path: Path) -> None:
    first = write_skip_figures(many(), tmp_path / "first")
    second = write_skip_figures(many(), tmp_path / "second")
    assert {path.suffix for path in first} == {".png", ".svg", ".pdf", ".csv"}
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name
        if one.suffix == ".png":
            with Image.open(one) as image:
                assert min(image.size) > 500
                assert len(image.convert("L").getcolors() or []) > 10
    text = (tmp_path / "first" / "skip_rate_by_category.svg").read_text()
    assert text.count("<!-- category ") == MOST_CATEGORIES


def test_the_tables_hold_every_group(tmp_path: Path) -> None:
    rates = many()
    write_skip_figures(rates, tmp_path)
    with (tmp_path / "skip_rate_by_category.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["answered"]) for row in rows] == rates.by_category.answered.tolist()
    assert [int(row["skipped"]) for row in rows] == rates.by_category.skipped.tolist()
    for row in rows:
        if row["rate"]:
            assert float(row["rate_low"]) <= float(row["rate"]) <= float(row["rate_high"])
        else:
            assert row["answered"] == "0"
    with (tmp_path / "skip_rate_by_size.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["from"] for row in rows[:2]] == ["0.00", "0.05"]
    assert [int(row["skipped"]) for row in rows] == rates.by_size.skipped.tolist()
