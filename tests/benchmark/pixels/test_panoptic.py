"""Panoptic quality: panopticapi's rule, case by case and against the plain oracle."""

import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from panoptic_oracle import PanopticCase, Picture, Piece, tally_plainly, write_ids
from PIL import Image

from benchmark.pixels.panoptic import PanopticResult, evaluate_panoptic
from o365seg.errors import InputError

PERSON, DOG, SKY = 1, 18, 187


def picture(
    truth: str, predicted: str, true_pieces: list[Piece], predicted_pieces: list[Piece]
) -> Picture:
    """One row of pixels each, an id a digit."""
    return Picture([[*map(int, truth)]], [[*map(int, predicted)]], true_pieces, predicted_pieces)


def evaluate(folder: Path, *pictures: Picture) -> PanopticResult:
    case = PanopticCase(list(pictures), [PERSON, DOG, SKY], {PERSON, DOG})
    return evaluate_panoptic(*case.write(folder))


def counts(result: PanopticResult, category: int = PERSON) -> tuple[int, int, int]:
    """(matches, false, missed) of a category."""
    place = [c.id for c in result.categories].index(category)
    arrays = result.true_positives, result.false_positives, result.false_negatives
    return tuple(int(array[place]) for array in arrays)  # pyright: ignore[reportReturnType]


@pytest.mark.parametrize(
    ("truth", "predicted", "expected"),
    [
        pytest.param("1111", "1111", (1, 0, 0), id="equal"),
        pytest.param("1111", "0111", (1, 0, 0), id="three of four"),
        pytest.param("1111", "0011", (0, 1, 1), id="an IoU of one half is no match"),
        pytest.param("1111", "0000", (0, 0, 1), id="nothing predicted"),
        pytest.param("0000", "1111", (0, 0, 0), id="all on void: left out"),
        pytest.param("1100", "1111", (1, 0, 0), id="void is no part of the union"),
        pytest.param("1100", "0111", (0, 0, 1), id="missed, and two thirds on void"),
        pytest.param("2200", "1111", (0, 1, 0), id="half on void is not more than half"),
    ],
)
def test_one_segment_on_one(
    tmp_path: Path, truth: str, predicted: str, expected: tuple[int, int, int]
) -> None:
    true = [Piece(1, PERSON)] * ("1" in truth) + [Piece(2, SKY)] * ("2" in truth)
    found = evaluate(
        tmp_path, picture(truth, predicted, true, [Piece(1, PERSON)] * ("1" in predicted))
    )
    assert counts(found) == expected


def test_the_iou_leaves_void_out(tmp_path: Path) -> None:
    result = evaluate(tmp_path, picture("111000", "011110", [Piece(1, PERSON)], [Piece(1, PERSON)]))
    assert counts(result) == (1, 0, 0)
    assert result.iou_sums[0] == 2 / 3  # 2 / (3 true + 4 predicted − 2 common − 2 on void)


def test_another_category_does_not_match(tmp_path: Path) -> None:
    result = evaluate(tmp_path, picture("1111", "1111", [Piece(1, PERSON)], [Piece(1, DOG)]))
    assert counts(result, PERSON) == (0, 0, 1)
    assert counts(result, DOG) == (0, 1, 0)


def test_a_crowd_is_neither_matched_nor_missed_and_excuses_its_own_category(tmp_path: Path) -> None:
    crowd = Piece(1, PERSON, crowd=True)
    result = evaluate(
        tmp_path,
        picture("1111", "1122", [crowd], [Piece(1, PERSON), Piece(2, DOG)]),
        picture("1122", "1111", [crowd, Piece(2, SKY)], [Piece(1, PERSON)]),
    )
    assert counts(result, PERSON) == (0, 1, 0)  # wholly on the crowd; then only half
    assert counts(result, DOG) == (0, 1, 0)
    assert counts(result, SKY) == (0, 0, 1)


def test_void_and_crowd_excuse_together(tmp_path: Path) -> None:
    pieces = [Piece(1, PERSON, crowd=True), Piece(2, SKY)]
    result = evaluate(tmp_path, picture("01122", "11110", pieces, [Piece(1, PERSON)]))
    assert counts(result) == (0, 0, 0)


