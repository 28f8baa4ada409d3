"""The index of boxes: what the annotation file says, found again without reading it."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from data_roots import objects365_boxes
from hypothesis import given
from hypothesis import strategies as st

from model.datasets import box_index
from model.datasets.box_index import build_box_index, open_box_index
from o365seg.errors import InputError
from o365seg.formats.records import read_annotations


def content(images: int = 3, boxes: int = 7, seed: int = 0) -> dict:
    random = np.random.default_rng(seed)
    annotations = [
        {
            "id": number,
            "image_id": int(random.integers(1, images + 1)) * 10,
            "category_id": int(random.choice([3, 365])),
            "iscrowd": int(random.random() < 0.2),
            "bbox": [*random.uniform(0, 50, 2).round(4).tolist(),
                     *random.choice([0.0, 7.25, 9.5], 2).tolist()],
            "area": 1.0,
            # Lists of objects and odd text inside a record: where a careless cut would fall.
            "attributes": [{"a": 1}, {"b": "}, {"}],
        }
        for number in range(1, boxes + 1)
    ]  # fmt: skip
    return {
        "images": [
            {"id": 10 * number, "file_name": f"pätch/{number}.jpg", "width": 50, "height": 40}
            for number in range(images, 0, -1)
        ],
        "annotations": annotations,
        "categories": [{"id": 365, "name": "b"}, {"id": 3, "name": "a"}],
        "info": {"annotations": []},
    }


def boxes_by_record(path: Path) -> dict[int, list[tuple]]:
    """Oracle: the reader of the benchmark, one record at a time."""
    file = read_annotations(path)
    found: dict[int, list[tuple]] = {image.id: [] for image in file.images}
    for a in file.annotations:
        assert a.bbox is not None
        x, y, w, h = a.bbox
        if not a.iscrowd and w > 0 and h > 0:
            found[a.image_id].append((a.category_id, x, y, x + w, y + h))
    return found


def boxes_by_index(index: box_index.BoxIndex) -> dict[int, list[tuple]]:
    found = {}
    for place, number in enumerate(index.image_ids.tolist()):
        part = slice(int(index.starts[place]), int(index.starts[place + 1]))
        rows = zip(index.categories[part].tolist(), index.boxes[part].tolist(), strict=True)
        found[number] = [(kind, *box) for kind, box in rows]
    return found


@given(
    images=st.integers(1, 5),
    boxes=st.integers(0, 40),
    seed=st.integers(0, 10**6),
    piece=st.integers(1, 3000),
    indent=st.sampled_from([None, 1]),
)
def test_the_index_holds_the_files_boxes_wherever_the_text_is_cut(
    tmp_path_factory, images, boxes, seed, piece, indent
):
    path = tmp_path_factory.mktemp("index") / "boxes.json"
    path.write_text(json.dumps(content(images, boxes, seed), indent=indent))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(box_index, "_CHUNK", piece)
        index = build_box_index(path)
    expected = boxes_by_record(path)
    found = boxes_by_index(index)
    assert list(found) == list(expected)
    for number in expected:
        assert [row[0] for row in found[number]] == [row[0] for row in expected[number]]
        np.testing.assert_allclose(
            np.array(found[number], float), np.array(expected[number], float), atol=1e-4
        )
    places = range(len(index))
    names = [image.file_name for image in read_annotations(path).images]
    assert [index.file_name(place) for place in places] == names
    assert (index.sizes == [40, 50]).all()


def test_crowds_and_flat_boxes_are_counted(tmp_path: Path):
    value = content(boxes=200)
    (tmp_path / "a.json").write_text(json.dumps(value))
    about = build_box_index(tmp_path / "a.json").about
    crowds = [a for a in value["annotations"] if a["iscrowd"]]
    flat = [a for a in value["annotations"] if not a["iscrowd"] and min(a["bbox"][2:]) == 0]
    assert (about.crowds, about.flat) == (len(crowds), len(flat))


def test_a_large_file_is_indexed_once_and_then_mapped(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(box_index, "_SMALL", 0)
    objects365_boxes(tmp_path)
    path, cache = tmp_path / "annotations/zhiyuan_objv2_train.json", tmp_path / "cache"
    first = open_box_index(path, cache)
    assert isinstance(first.boxes, np.memmap)
    monkeypatch.setattr(box_index, "build_box_index", None)  # nobody may call it
    again = open_box_index(path, cache)
    assert boxes_by_index(again) == boxes_by_index(first)
    assert again.about == first.about
    monkeypatch.undo()
    monkeypatch.setattr(box_index, "_SMALL", 0)
    path.write_text(path.read_text().replace("[4.0, ", "[5.0, "))
    changed = open_box_index(path, cache)
    assert not np.array_equal(changed.boxes, first.boxes)
    assert len(list(cache.iterdir())) == 2  # and no half-written folder


def test_a_damaged_index_names_the_file_and_the_way_out(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(box_index, "_SMALL", 0)
    objects365_boxes(tmp_path)
    path, cache = tmp_path / "annotations/zhiyuan_objv2_train.json", tmp_path / "cache"
    open_box_index(path, cache)
    (damaged,) = cache.glob("*/boxes.npy")
    damaged.write_bytes(damaged.read_bytes()[:50])
    with pytest.raises(InputError, match=r"boxes\.npy: cannot be read .* delete the folder"):
        open_box_index(path, cache)


def test_gzip_is_read(tmp_path: Path):
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(json.dumps(content()).encode()))
    assert len(build_box_index(path)) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: v["annotations"][3].update(image_id=11), r"annotations\[3\] \(id 4\).*image_id"),
        (lambda v: v["annotations"][3].update(category_id=4), r"annotations\[3\].*category_id"),
        (lambda v: v["annotations"][5].pop("bbox"), r"annotations\[5\] \(id 6\).*bbox.*missing"),
        (lambda v: v["annotations"][5].update(bbox=[1, 2, 3]), r"annotations\[5\].*bbox"),
        (lambda v: v["annotations"][6].update(id="x"), r"annotations\[6\].*'id'"),
        (lambda v: v["images"][1].update(id=30), r"images\[1\].*duplicate id"),
        (lambda v: v["images"][1].update(width=0), r"images\[1\] \(id 20\).*must be positive"),
        (lambda v: v["images"].clear(), "contains no images"),
        (lambda v: v.pop("categories"), "'categories': missing"),
        (lambda v: v.update(annotations={"a": 1}), "must be a list"),
    ],
)
@pytest.mark.parametrize("piece", [200, 1 << 23])
def test_what_is_wrong_is_named_by_record_and_field(
    tmp_path: Path, monkeypatch, change, message, piece
):
    monkeypatch.setattr(box_index, "_CHUNK", piece)
    value = content()
    change(value)
    path = tmp_path / "a.json"
    path.write_text(json.dumps(value))
    with pytest.raises(InputError, match=message) as error:
        build_box_index(path)
    assert error.value.file == str(path)


@pytest.mark.parametrize("text", ["", "{", '{"images": [', "\x00"])
def test_what_is_no_json_is_named(tmp_path: Path, text: str):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"a\.json: (not valid JSON|is empty)"):
        build_box_index(path)
