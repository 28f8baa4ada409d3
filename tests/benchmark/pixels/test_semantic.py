"""Mean IoU: mmsegmentation's rule against a pixel-by-pixel recount, in every form of input."""

import json
import math
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from benchmark.pixels.label_maps import NO_LABEL
from benchmark.pixels.semantic import evaluate_semantic
from benchmark.pixels.semantic_result import ClassPixels, SemanticResult
from o365seg.errors import InputError
from o365seg.formats.masks import encode_rle

Maps = dict[str, list[list[int]]]


def write_maps(folder: Path, maps: Maps, dtype: type = np.uint8) -> Path:
    for name, rows in maps.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.array(rows, dtype)).save(folder / f"{name}.png")
    return folder


def write_results(path: Path, maps: Maps, no_label: int = NO_LABEL, **image: Any) -> Path:
    """One record a label, as detectron2 writes them, or with other keys for the image."""
    records = []
    for name, rows in maps.items():
        labels = np.array(rows)
        for label in np.unique(labels[labels != no_label]).tolist():
            rle = encode_rle(labels == label)
            key = image or {"file_name": f"some/where/{name}.jpg"}
            mask = {"size": list(rle.size), "counts": rle.counts}
            records.append({**key, "category_id": label, "segmentation": mask})
    path.write_text(json.dumps(records))
    return path


def write_truth(path: Path, maps: Maps, labels: list[int], no_label: int = 255) -> Path:
    """The same as a COCO annotation file; image ids count from 1."""
    annotations = []
    for image_id, rows in enumerate(maps.values(), start=1):
        for label in sorted({value for row in rows for value in row} - {no_label}):
            rle = encode_rle(np.array(rows) == label)
            mask = {"size": list(rle.size), "counts": rle.counts}
            annotations.append(
                {"id": len(annotations) + 1, "image_id": image_id, "category_id": label,
                 "segmentation": mask}
            )  # fmt: skip
    images = [
        {"id": i, "height": len(rows), "width": len(rows[0]), "file_name": f"{name}.jpg"}
        for i, (name, rows) in enumerate(maps.items(), start=1)
    ]
    categories = [{"id": label, "name": f"class {label}"} for label in labels]
    path.write_text(
        json.dumps({"images": images, "annotations": annotations, "categories": categories})
    )
    return path


def recount(
    true: Maps, predicted: Maps, ignore: int = 255, reduce: bool = False
) -> tuple[dict[int, Fraction | None], dict[int, Fraction | None], dict[str, float]]:
    """IoU and Acc a class and the four means, one pixel at a time."""
    hits, in_truth, in_prediction = Counter(), Counter(), Counter()
    for name, rows in true.items():
        for row, guesses in zip(rows, predicted[name], strict=True):
            for value, guess in zip(row, guesses, strict=True):
                label = value
                if reduce:
                    label = ignore if value in (0, ignore) else value - 1
                if label == ignore:
                    continue
                in_truth[label] += 1
                hits[label] += label == guess
                if guess not in (ignore, NO_LABEL):
                    in_prediction[guess] += 1
    labels = sorted(set(in_truth) | set(in_prediction))
    iou = {c: Fraction(hits[c], in_truth[c] + in_prediction[c] - hits[c]) for c in labels}
    acc = {c: Fraction(hits[c], in_truth[c]) if in_truth[c] else None for c in labels}
    known = [a for a in acc.values() if a is not None]
    total = in_truth.total()
    means = {
        "mIoU": float(sum(iou.values()) / len(iou)) if iou else math.nan,
        "mAcc": float(sum(known) / len(known)) if known else math.nan,
        "aAcc": hits.total() / total if total else math.nan,
        "fwIoU": float(sum(iou[c] * in_truth[c] for c in labels) / total) if total else math.nan,
    }
    return dict(iou), acc, means


def assert_equals(result: SemanticResult, expected: tuple[dict, dict, dict[str, float]]) -> None:
    iou, acc, means = expected
    for array, wanted in ((result.iou, iou), (result.acc, acc)):
        for label, value in zip(result.labels.tolist(), array.tolist(), strict=True):
            known = wanted.get(label)
            assert math.isnan(value) if known is None else value == pytest.approx(float(known))
    assert result.metrics == pytest.approx(means, nan_ok=True)