def test_of_several_crowds_of_a_category_the_last_counts(tmp_path: Path) -> None:
    crowds = [Piece(1, PERSON, crowd=True), Piece(2, PERSON, crowd=True)]
    result = evaluate(
        tmp_path,
        picture("1122", "1122", crowds, [Piece(1, PERSON), Piece(2, PERSON)]),
        picture("1122", "1122", crowds[::-1], [Piece(1, PERSON)] * 1 + [Piece(2, DOG)]),
    )
    assert counts(result) == (0, 1, 0)


def test_the_json_s_area_counts_and_the_reader_is_told(tmp_path: Path) -> None:
    result = evaluate(
        tmp_path, picture("1111", "1111", [Piece(1, PERSON, area=5)], [Piece(1, PERSON)])
    )
    assert result.iou_sums[0] == 4 / 5
    assert result.notes == [
        "1 ground-truth segments have different areas in the JSON and the PNG; "
        "the JSON's is used, as in panopticapi."
    ]


def test_true_pixels_that_the_json_lacks_are_neither_void_nor_matched(tmp_path: Path) -> None:
    result = evaluate(tmp_path, picture("1199", "1111", [Piece(1, PERSON)], [Piece(1, PERSON)]))
    assert counts(result) == (0, 1, 1)
    assert "1 segments in ground-truth PNGs are not in the JSON" in result.notes[0]


def test_rows_are_means_over_the_categories_that_anything_has(tmp_path: Path) -> None:
    result = evaluate(
        tmp_path,
        picture("1112", "1110", [Piece(1, PERSON), Piece(2, SKY)], [Piece(1, PERSON)]),
    )
    rows = result.rows()
    assert (rows["All"].pq, rows["All"].categories) == (0.5, 2)
    assert (rows["Things"].pq, rows["Things"].sq, rows["Things"].categories) == (1, 1, 1)
    assert (rows["Stuff"].pq, rows["Stuff"].sq, rows["Stuff"].categories) == (0, 0, 1)
    assert math.isnan(result.pq[1])  # nobody has a dog


def test_without_stuff_its_row_is_nan(tmp_path: Path) -> None:
    row = evaluate(tmp_path, picture("1", "1", [Piece(1, DOG)], [Piece(1, DOG)])).rows()["Stuff"]
    assert math.isnan(row.pq)
    assert row.categories == 0


IDS = [1, 2, 3, 256, 65536 + 7, 2**24 - 1]


@st.composite
def pictures(draw: st.DrawFn) -> Picture:
    height, width = draw(st.integers(1, 5)), draw(st.integers(1, 6))

    def rows(ids: list[int]) -> list[list[int]]:
        cell = st.sampled_from([0, *ids])
        return draw(st.lists(st.lists(cell, min_size=width, max_size=width),
                             min_size=height, max_size=height))  # fmt: skip

    kinds = st.sampled_from([PERSON, DOG, SKY])
    few = st.lists(st.sampled_from(IDS), max_size=4, unique=True)
    truth = rows(draw(few))
    # Half the time close to the truth, so that there are matches to count.
    predicted = [list(row) for row in truth] if draw(st.booleans()) else rows(draw(few))
    for _ in range(draw(st.integers(0, 3))):
        y, x = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
        predicted[y][x] = draw(st.sampled_from([0, *IDS]))
    shown = draw(st.permutations(sorted({value for row in predicted for value in row} - {0})))
    there = draw(st.permutations(sorted({value for row in truth for value in row} - {0})))
    true_pieces = [
        Piece(i, draw(kinds), crowd=draw(st.integers(0, 3)) == 0,
              area=draw(st.sampled_from([None] * 9 + [3])))
        for i in there
    ]  # fmt: skip
    of = {piece.id: piece.category for piece in true_pieces}
    pieces = [
        Piece(i, of[i] if i in of and draw(st.integers(0, 3)) else draw(kinds)) for i in shown
    ]
    return Picture(truth, predicted, true_pieces, pieces)


@given(st.lists(pictures(), min_size=1, max_size=3), st.sets(st.sampled_from([PERSON, DOG, SKY])))
def test_any_case_equals_the_oracle(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[Picture], things: set[int]
) -> None:
    case = PanopticCase(drawn, [DOG, SKY, PERSON], things)
    result = evaluate_panoptic(*case.write(tmp_path_factory.mktemp("case")))
    assert_equals_the_oracle(result, case)


