"""The data card: its numbers are the file's, its figures are there, and nothing is invented."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from painted_release import PaintedRelease, make_release

from o365seg.errors import InputError
from o365seg.release.card import data_card, measure, write_card
from o365seg.release.publication import Publication, publication

HOSTILE = "<script>|`x`"


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> PaintedRelease:
    """4 images; 6 masks, 1 skip, 2 open questions, 3 crowds; one category with a hostile name."""
    made = make_release(tmp_path_factory.mktemp("release"))
    content = json.loads(made.path.read_text())
    content["categories"][1]["name"] = HOSTILE
    made.path.write_text(json.dumps(content))
    return made


def table(card: str) -> dict[str, str]:
    """The first table: this set's number of each row."""
    rows = re.findall(r"^\| ([^|]*) \| ([^|]*) \| [^|]* \|$", card, re.MULTILINE)
    return {label.split(":")[0]: value for label, value in rows}


def test_the_numbers_are_the_files(release: PaintedRelease) -> None:
    rows = table(data_card(measure(release.path, "set"), Publication()))
    info = json.loads(release.path.read_text())["info"]
    assert rows["images"] == "4"
    assert rows["questions"] == str(info["questions"])
    assert rows["valid masks"] == str(info["masks"]) == "6"
    assert rows["skipped"] == "1"
    assert rows["unanswered"] == "2"
    assert rows["crowds, without question"] == "3"
    assert rows["rater hours"] == f"{info['rater_hours']:.2f}"
    assert rows["minutes per valid mask"] == f"{info['minutes_per_valid_mask']:.2f}"


def test_skips_source_and_open_questions_are_told(release: PaintedRelease) -> None:
    card = data_card(measure(release.path, "set"), Publication())
    info = json.loads(release.path.read_text())["info"]
    assert "| too dark | 1 |" in card
    assert info["source_sha256"] in card
    assert "questions without an answer: 2." in card
    assert "Not stated." in card


def test_what_reviewers_found_is_told_where_the_release_tells_it(
    release: PaintedRelease, tmp_path: Path
) -> None:
    content = json.loads(release.path.read_text())
    found = {"accepted": 41, "repainted": 3, "rejected": 2, "waiting_for_review": 17}
    content["info"] |= found | {"replicas": 5, "gold_answers": 29}
    path = tmp_path / "reviewed.json"
    path.write_text(json.dumps(content))
    card = data_card(measure(path, "set"), Publication())
    assert "accepted 41 answers and repainted 3; 2 were rejected" in card
    assert "17 have not been reviewed" in card
    assert "5 answers are replicas" in card
    assert "29 answers to gold" in card
    for name in [*found, "replicas", "gold_answers"]:
        del content["info"][name]
    path.write_text(json.dumps(content))
    assert "Reviewers" not in data_card(measure(path, "set"), Publication())


def card_with(release: PaintedRelease, folder: Path, info: dict[str, Any]) -> str:
    """The card on one line, of a release that says this too."""
    content = json.loads(release.path.read_text())
    content["info"] |= info
    path = folder / "said.json"
    path.write_text(json.dumps(content))
    return " ".join(data_card(measure(path, "set"), Publication()).split())


NOTHING_PROPOSED = "No model and no automatic tool proposes a mask"
CORRECTED = {
    "corrects": {"name": "first.json", "sha256": "ab12", "rater_hours": 0.5},
    "changes": [{"id": 1, "change": "mask"}],
}


def test_assistance_is_told(release: PaintedRelease, tmp_path: Path) -> None:
    assert f"{NOTHING_PROPOSED}." in card_with(release, tmp_path, {})
    card = card_with(release, tmp_path, {"assistance": ["holes", "smoothing"]})
    assert NOTHING_PROPOSED not in card
    assert "commands on a whole mask: fill small holes, smooth the edge. No model prop" in card


def test_a_correction_is_told(release: PaintedRelease, tmp_path: Path) -> None:
    card = card_with(release, tmp_path, CORRECTED)
    assert f"{NOTHING_PROPOSED}; corrections start with a mask of an earlier file" in card
    assert "This file corrects `first.json` (SHA-256 `ab12`)" in card
    assert "records changed: 1 (`changes` in `info`), in 0.50 hours." in card
    partly = card_with(release, tmp_path, CORRECTED | {"consensus": {"masks": 2}})
    assert "**2 masks are a consensus**" in partly  # how many differ from an answer is unknown


