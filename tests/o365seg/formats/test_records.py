"""Annotation files: read with their quirks; faults named by file, record and field."""

from pathlib import Path

import pytest
from small_project import SmallSource

from o365seg.errors import InputError
from o365seg.formats.records import read_annotations, read_verbatim


def test_real_schema_is_read(source: SmallSource) -> None:
    file = read_annotations(source.detections)
    assert len(file.images) == 4
    assert file.annotations[3].iscrowd
    assert file.annotations[0].bbox == (4.25, 6.5, 12.5, 20.03)
    assert file.categories[3].name == "Table Tennis "


@pytest.mark.parametrize(
    ("segmentation", "skipped"),
    [
        ({}, True),
        ([], True),
        (None, True),
        ([[1, 1, 1, 2, 2, 2]], False),
        ({"size": [48, 64], "counts": "PP2"}, False),
    ],
)
def test_without_a_mask_an_object_counts_as_skipped(
    source: SmallSource, segmentation: object, skipped: bool
) -> None:
    source.content["annotations"][0]["segmentation"] = segmentation
    source.content["annotations"][3]["segmentation"] = segmentation  # a crowd
    source.rewrite()
    file = read_annotations(source.detections)
    assert file.annotations[0].is_skipped == skipped
    assert file.annotations[1].is_skipped
    assert not file.annotations[3].is_skipped


def test_verbatim_records_keep_every_key_and_their_order(source: SmallSource) -> None:
    source.content["annotations"][2]["extra"] = {"nested": [1, None, "ä"]}
    source.rewrite()
    kept = read_verbatim(source.detections, [30, 10])
    assert list(kept) == ["images", "annotations", "categories", "licenses"]
    assert [image["id"] for image in kept["images"]] == [10, 30]
    assert kept["annotations"] == [
        box for box in source.content["annotations"] if box["image_id"] in (10, 30)
    ]
    assert list(kept["annotations"][0]) == list(source.content["annotations"][0])
    assert kept["licenses"] is None


@pytest.mark.parametrize(
    ("where", "field", "value", "message"),
    [
        (
            "annotations",
            "image_id",
            999,
            "annotations[1] (id 2), field 'image_id': unknown image 999",
        ),
        ("annotations", "category_id", 7, "annotations[1] (id 2), field 'category_id'"),
        (
            "annotations",
            "category_id",
            "x",
            "annotations[1] (id 2), field 'category_id': must be a",
        ),
        ("annotations", "id", 1, "annotations[1], field 'id': duplicate id 1"),
        ("annotations", "id", 2**63, "annotations[1] (id 9223372036854775808), field 'id'"),
        ("annotations", "bbox", [1, 2, 3], "annotations[1] (id 2), field 'bbox'"),
        ("annotations", "bbox", [1, 2, float("nan"), 3], "annotations[1] (id 2), field 'bbox[2]'"),
        ("images", "width", 0, "images[1] (id 20), field 'width'"),
        ("images", "height", "48", "images[1] (id 20), field 'height'"),
        ("images", "id", 10, "images[1], field 'id'"),
        ("categories", "name", 3, "categories[1] (id 2), field 'name'"),
    ],
)
def test_a_fault_is_named_by_file_record_and_field(
    source: SmallSource, where: str, field: str, value: object, message: str
) -> None:
    source.content[where][1] = {**source.content[where][1], field: value}
    source.rewrite()
    with pytest.raises(InputError) as caught:
        read_annotations(source.detections)
    assert str(caught.value).startswith(f"{source.detections}: ")
    assert message in str(caught.value)


def test_a_missing_field_is_named(source: SmallSource) -> None:
    del source.content["annotations"][2]["image_id"]
    source.rewrite()
    with pytest.raises(InputError, match=r"annotations\[2\] \(id 3\), field 'image_id': missing"):
        read_annotations(source.detections)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"{", "not valid JSON"),
        (b'{"images": [', "not valid JSON"),
        (b"[]", "must be an object, not a list"),
        (b"null", "must be an object, not null"),
        (b'{"images": []}', "'annotations': missing"),
        (b'\xff\xfe{"images": [] }', "UTF-16"),
        (b'{"info": ' + b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_annotation_file_is_refused(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_annotations(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


def test_absent_files_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_annotations(tmp_path / "absent.json")
    with pytest.raises(InputError, match="is a folder"):
        read_annotations(tmp_path)
