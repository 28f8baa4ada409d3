"""A slice's numbers are those of a set with its images alone."""

import json
from pathlib import Path

import pytest
from random_sets import random_set

from benchmark import evaluate
from benchmark.analysis.slices import evaluate_slices, read_image_list
from benchmark.average_precision.native_core import SWITCH
from benchmark.reading.inputs import read_plain_truth
from o365seg.errors import InputError
from o365seg.formats.records import AnnotationFile, Image, read_annotations


@pytest.mark.parametrize("native", ["0", "1"])
def test_a_slice_is_the_set_of_its_images_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, native: str
) -> None:
    monkeypatch.setenv(SWITCH, native)
    case = random_set(1)
    truth, results = case.write(tmp_path)
    chosen = {"odd": [1, 3, 5, 7, 9, 11], "one": [4], "all": case.images}
    found = evaluate_slices(evaluate(results, truth), chosen)
    for one, (name, ids) in zip(found, chosen.items(), strict=True):
        content = case.truth()
        content["images"] = [i for i in content["images"] if i["id"] in ids]
        content["annotations"] = [a for a in content["annotations"] if a["image_id"] in ids]
        (tmp_path / "part.json").write_text(json.dumps(content))
        kept = [record for record in case.results() if record["image_id"] in ids]
        alone = evaluate(kept, tmp_path / "part.json")
        assert (one.name, one.images) == (name, len(ids))
        expected = [alone.metrics[metric] for metric in ("AP", "AP50", "AP75")]
        assert [one.ap, one.ap50, one.ap75] == pytest.approx(expected)


def test_lists_name_images_by_id_or_file(tmp_path: Path) -> None:
    truth, _ = random_set(1).write(tmp_path)
    file = read_annotations(truth)
    (tmp_path / "ids.txt").write_text("3\n\n 5.jpg \n")
    assert read_image_list(tmp_path / "ids.txt", file) == [3, 5]
    (tmp_path / "ids.txt").write_text("3\n99\n")
    with pytest.raises(InputError, match=r"ids.txt: line 2: '99' is not the id or the file name"):
        read_image_list(tmp_path / "ids.txt", file)
    (tmp_path / "ids.txt").write_text("\n")
    with pytest.raises(InputError, match="no images"):
        read_image_list(tmp_path / "ids.txt", file)


def named(*names: str) -> AnnotationFile:
    """Ground truth whose images have these file names, with ids from 1."""
    images = [Image(i, 9, 9, name) for i, name in enumerate(names, 1)]
    return AnnotationFile(images, [], [])


def test_a_whole_name_goes_before_the_last_part_of_another(tmp_path: Path) -> None:
    file = named("b/x.jpg", "x.jpg", "c/y.jpg", "4", "1/5")
    (tmp_path / "list.txt").write_text("x.jpg\nb/x.jpg\ny.jpg\n4\n5\n")
    assert read_image_list(tmp_path / "list.txt", file) == [2, 1, 3, 4, 5]


@pytest.mark.parametrize("names", [("a/x.jpg", "b/x.jpg"), ("x.jpg", "x.jpg")])
def test_the_name_of_several_images_is_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    (tmp_path / "list.txt").write_text("1\nx.jpg\n")
    with pytest.raises(InputError, match=r"line 2: 'x.jpg' is the name of 2 images"):
        read_image_list(tmp_path / "list.txt", named(*names))


def test_a_list_may_have_a_byte_order_mark_but_must_be_utf_8(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_bytes("\ufeffä.jpg\n".encode())
    assert read_image_list(tmp_path / "list.txt", named("a.jpg", "ä.jpg")) == [2]
    (tmp_path / "list.txt").write_bytes("ä.jpg\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"list.txt: not UTF-8 text \(byte 0\)"):
        read_image_list(tmp_path / "list.txt", named("ä.jpg"))


def test_ids_that_are_text_are_those_of_the_file(tmp_path: Path) -> None:
    case = random_set(1)
    content = case.truth()
    for one in content["images"]:
        one["id"], one["file_name"] = str(one["id"]), f"{100 + one['id']}.jpg"
    for one in content["annotations"]:
        one["image_id"] = str(one["image_id"])
    truth = read_plain_truth(content)
    (tmp_path / "list.txt").write_text("2\n10\n")
    found = read_image_list(tmp_path / "list.txt", truth.file, truth.text_ids)
    names = {image.id: image.name for image in truth.file.images}
    assert [names[one] for one in found] == ["102.jpg", "110.jpg"]