def rows_of(labels: list[int], height: int, width: int) -> st.SearchStrategy[list[list[int]]]:
    row = st.lists(st.sampled_from(labels), min_size=width, max_size=width)
    return st.lists(row, min_size=height, max_size=height)


@st.composite
def pairs_of_maps(draw: st.DrawFn) -> tuple[Maps, Maps]:
    true, predicted = {}, {}
    for name in ("a", "street/b", "c")[: draw(st.integers(1, 3))]:
        size = draw(st.integers(1, 4)), draw(st.integers(1, 5))
        true[name] = draw(rows_of([0, 1, 2, 7, 255], *size))
        predicted[name] = draw(rows_of([0, 1, 2, 6, 255], *size))
    return true, predicted


@given(pairs_of_maps(), st.sampled_from([(255, False), (0, False), (2, False), (255, True)]))
def test_folders_equal_the_recount(
    tmp_path_factory: pytest.TempPathFactory, maps: tuple[Maps, Maps], rule: tuple[int, bool]
) -> None:
    folder = tmp_path_factory.mktemp("maps")
    true, predicted = write_maps(folder / "t", maps[0]), write_maps(folder / "p", maps[1])
    result = evaluate_semantic(predicted, true, ignore_label=rule[0], reduce_zero_label=rule[1])
    assert_equals(result, recount(*maps, *rule))
    assert result.confusion.counts.sum() == result.true.sum()


@given(st.integers(0, 2**32 - 1))
def test_numbers_are_numpys_of_the_arrays(seed: int) -> None:
    """Means are summed without numpy, in numpy's order."""
    random = np.random.default_rng(seed)
    classes = []
    for label in range(random.integers(1, 300)):
        pixels = ClassPixels(label, "")
        if label == 0 or random.random() < 0.8:
            pixels.hits, more, wrong = random.integers(0, 10**9, 3).tolist()
            pixels.true, pixels.predicted = pixels.hits + more, pixels.hits + wrong
        classes.append(pixels)
    result = SemanticResult(classes, {}, 1, [])
    iou, acc, total = result.iou, result.acc, result.true.sum()
    expected = {
        "mIoU": iou[~np.isnan(iou)].mean(),
        "mAcc": acc[~np.isnan(acc)].mean(),
        "aAcc": result.hits.sum() / total,
        "fwIoU": np.nansum(iou * result.true) / total,
    }
    assert result.metrics == expected


@pytest.mark.parametrize("switch", ["0", "1"])
def test_images_that_the_core_leaves_are_counted_with_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, switch: str
) -> None:
    monkeypatch.setenv("O365SEG_NATIVE", switch)
    names = [f"{number:03}" for number in range(20)]
    random = np.random.default_rng(7)
    maps = [{name: random.integers(0, 4, (3, 5)).tolist() for name in names} for _ in range(2)]
    true, predicted = (
        write_maps(tmp_path / side, some) for side, some in zip("tp", maps, strict=True)
    )
    for name in names[3:9]:  # a text of a kind that the core does not know
        image = Image.open(predicted / f"{name}.png")
        about = PngInfo()
        about.add_itxt("made by", "somebody")
        image.save(predicted / f"{name}.png", pnginfo=about)
    assert_equals(evaluate_semantic(predicted, true), recount(maps[0], maps[1]))