def test_a_correction_of_another_file_claims_nothing_of_its_masks(
    release: PaintedRelease, tmp_path: Path
) -> None:
    content = json.loads(release.path.read_text())
    content["info"] = CORRECTED | {"assistance": ["holes"]}
    path = tmp_path / "other.json"
    path.write_text(json.dumps(content))
    card = " ".join(data_card(measure(path, "set"), Publication()).split())
    assert "does not say how its masks were made before they were corrected." in card
    assert "This file corrects `first.json`" in card
    assert "commands on a whole mask: fill small holes." in card
    assert "proposes" not in card


def test_replicas_are_told_without_reviews(release: PaintedRelease, tmp_path: Path) -> None:
    content = json.loads(release.path.read_text())
    del content["info"]["accepted"]  # as a corrected release, which has none
    content["info"]["replicas"] = 5
    path = tmp_path / "replicas.json"
    path.write_text(json.dumps(content))
    card = data_card(measure(path, "set"), Publication())
    assert "5 answers are replicas" in card
    assert "Reviewers" not in card


def test_names_are_text_and_no_markup(release: PaintedRelease) -> None:
    card = data_card(measure(release.path, "set"), publication(creator="<b>Ada</b>"))
    assert HOSTILE not in card
    assert "<script>" not in card
    assert "<b>" not in card.split("```")[0]


def test_figures_are_there_and_equal_files_give_an_equal_card(
    release: PaintedRelease, tmp_path: Path
) -> None:
    card = write_card(measure(release.path, "set"), Publication(), tmp_path)[0].read_text()
    named = re.findall(r"\]\((figures/[^)]+)\)", card)
    assert len(named) == 5
    assert all((tmp_path / name).is_file() for name in named)
    assert card == data_card(measure(release.path, "set"), Publication())


def test_of_another_file_it_does_not_say_how_it_was_made(
    release: PaintedRelease, tmp_path: Path
) -> None:
    content = json.loads(release.path.read_text())
    del content["info"]
    path = tmp_path / "other.json"
    path.write_text(json.dumps(content))
    card = data_card(measure(path, "set"), Publication())
    assert "does not say how it was made" in card
    assert "Rater protocol" not in card
    assert table(card)["rater hours"] == "not recorded"


def test_a_set_without_any_mask_has_a_card(release: PaintedRelease, tmp_path: Path) -> None:
    content = json.loads(release.path.read_text())
    content["annotations"] = []
    path = tmp_path / "empty.json"
    path.write_text(json.dumps(content))
    card = write_card(measure(path, "set"), Publication(), tmp_path / "card")[0].read_text()
    assert table(card)["valid masks"] == "0"
    for name in re.findall(r"\]\((figures/[^)]+)\)", card):
        assert (tmp_path / "card" / name).is_file()


@pytest.mark.parametrize(("field", "said"), [("date", "1.1.26"), ("name", " "), ("url", "a\nb")])
def test_what_the_publisher_says_must_be_sound(field: str, said: str) -> None:
    with pytest.raises(InputError, match=f"'{field}'"):
        publication(None, **{field: said})


def test_what_a_file_says_of_the_set_is_on_the_card(
    release: PaintedRelease, tmp_path: Path
) -> None:
    path = tmp_path / "about.toml"
    path.write_text(
        'licence = "cc-by-4.0"\nraters = "Four students."\npay = "20 € an hour"\n'
        'ethics = "Exempt."\ncontact = "ada@example.org"\ndate = 2026-01-02\n'
        'citation = """@misc{ada,\n  title = {Masks}\n}"""\n'
    )
    about = publication(path, creator="Ada")
    assert about.date == "2026-01-02"
    card = data_card(measure(release.path, "set"), about)
    for row in (
        "| creator | Ada |",
        "| raters | Four students. |",
        "| pay | 20 € an hour |",
        "| ethics review and consent | Exempt. |",
        "| contact | ada@example.org |",
        "| funding | not stated |",
    ):
        assert row in card
    assert "Annotations: CC-BY-4.0 (<https://spdx.org/licenses/CC-BY-4.0>)" in card
    assert "\n@misc{ada,\n  title = {Masks}\n}\n" in card


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("payment = 'x'", "field 'payment': unknown key 'payment'; did you mean"),
        ("pay = 3", "field 'pay': must be text, not a whole number"),
        ("pay = ' '", "field 'pay': must not be empty"),
        ("date = 'soon'", "field 'date': must be a date, YYYY-MM-DD, not 'soon'"),
        ("pay = ", "not valid TOML"),
    ],
)
def test_an_invalid_file_about_the_set_is_named(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "about.toml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        publication(path)
    assert str(caught.value).startswith(f"{path}: {message}")
