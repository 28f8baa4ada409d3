"""Precision-recall curves: their areas are the AP, their files the same every time."""

import csv
from pathlib import Path

import numpy as np
import pytest
from evaluation_cases import Case, Guess, Thing, rectangle
from evaluation_strategies import cases
from hypothesis import given, settings

from benchmark import Result, evaluate
from benchmark.analysis.pr_curves import mean_curves, write_curves
from o365seg.errors import InputError


@settings(max_examples=20)
@given(case=cases())
def test_the_area_under_a_curve_is_the_ap(
    tmp_path_factory: pytest.TempPathFactory, case: Case
) -> None:
    result = evaluate(*reversed(case.write(tmp_path_factory.mktemp("case"))))
    if result.metrics["AP"] < 0:
        with pytest.raises(InputError, match="no object"):
            mean_curves(result)
        return
    for curve, name in zip(mean_curves(result), ("AP50", "AP75", "AP"), strict=True):
        assert curve.ap == pytest.approx(result.metrics[name], abs=1e-12)
        assert (np.diff(curve.precision) <= 1e-12).all()


@pytest.fixture
def result(tmp_path: Path) -> Result:
    things = [Thing(rectangle(0, 0, 40, 40)), Thing(rectangle(50, 50, 40, 40))]
    guesses = [Guess(rectangle(0, 0, 40, 40), 0.9), Guess(rectangle(50, 0, 40, 40), 0.5)]
    return evaluate(*reversed(Case(things, guesses).write(tmp_path)))


def test_the_table_holds_means_and_every_category_that_has_objects(
    result: Result, tmp_path: Path
) -> None:
    write_curves(result, {1: "Tape Measur/ Ruler ", 2: "b"}, tmp_path)
    rows = list(csv.DictReader((tmp_path / "precision_recall.csv").open()))
    assert len(rows) == 101 * 3 * 2
    by_place = {(row["name"], row["iou"], row["recall"]): row for row in rows}
    row = by_place["Tape Measur/ Ruler ", "0.75", "0.50"]
    assert (float(row["precision"]), float(row["score"])) == (pytest.approx(1), 0.9)
    assert float(by_place["mean", "0.50:0.95", "0.51"]["precision"]) == 0


def test_files_are_the_same_every_time(result: Result, tmp_path: Path) -> None:
    first, second = (
        write_curves(result, {1: "a", 2: "b"}, tmp_path / name) for name in ("one", "two")
    )
    assert [path.suffix for path in first] == [".png", ".svg", ".pdf", ".csv"]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_a_folder_that_cannot_be_made_is_named(result: Result, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file: cannot be created"):
        write_curves(result, {1: "a", 2: "b"}, tmp_path / "file")
