"""The tables of docs/results.md are those of the gathered runs: no number is typed."""

import importlib.util
import json
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
spec = importlib.util.spec_from_file_location("make_results", DOCS / "make_results.py")
assert spec is not None and spec.loader is not None
make_results = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make_results)


def test_the_tables_are_those_of_the_gathered_runs() -> None:
    page = make_results.PAGE.read_text()
    assert make_results.filled(page) == page
    assert page.count("<!-- end -->") == 15


def test_a_number_is_its_seeds_mean_and_deviation() -> None:
    assert make_results._number([]) == "–"
    assert make_results._number([0.1234]) == "12.3"
    assert make_results._number([0.1, 0.2]) == "15.0 ± 7.1 (n = 2)"


def test_a_table_of_the_paper_has_the_rows_that_are_finished(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(make_results, "RESULTS", tmp_path)
    (tmp_path / "small").mkdir()
    for run, scores in (
        ("r50-ade-seed0", {"ADE semantic mIoU": 0.5}),
        ("r50-ade-coco-o365-seed0", {"ADE semantic mIoU": 0.75, "O365 mask AP": 0.25}),
    ):
        (tmp_path / "small" / f"{run}.json").write_text(json.dumps({"scores": scores}))
    assert make_results.TABLES["table2"]("small").splitlines()[2:] == [
        "| ADE | 50.0 | – |",
        "| ADE + COCO + O365 | 75.0 | 25.0 |",
    ]