@pytest.mark.parametrize("switch", ["0", "1"])
def test_of_several_faults_the_first_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, switch: str
) -> None:
    monkeypatch.setenv("O365SEG_NATIVE", switch)
    maps = {f"{number:03}": [[1, 1]] for number in range(9)}
    true, predicted = (write_maps(tmp_path / side, maps) for side in "tp")
    names = tmp_path / "names.txt"
    names.write_text("nothing\nwall\n")
    write_maps(predicted, {"004": [[9, 7]]})
    write_maps(true, {"007": [[8, 1]]})
    (predicted / "006.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"p/004\.png: unknown label 7: not among the classes"):
        evaluate_semantic(predicted, true, classes=names)
    with pytest.raises(InputError, match=r"006\.png: not a PNG file"):
        evaluate_semantic(predicted, true)
    (predicted / "002.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"002\.png: not a PNG file"):
        evaluate_semantic(predicted, true, classes=names)
    write_maps(predicted, {"002": [[1, 1]], "004": [[1, 1]], "006": [[1, 1]]})
    with pytest.raises(InputError, match=r"t/007\.png: unknown label 8"):
        evaluate_semantic(predicted, true, classes=names)


@given(pairs_of_maps())
def test_json_of_either_side_equals_the_recount(
    tmp_path_factory: pytest.TempPathFactory, maps: tuple[Maps, Maps]
) -> None:
    folder = tmp_path_factory.mktemp("maps")
    true = write_maps(folder / "t", maps[0])
    true_json = write_truth(folder / "t.json", maps[0], [0, 1, 2, 6, 7, 9])
    predicted = write_maps(folder / "p", maps[1])
    # In JSON a pixel without label is in no mask; for a folder it is the ignore label.
    predicted_json = write_results(folder / "p.json", maps[1], no_label=255)
    expected = recount(*maps)
    assert_equals(evaluate_semantic(predicted, true_json), expected)
    if json.loads(predicted_json.read_text()):
        assert_equals(evaluate_semantic(predicted_json, true), expected)
        assert_equals(evaluate_semantic(predicted_json, true_json), expected)


def test_a_class_that_is_only_predicted_is_in_the_mean_and_one_that_is_nowhere_is_not(
    tmp_path: Path,
) -> None:
    true = write_maps(tmp_path / "t", {"a": [[1, 1, 1, 255]]})
    predicted = write_maps(tmp_path / "p", {"a": [[1, 1, 2, 3]]})
    names = tmp_path / "names.txt"
    names.write_text("nothing\nwall\nsky\ntree\n")
    result = evaluate_semantic(predicted, true, classes=names)
    assert result.names == ["nothing", "wall", "sky", "tree"]
    assert result.iou.tolist() == pytest.approx([math.nan, 2 / 3, 0, math.nan], nan_ok=True)
    assert result.metrics["mIoU"] == pytest.approx(1 / 3)
    assert result.metrics["mAcc"] == pytest.approx(2 / 3)  # the sky is true nowhere


def test_no_label_is_wrong_and_no_class(tmp_path: Path) -> None:
    true = write_maps(tmp_path / "t", {"000000000139": [[1, 1]]})
    half = encode_rle(np.array([[1, 0]]))
    record = {"image_id": 139, "category_id": 1,
              "segmentation": {"size": [1, 2], "counts": half.counts}}  # fmt: skip
    (tmp_path / "p.json").write_text(json.dumps([record]))
    result = evaluate_semantic(tmp_path / "p.json", true)
    assert result.labels.tolist() == [1]
    assert result.metrics == {"mIoU": 0.5, "mAcc": 0.5, "aAcc": 0.5, "fwIoU": 0.5}


def test_everything_ignored_is_nan(tmp_path: Path) -> None:
    true = write_maps(tmp_path / "t", {"a": [[255]]})
    result = evaluate_semantic(true, true)
    assert all(math.isnan(value) for value in result.metrics.values())


def test_maps_of_16_bits_and_palettes(tmp_path: Path) -> None:
    true = write_maps(tmp_path / "t", {"a": [[846, 300]]}, np.uint16)
    predicted = write_maps(tmp_path / "p", {"a": [[846, 301]]}, np.uint16)
    assert evaluate_semantic(predicted, true).labels.tolist() == [300, 301, 846]
    palette = Image.fromarray(np.array([[20, 0]], np.uint8), "P")
    palette.putpalette([7] * 768)
    palette.save(true / "a.png")
    assert evaluate_semantic(true, true).labels.tolist() == [0, 20]


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (Image.new("L", (3, 1)), "has size 3×1; its ground truth has 2×1"),
        (Image.new("RGB", (2, 1)), "must have one channel: .*; is an 8-bit RGB PNG"),
        (Image.new("LA", (2, 1)), r"must have one channel: .*; is an 8-bit grey \+ alpha PNG"),
        (Image.new("1", (2, 1)), "must have one channel: .*; is a 1-bit grey PNG"),
        (Image.new("L", (2, 1), 3), "unknown label 3: not among the classes"),
    ],
)
def test_a_bad_map_is_named(tmp_path: Path, image: Image.Image, message: str) -> None:
    true = write_maps(tmp_path / "t", {"a": [[1, 2]]})
    predicted = write_maps(tmp_path / "p", {"a": [[1, 2]]})
    names = tmp_path / "names.json"
    names.write_text('{"categories": [{"id": 1, "name": "wall"}, {"id": 2, "name": "sky"}]}')
    image.save(predicted / "a.png")
    with pytest.raises(InputError, match=message) as fault:
        evaluate_semantic(predicted, true, classes=names)
    assert fault.value.file == str(predicted / "a.png")


