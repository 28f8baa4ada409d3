"""A slice's numbers are those of a set with its images alone."""

import json
from pathlib import Path

import pytest
from random_sets import random_set

from benchmark import evaluate
from benchmark.analysis.slices import evaluate_slices, read_image_list
from benchmark.average_precision.native_core import SWITCH
from o365seg.errors import InputError
from o365seg.formats.records import read_annotations


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
