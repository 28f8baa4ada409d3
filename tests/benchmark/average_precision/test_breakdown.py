"""Numbers per category and supercategory: means of the whole's own arrays, and the table."""

import copy
import csv
import io
import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from evaluation_cases import Case, Guess, Thing, rectangle, stock_evaluation
from evaluation_strategies import cases
from hypothesis import given, settings
from random_sets import random_set

from benchmark import Evaluator, evaluate
from benchmark.average_precision.accumulation import mean_known
from benchmark.average_precision.breakdown import Row, by_category, by_supercategory
from benchmark.pieces.results_file import add_file
from benchmark.pieces.summable import SavedPart
from benchmark.reading.choices import Iou, SkipRule
from benchmark.report.breakdown_tables import rows_csv
from o365seg.errors import InputError
from o365seg.formats.records import AnnotationFile, Category, read_annotations


def rows_of(case: Case, folder: Path) -> list[Row]:
    truth, results = case.write(folder)
    file = read_annotations(truth)
    return by_category(evaluate(results, truth), file)


@settings(max_examples=20)
@given(case=cases(skips=False))
def test_a_row_is_pycocotools_on_that_category_alone(
    tmp_path_factory: pytest.TempPathFactory, case: Case
) -> None:
    for thing in case.things:
        thing.mask = rectangle(*(int(n) for n in thing.known_box()))
    folder = tmp_path_factory.mktemp("case")
    rows = rows_of(case, folder)
    stock = stock_evaluation(folder / "truth.json", folder / "results.json")
    for k, row in enumerate(rows):
        stock.params.catIds = [int(row.ids[0])]
        precision, recall = (stock.eval[name][..., k, :, :] for name in ("precision", "recall"))
        found = row.metrics
        assert found["ap"] == mean_known(precision[:, :, 0, 2])
        assert found["ap50"] == mean_known(precision[0, :, 0, 2])
        assert found["ap75"] == mean_known(precision[5, :, 0, 2])
        by_area = [found[f"ap_{size}"] for size in ("small", "medium", "large")]
        assert by_area == [mean_known(precision[:, :, a, 2]) for a in (1, 2, 3)]
        assert found["ar100"] == mean_known(recall[:, 0, 2])


@settings(max_examples=20)
@given(case=cases())
def test_rows_add_up_to_the_whole(tmp_path_factory: pytest.TempPathFactory, case: Case) -> None:
    truth, results = case.write(tmp_path_factory.mktemp("case"))
    result = evaluate(results, truth)
    file = read_annotations(truth)
    rows = by_category(result, file)
    aps = np.array([row.metrics["ap"] for row in rows])
    assert mean_known(aps) == pytest.approx(result.metrics["AP"])
    assert sum(row.instances for row in rows) == result.counts.instances
    assert sum(row.skipped for row in rows) == result.counts.skipped
    assert sum(row.predictions for row in rows) == result.counts.predictions
    for rule in SkipRule:
        ruled = evaluate(results, truth, skip_rule=rule)
        assert sum(row.absorbed for row in by_category(ruled, file)) == ruled.absorbed[0]
    for (group,) in [by_supercategory(rows)]:
        assert group.metrics["ap"] == pytest.approx(result.metrics["AP"])
        assert group.name == "(none)"


def test_a_supercategory_is_the_mean_of_its_categories_that_have_objects() -> None:
    def row(number: int, group: str, ap: float) -> Row:
        return Row((number,), f"c{number}", group, {"ap": ap, "ar100": ap}, 1, 2, 3, 4)

    rows = [row(1, "b", 0.5), row(2, "a", -1), row(3, "b", 0.1), row(4, "b", -1)]
    first, second = by_supercategory(rows)
    assert (first.name, first.metrics["ap"], first.instances) == ("a", -1, 1)
    assert (second.name, second.ids, second.skipped) == ("b", (1, 3, 4), 9)
    assert second.metrics["ap"] == pytest.approx(0.3)


def test_the_csv_keeps_names_verbatim_and_leaves_the_unknown_empty(tmp_path: Path) -> None:
    case = Case([Thing(rectangle(0, 0, 20, 20))], [Guess(rectangle(0, 0, 20, 20))])
    truth, results = case.write(tmp_path)
    file = read_annotations(truth)
    names = [Category(1, 'Tape Measur/ Ruler ", ', "tools"), Category(2, "b")]
    file = AnnotationFile(file.images, file.annotations, names)
    first, second = csv.DictReader(
        io.StringIO(rows_csv(by_category(evaluate(results, file), file)))
    )
    assert (first["name"], first["supercategory"]) == ('Tape Measur/ Ruler ", ', "tools")
    assert float(first["ap"]) == pytest.approx(1)
    assert (second["category_id"], second["ap"], second["instances"]) == ("2", "", "0")


@pytest.mark.parametrize("iou", list(Iou))
def test_a_result_is_a_table_of_categories_as_in_the_csv(tmp_path: Path, iou: Iou) -> None:
    truth, results = random_set(3).write(tmp_path)
    result = evaluate(results, truth, iou=iou)
    table = result.to_dataframe()
    printed = pd.read_csv(io.StringIO(rows_csv(by_category(result, read_annotations(truth)))))
    pd.testing.assert_frame_equal(table, printed, check_dtype=False, check_exact=True)
    assert table.ap.mean() == pytest.approx(result.metrics["AP"])
    for other in (pickle.loads(pickle.dumps(result)), copy.deepcopy(result)):
        pd.testing.assert_frame_equal(other.to_dataframe(), table)
    of_records = evaluate(json.loads(results.read_text()), json.loads(truth.read_text()), iou=iou)
    for other in (of_records, pickle.loads(pickle.dumps(of_records))):
        pd.testing.assert_frame_equal(other.to_dataframe(), table)


def test_a_table_needs_the_ground_truth_of_the_result(tmp_path: Path) -> None:
    truth, results = random_set(3).write(tmp_path)
    evaluator = Evaluator(truth)
    add_file(evaluator, results)
    table = evaluator.result().to_dataframe()
    assert table.instances.sum() == evaluator.result().counts.instances
    evaluator.save(tmp_path / "part")
    merged = SavedPart(tmp_path / "part").result()
    with pytest.raises(InputError, match="does not know its ground truth"):
        merged.to_dataframe()
    pd.testing.assert_frame_equal(merged.to_dataframe(truth), table)
    content = json.loads(truth.read_text())
    content["categories"].append({"id": 9, "name": "more"})
    with pytest.raises(InputError, match="other categories"):
        merged.to_dataframe(content)


def test_no_objects_are_nan(tmp_path: Path) -> None:
    mask = rectangle(0, 0, 20, 20)
    truth, results = Case([Thing(mask)], [Guess(mask)]).write(tmp_path)
    table = evaluate(results, truth).to_dataframe()
    assert table.ap.isna().tolist() == [False, True]
    assert table.name.tolist() == ["category 1", "category 2"]


def test_categories_with_text_as_id_have_their_text(tmp_path: Path) -> None:
    mask = rectangle(0, 0, 20, 20)
    case = Case([Thing(mask), Thing(mask, category=2)], [Guess(mask)])
    content, records = case.truth(), case.results()
    for one in (*content["annotations"], *records):
        one["category_id"] = f"class {one['category_id']}"
    for one in content["categories"]:
        one["id"] = f"class {one['id']}"
    table = evaluate(records, content).to_dataframe()
    assert table.category_id.tolist() == ["class 1", "class 2"]
    assert table.instances.tolist() == [1, 1]