def assert_equals_the_oracle(result: PanopticResult, case: PanopticCase) -> None:
    tallies = tally_plainly(case)
    for place, category in enumerate(case.categories):
        tally = tallies[category]
        assert counts(result, category) == (len(tally.ious), tally.false, tally.missed)
        assert result.iou_sums[place] == pytest.approx(float(sum(tally.ious)), abs=1e-12)
    chosen = {
        "All": set(case.categories), "Things": case.things,
        "Stuff": set(case.categories) - case.things,
    }  # fmt: skip
    for name, row in result.rows().items():
        found = [tallies[c].quality() for c in case.categories if c in chosen[name]]
        known = [quality for quality in found if quality is not None]
        assert row.categories == len(known)
        for value, kind in ((row.pq, 0), (row.sq, 1), (row.rq, 2)):
            if known:
                mean = sum((quality[kind] for quality in known), Fraction()) / len(known)
                assert value == pytest.approx(float(mean), abs=1e-12)
            else:
                assert math.isnan(value)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A sound case of one 2 × 1 image, to be spoilt."""
    one = picture("11", "12", [Piece(1, PERSON)], [Piece(1, PERSON), Piece(2, SKY)])
    predictions, truth = PanopticCase([one], [PERSON, DOG, SKY]).write(tmp_path)
    return predictions, truth


def spoil(path: Path, **changes: object) -> None:
    """Change the first annotation."""
    content = json.loads(path.read_text())
    content["annotations"][0] |= changes
    path.write_text(json.dumps(content))


def segments(*pairs: tuple[int, int]) -> dict[str, object]:
    return {"segments_info": [{"id": i, "category_id": category} for i, category in pairs]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            segments((1, PERSON)),
            "field 'segments_info': segment 2 is in the PNG but not listed here",
        ),
        (
            segments((1, PERSON), (2, SKY), (9, SKY)),
            "field 'segments_info': segment 9 is listed here but has no pixels in the PNG",
        ),
        (
            segments((1, PERSON), (2, 4)),
            "field 'segments_info[1].category_id': unknown category 4 (segment 2)",
        ),
        (
            segments((1, PERSON), (1, SKY)),
            "field 'segments_info[1].id': duplicate id 1",
        ),
        (
            segments((0, PERSON), (2, SKY)),
            "field 'segments_info[0].id': must be at least 1 (0 is void), not 0",
        ),
        (
            {"segments_info": [{"id": "1"}]},
            "field 'segments_info[0].id': must be a whole number, not text",
        ),
    ],
)
def test_faults_of_a_prediction_name_the_image_and_the_segment(
    files: tuple[Path, Path], change: dict[str, object], message: str
) -> None:
    spoil(files[0], **change)
    with pytest.raises(InputError) as fault:
        evaluate_panoptic(*files)
    assert str(fault.value).startswith(f"{files[0]}: annotations[0] (image_id 1), {message}")


def test_a_missing_png_folder_image_or_prediction_is_named(files: tuple[Path, Path]) -> None:
    predictions, truth = files
    png = predictions.with_suffix("") / "000000000001.png"
    png.unlink()
    with pytest.raises(InputError, match=r"predicted/000000000001\.png: no such file"):
        evaluate_panoptic(*files)
    with pytest.raises(InputError, match=r"elsewhere: no such folder"):
        evaluate_panoptic(*files, ground_truth_pngs=truth.parent / "elsewhere")
    spoil(predictions, image_id=7)
    with pytest.raises(InputError, match="field 'annotations': no prediction for image 1 of"):
        evaluate_panoptic(*files)
    png.parent.rmdir()
    with pytest.raises(InputError, match=r"predicted: no such folder; .*--pred-pngs"):
        evaluate_panoptic(*files)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (Image.new("RGB", (2, 2)), r"has size 2×2; its ground truth has 2×1"),
        (Image.new("RGBA", (2, 1)), r"must be an 8-bit RGB PNG; is an 8-bit RGBA PNG"),
        (Image.new("P", (2, 1)), r"must be an 8-bit RGB PNG; is a 1-bit palette PNG"),
        (Image.new("L", (2, 1)), r"must be an 8-bit RGB PNG; is an 8-bit grey PNG"),
        (Image.new("I;16", (2, 1)), r"must be an 8-bit RGB PNG; is a 16-bit grey PNG"),
    ],
)
def test_a_png_of_another_size_or_kind_is_named(
    files: tuple[Path, Path], image: Image.Image, message: str
) -> None:
    png = files[0].with_suffix("") / "000000000001.png"
    image.save(png)
    with pytest.raises(InputError, match=message) as fault:
        evaluate_panoptic(*files)
    assert fault.value.file == str(png)


def test_an_image_listed_twice_and_a_stated_area_of_0_are_faults(files: tuple[Path, Path]) -> None:
    predictions, truth = files
    spoil(truth, segments_info=[{"id": 1, "category_id": PERSON, "area": 0}])
    with pytest.raises(InputError, match="a segment with area 0 has pixels in the PNG"):
        evaluate_panoptic(*files)
    content = json.loads(predictions.read_text())
    content["annotations"] *= 2
    predictions.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"annotations\[1\] .*'image_id': duplicate image_id 1"):
        evaluate_panoptic(*files)


def test_a_truth_without_areas_uses_the_pixels(files: tuple[Path, Path]) -> None:
    spoil(files[1], **segments((1, PERSON)))
    result = evaluate_panoptic(*files)
    assert counts(result) == (0, 1, 1)
    assert result.notes == []


def test_other_folders_and_predictions_that_nothing_needs(files: tuple[Path, Path]) -> None:
    predictions, truth = files
    content = json.loads(predictions.read_text())
    content["annotations"].append(content["annotations"][0] | {"image_id": "another"})
    predictions.write_text(json.dumps(content))
    moved = predictions.with_suffix("").rename(predictions.parent / "elsewhere")
    result = evaluate_panoptic(predictions, truth, prediction_pngs=moved)
    assert result.images == 1
    assert result.notes == ["1 predicted images are not in the ground truth; ignored."]


@pytest.mark.parametrize(
    "place",
    [
        "coco_panopticapi_sample/sample_data/panoptic_examples.json",
        "coco128_panoptic/annotations/panoptic_train2017.json",
    ],
)
def test_real_annotations(real_data: Path, tmp_path: Path, place: str) -> None:
    truth = real_data / place
    if not truth.exists():
        pytest.skip(f"{truth} is not there")
    perfect = evaluate_panoptic(truth, truth)
    assert perfect.notes == []
    # A crowd matches nothing, not even itself, and excuses itself.
    crowds = sum(s["iscrowd"] for a in json.loads(truth.read_text())["annotations"]
                 for s in a["segments_info"])  # fmt: skip
    listed = sum(len(a["segments_info"]) for a in json.loads(truth.read_text())["annotations"])
    assert perfect.true_positives.sum() == listed - crowds
    assert (perfect.rows()["All"].pq, perfect.rows()["Things"].rq) == (1, 1)

    case = shifted(truth, images=4)
    folder = tmp_path / "shifted"
    folder.mkdir()
    result = evaluate_panoptic(*case.write(folder))
    assert 0.1 < result.rows()["All"].pq < 0.9
    assert_equals_the_oracle(result, case)


def shifted(truth: Path, images: int) -> PanopticCase:
    """The first images at an eighth of their size; the predictions are moved by two pixels."""
    content = json.loads(truth.read_text())
    drawn = []
    for annotation in content["annotations"][:images]:
        with Image.open(truth.with_suffix("") / annotation["file_name"]) as image:
            colours = np.array(image).astype(int)[::8, ::8]
        ids = colours @ [1, 256, 65536]
        moved = np.roll(ids, 2, axis=1)
        pieces = [
            Piece(s["id"], s["category_id"], crowd=bool(s["iscrowd"]))
            for s in annotation["segments_info"]
            if (ids == s["id"]).any()
        ]
        drawn.append(Picture(ids.tolist(), moved.tolist(), pieces, pieces))
    categories = [category["id"] for category in content["categories"]]
    things = {category["id"] for category in content["categories"] if category["isthing"]}
    return PanopticCase(drawn, categories, things)


def test_ids_use_all_three_channels(tmp_path: Path) -> None:
    case = PanopticCase(
        [Picture([[65793, 257, 1]], [[65793, 257, 1]],
                 [Piece(i, PERSON) for i in (65793, 257, 1)],
                 [Piece(i, PERSON) for i in (1, 257, 65793)])],
        [PERSON],
    )  # fmt: skip
    assert counts(evaluate_panoptic(*case.write(tmp_path))) == (3, 0, 0)
    write_ids(tmp_path / "predicted" / "000000000001.png", np.array([[65793, 257, 2]]))
    with pytest.raises(InputError, match="segment 2 is in the PNG"):
        evaluate_panoptic(tmp_path / "predicted.json", tmp_path / "true.json")