def test_damaged_missing_and_superfluous_maps(tmp_path: Path) -> None:
    true = write_maps(tmp_path / "t", {"a": [[1]], "b": [[1]]})
    predicted = write_maps(tmp_path / "p", {"a": [[1]], "c": [[1]]})
    with pytest.raises(InputError, match=r"p: b\.png is missing; .*t has it"):
        evaluate_semantic(predicted, true)
    write_maps(predicted, {"b": [[1]]})
    assert evaluate_semantic(predicted, true).notes == [
        "1 predicted maps are not in the ground truth; ignored."
    ]
    whole = (predicted / "b.png").read_bytes()
    (predicted / "b.png").write_bytes(whole[:45])
    with pytest.raises(InputError, match=r"b\.png: cannot be decoded"):
        evaluate_semantic(predicted, true)
    (predicted / "b.png").write_bytes(b"GIF89a")
    with pytest.raises(InputError, match=r"b\.png: not a PNG file"):
        evaluate_semantic(predicted, true)
    with pytest.raises(InputError, match=r"nowhere: no such file"):
        evaluate_semantic(predicted, tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty: no PNG files"):
        evaluate_semantic(tmp_path / "empty", true)


@pytest.mark.parametrize(
    ("true", "predicted", "message"),
    [
        (["a/1", "b/1"], ["1"], r"p: b/1\.png is missing; .*t has it, and .*1\.png fits a/1 too"),
        (["1", "b/1"], ["1"], r"p: b/1\.png is missing; .*t has it, and .*1\.png fits 1 too"),
        (["1", "a/1"], ["1"], r"p: a/1\.png is missing; .*t has it, and .*1\.png fits 1 too"),
        (["a/1", "b/1"], ["a/1"], r"p: b/1\.png is missing; .*t has it"),
    ],
)
def test_a_map_is_compared_with_one_image_alone(
    tmp_path: Path, true: list[str], predicted: list[str], message: str
) -> None:
    folders = tmp_path / "t", tmp_path / "p"
    for folder, names in zip(folders, (true, predicted), strict=True):
        for name in names:
            write_maps((folder / name).parent, {Path(name).name: [[1]]})
    with pytest.raises(InputError, match=message):
        evaluate_semantic(folders[1], folders[0])


def test_a_map_may_be_named_by_the_last_part_of_its_image(tmp_path: Path) -> None:
    write_maps(tmp_path / "t" / "a", {"1": [[1]]})
    write_maps(tmp_path / "t" / "b", {"2": [[1]]})
    predicted = write_maps(tmp_path / "p", {"1": [[1]], "2": [[1]]})
    assert evaluate_semantic(predicted, tmp_path / "t").images == 2


def test_records_are_of_one_image_alone(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_maps(tmp_path / "t" / folder, {"x": [[1, 1]]})
    record = {"category_id": 1, "segmentation": {"size": [1, 2], "counts": [0, 2]}}
    results = tmp_path / "results.json"
    results.write_text(json.dumps([record | {"file_name": "x.png"}]))
    with pytest.raises(InputError, match=r"record \[0\] \(file_name x\.png.*fits both a/x and b/x"):
        evaluate_semantic(results, tmp_path / "t")
    results.write_text(json.dumps([record | {"file_name": "b/x.png"}]))
    found = evaluate_semantic(results, tmp_path / "t")
    assert found.notes == ["1 images have no prediction; all their pixels count as wrong."]


def mask(rows: list[list[int]]) -> dict[str, Any]:
    rle = encode_rle(np.array(rows))
    return {"size": list(rle.size), "counts": rle.counts}


@pytest.mark.parametrize(
    ("records", "message"),
    [
        (
            [{"category_id": 1, "segmentation": mask([[1, 0]])}],
            "record [0] (image_id None, category_id 1), field 'image_id': needs image_id or "
            "file_name",
        ),
        (
            [{"image_id": 1, "category_id": 1, "segmentation": mask([[1, 1]])},
             {"image_id": 1, "category_id": 2, "segmentation": mask([[0, 1]])}],
            "record [1] (image_id 1, category_id 2), field 'segmentation': overlaps another "
            "mask of the image; a pixel can have only one label",
        ),
        (
            [{"image_id": 1, "category_id": 1, "segmentation": mask([[1, 1, 1]])}],
            "record [0] (image_id 1, category_id 1), field 'segmentation': mask size 1×3 differs "
            "from 1×2",
        ),
        (
            [{"image_id": 1, "category_id": -4, "segmentation": mask([[1, 1]])}],
            "record [0] (image_id 1, category_id -4), field 'category_id': -4 is out of range",
        ),
        (
            [{"image_id": 9, "category_id": 1, "segmentation": mask([[1, 1]])}],
            "record [0] (image_id 9, category_id 1): no predicted image is in the ground "
            "truth",
        ),
    ],
)  # fmt: skip
def test_a_bad_results_file_names_the_record(
    tmp_path: Path, records: list[dict[str, Any]], message: str
) -> None:
    true = write_truth(tmp_path / "t.json", {"a": [[1, 1]]}, [1, 2])
    path = tmp_path / "p.json"
    path.write_text(json.dumps(records))
    with pytest.raises(InputError) as fault:
        evaluate_semantic(path, true)
    assert str(fault.value) == f"{path}: {message}"


def test_bad_truth_names_the_annotation(tmp_path: Path) -> None:
    path = write_truth(tmp_path / "t.json", {"a": [[1, 2]]}, [1, 2])
    content = json.loads(path.read_text())
    content["annotations"][1]["segmentation"] = mask([[1, 1]])
    path.write_text(json.dumps(content))
    predicted = write_maps(tmp_path / "p", {"a": [[1, 2]]})
    with pytest.raises(InputError, match=r"annotations\[1\] \(id 2\), .*: overlaps another mask"):
        evaluate_semantic(predicted, path)
    with pytest.raises(InputError, match="--reduce-zero-label is only for label maps"):
        evaluate_semantic(predicted, path, reduce_zero_label=True)


def test_no_records_are_a_result(tmp_path: Path) -> None:
    true = write_truth(tmp_path / "t.json", {"a": [[1, 1]]}, [1, 2])
    (tmp_path / "p.json").write_text("[]")
    assert evaluate_semantic(tmp_path / "p.json", true).hits.sum() == 0


def test_images_without_records_are_wrong_and_told(tmp_path: Path) -> None:
    true = write_truth(tmp_path / "t.json", {"a": [[1]], "b": [[1]]}, [1])
    records = write_results(tmp_path / "p.json", {"b": [[1]], "other": [[1]]})
    result = evaluate_semantic(records, true)
    assert result.metrics["aAcc"] == 0.5
    assert result.notes == [
        "1 images have no prediction; all their pixels count as wrong.",
        "1 predictions are for images that are not in the ground truth; ignored.",
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("names.txt", b"", "no class names"),
        ("names.txt", b"a\xff", "not UTF-8 text"),
        ("names.json", b"[]", "no class names"),
        ("names.json", b'[{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]', r"classes\[1\]"),
        ("names.json", b'{"categories": [{"id": 1}]}', r"categories\[0\] .*'name': missing"),
    ],
)
def test_bad_class_names(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    true = write_maps(tmp_path / "t", {"a": [[1]]})
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        evaluate_semantic(true, true, classes=tmp_path / name)


def test_real_ade20k_maps(real_data: Path, tmp_path: Path) -> None:
    """The challenge's own files: 0 is "other", classes count from 1."""
    folder = real_data / "ade20k" / "ADEChallengeData2016" / "annotations" / "validation"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    true, from_zero, shifted = {}, {}, {}
    for path in folder.glob("*.png"):
        labels = np.array(Image.open(path))[::6, ::6]
        moved = np.roll(labels, 3, axis=1)
        true[path.stem], shifted[path.stem] = labels.tolist(), moved.tolist()
        from_zero[path.stem] = (moved - 1).tolist()  # uint8: 0 becomes 255
    small = write_maps(tmp_path / "t", true)
    reduced = evaluate_semantic(
        write_maps(tmp_path / "p0", from_zero), small, reduce_zero_label=True
    )
    assert_equals(reduced, recount(true, from_zero, 255, True))
    ignored = evaluate_semantic(write_maps(tmp_path / "p1", shifted), small, ignore_label=0)
    assert ignored.metrics == reduced.metrics
    assert (ignored.labels - 1).tolist() == reduced.labels.tolist()
    assert 0.2 < reduced.metrics["mIoU"] < 0.9
    assert evaluate_semantic(folder, folder).metrics["mIoU"] == 1
