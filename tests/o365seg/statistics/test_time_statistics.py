"""Rater times against a plain recount, and their figures."""

import csv
import json
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from o365seg.errors import InputError
from o365seg.formats.records import AnnotationFile, read_annotations
from o365seg.statistics.relative_size import RelativeSize
from o365seg.statistics.time_figures import write_time_figures
from o365seg.statistics.time_statistics import RaterTimes, rater_times

MASK = {"size": [10, 20], "counts": [150, 50]}
KINDS: dict[str, dict[str, Any]] = {
    "mask": {"segmentation": MASK},
    "skipped": {"skipped": True, "skip_reason": "too_dark"},
    "no mask": {"segmentation": []},
    "unanswered": {"unanswered": True},
    "crowd": {"iscrowd": 1},
}


def load(folder: Path, annotations: list[dict[str, Any]]) -> AnnotationFile:
    content = {
        "images": [{"id": 1, "height": 10, "width": 20}],
        "categories": [{"id": 5, "name": "cat"}],
        "annotations": [
            {"id": n, "image_id": 1, "category_id": 5, "bbox": [0, 0, 5, 10], "area": 50}
            | annotation
            for n, annotation in enumerate(annotations, start=1)
        ],
    }
    path = folder / "set.json"
    path.write_text(json.dumps(content))
    return read_annotations(path)


def test_a_set_without_times_has_none(tmp_path: Path) -> None:
    assert rater_times(load(tmp_path, []), "set") is None
    assert rater_times(load(tmp_path, list(KINDS.values())), "set") is None
    unanswered = {**KINDS["unanswered"], "active_seconds": 3}
    assert rater_times(load(tmp_path, [unanswered]), "set") is None


@pytest.mark.parametrize("seconds", [-1, "3", True])
def test_a_time_that_is_none_is_named(tmp_path: Path, seconds: object) -> None:
    with pytest.raises(InputError, match=r"annotations\[0\] \(id 1\), field 'active_seconds'"):
        load(tmp_path, [{**KINDS["mask"], "active_seconds": seconds}])


def test_masks_by_their_area_and_skips_by_their_box(tmp_path: Path) -> None:
    file = load(
        tmp_path,
        [{**KINDS["mask"], "active_seconds": 8}, {**KINDS["mask"], "active_seconds": 2},
         {**KINDS["skipped"], "bbox": [0, 0, 21, 10], "active_seconds": 0},
         {**KINDS["skipped"], "bbox": None, "active_seconds": 7}],
    )  # fmt: skip
    root, ratio = rater_times(file, "set"), rater_times(file, "set", RelativeSize.RATIO)
    assert root is not None
    assert ratio is not None
    assert np.flatnonzero(root.masks_by_size.answers).tolist() == [10]  # the root of 50 / 200
    assert np.flatnonzero(ratio.masks_by_size.answers).tolist() == [5]
    assert root.masks_by_size.mean[10] == 5
    assert root.masks_by_size.quartiles[10].tolist() == [3.5, 5, 6.5]
    assert np.flatnonzero(root.skips_by_size.answers).tolist() == [19]
    assert root.answers == ["mask", "skipped: too_dark"]
    assert root.by_answer.answers.tolist() == [2, 2]  # with the one that has no box


def test_a_mask_whose_area_is_not_stated_is_measured(tmp_path: Path) -> None:
    mask = {**KINDS["mask"], "active_seconds": 8, "area": None}
    times = rater_times(load(tmp_path, [mask]), "set")
    assert times is not None
    assert times.masks_by_size.answers[10] == 1
    with pytest.raises(InputError, match=r"set: annotations\[0\] \(id 1\), field 'segmentation'"):
        rater_times(load(tmp_path, [{**mask, "segmentation": [[1, 2]]}]), "set")


@given(st.lists(st.tuples(st.sampled_from([*KINDS]), st.integers(0, 20),
                          st.none() | st.integers(0, 500)), max_size=12))  # fmt: skip
