"""Names: verbatim in files, corrected for people."""

import csv
import json
from pathlib import Path

from o365seg.formats.categories import display_name


def test_blanks_and_misspellings_are_put_right_for_display() -> None:
    assert display_name("Table Tennis ") == "Table Tennis"
    assert display_name("Campel") == "Camel"
    assert display_name("Person") == "Person"


def test_every_official_name_has_its_known_correction(real_data: Path) -> None:
    names = json.loads((real_data / "objects365" / "categories_v2.json").read_text())
    with (real_data / "objects365" / "Objects365_names_fix.csv").open(newline="") as file:
        corrected = {int(row[0]): row[2].strip() for row in csv.reader(file)}
    assert len(names) == 365
    assert {entry["id"]: display_name(entry["name"]) for entry in names} == corrected
