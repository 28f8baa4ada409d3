"""How templates are filled: text from files is text, and nothing may be missing."""

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

import data_cards

FACTS = {
    "name_json": "n",
    "licence_id": None,
    "licence": None,
    "licence_json": "",
    "size_json": "s",
    "rows_file": "r",
    "card": "c",
    "release_file": "f",
    "stock_file": "s",
    "turned": 0,
    "hidden": False,
    "images_file": "i",
}


def body(**facts: object) -> str:
    return data_cards.render("hugging_face.md.jinja", FACTS | facts).split("---\n", 2)[2]


def test_text_is_escaped_and_what_is_made_for_its_place_is_not() -> None:
    hostile = "<b>a|b</b>\n# *c* [d](e) `f`"
    assert hostile not in body(card=hostile)
    assert r"\<b\>a\|b\</b\> \# \*c\* \[d\](e) \`f\`" in body(card=hostile)
    assert hostile in body(card=data_cards.verbatim(hostile))


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_code_stays_in_its_cell(name: str) -> None:
    line = next(line for line in body(release_file=name).splitlines() if "COCO format" in line)
    assert line.count("|") == 3
    if name.strip():
        assert line.count("`") == 2


def test_a_fact_that_is_missing_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError, match="card"):
        data_cards.render("hugging_face.md.jinja", {k: v for k, v in FACTS.items() if k != "card"})
