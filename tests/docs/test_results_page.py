"""The tables of docs/results.md are those of the gathered runs: no number is typed."""

import importlib.util
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
spec = importlib.util.spec_from_file_location("make_results", DOCS / "make_results.py")
assert spec is not None and spec.loader is not None
make_results = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make_results)


def test_the_tables_are_those_of_the_gathered_runs() -> None:
    page = make_results.PAGE.read_text()
    assert make_results.filled(page) == page
    assert page.count("<!-- end -->") == 3


def test_a_number_is_its_seeds_mean_and_deviation() -> None:
    assert make_results._number([]) == "–"
    assert make_results._number([0.1234]) == "12.3"
    assert make_results._number([0.1, 0.2]) == "15.0 ± 7.1 (n = 2)"