def test_times_equal_a_plain_recount(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[str, int, int | None]]
) -> None:
    file = load(
        tmp_path_factory.mktemp("set"),
        [{**KINDS[kind], "bbox": [0, 0, side, 10], "area": 10 * side, "active_seconds": seconds}
         for kind, side, seconds in drawn],
    )  # fmt: skip
    times = rater_times(file, "set", RelativeSize.RATIO)
    timed = [
        (kind, side, seconds)
        for kind, side, seconds in drawn
        if seconds is not None and kind in ("mask", "skipped", "no mask")
    ]
    if not timed:
        assert times is None
        return
    assert times is not None
    names = {"mask": "mask", "skipped": "skipped: too_dark", "no mask": "skipped: not given"}
    for place, answer in enumerate(times.answers):
        here = [seconds for kind, _, seconds in timed if names[kind] == answer]
        assert times.by_answer.answers[place] == len(here)
        assert times.by_answer.mean[place] == pytest.approx(statistics.mean(here))
        assert times.by_answer.quartiles[place, 1] == statistics.median(here)
    assert times.by_answer.answers.sum() == len(timed)
    for of_kind, kinds in ((times.masks_by_size, ["mask"]),
                           (times.skips_by_size, ["skipped", "no mask"])):  # fmt: skip
        for place in range(20):  # side / 20 of the image: every bin's lower edge, and 1 in the last
            inside = [place] if place < 19 else [19, 20]
            here = [seconds for kind, side, seconds in timed if kind in kinds and side in inside]
            assert of_kind.answers[place] == len(here)
            if here:
                assert of_kind.quartiles[place, 1] == statistics.median(here)
            else:
                assert np.isnan(of_kind.mean[place])


@pytest.fixture
def times(tmp_path: Path) -> RaterTimes:
    random = np.random.default_rng(0)
    file = load(
        tmp_path,
        [{**KINDS[kind], "area": float(area), "bbox": [0, 0, area / 10, 10],
          "active_seconds": float(seconds)}
         for kind, area, seconds in zip(
             random.choice(["mask", "skipped", "no mask"], 300), random.uniform(0, 200, 300),
             random.gamma(2, 60, 300), strict=True)],
    )  # fmt: skip
    found = rater_times(file, "set")
    assert found is not None
    return found


def test_the_figures_open_and_equal_times_give_equal_bytes(
    tmp_path: Path, times: RaterTimes
) -> None:
    first = write_time_figures(times, tmp_path / "first")
    second = write_time_figures(times, tmp_path / "second")
    assert {path.suffix for path in first} == {".png", ".svg", ".pdf", ".csv"}
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name
        if one.suffix == ".png":
            with Image.open(one) as image:
                assert min(image.size) > 300
                assert len(image.convert("L").getcolors() or []) > 10
    text = (tmp_path / "first" / "rater_time_by_answer.svg").read_text()
    assert "<!-- skipped: too dark " in text


def test_the_tables_hold_every_group(tmp_path: Path, times: RaterTimes) -> None:
    write_time_figures(times, tmp_path)
    with (tmp_path / "rater_time_by_size.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["answer"] for row in rows] == ["mask"] * 20 + ["skipped"] * 20
    found = [int(row["answers"]) for row in rows]
    assert found == [*times.masks_by_size.answers, *times.skips_by_size.answers]
    for row in rows:
        if row["answers"] == "0":
            assert row["median"] == row["mean_seconds"] == ""
        else:
            low, median, high = (
                float(row[key]) for key in ("lower_quartile", "median", "upper_quartile")
            )
            assert low <= median <= high
    with (tmp_path / "rater_time_by_answer.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["answer"] for row in rows] == times.answers
    assert [float(row["mean_seconds"]) for row in rows] == pytest.approx(
        times.by_answer.mean, abs=1e-3
    )
