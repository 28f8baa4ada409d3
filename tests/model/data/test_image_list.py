"""The images that `dataseg predict` is given."""

from pathlib import Path

import pytest
from data_roots import picture, write

from model.data.image_list import list_images
from o365seg.errors import InputError


@pytest.mark.parametrize("given", [".", "../photos", "absolute"])
@pytest.mark.parametrize("out", ["predictions", "."])
def test_results_of_an_earlier_run_are_no_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    given: str, out: str,
) -> None:  # fmt: skip
    photos = tmp_path / "photos"
    picture(photos / "b.jpg")
    picture(photos / "deep" / "a.jpg")
    monkeypatch.chdir(photos)
    folder = photos if given == "absolute" else Path(given)
    results = [Path(out) / "overlays", Path(out) / "panoptic"]
    expected = list_images([folder], results=results)
    assert [image.name for image in expected] == ["b.jpg", "deep/a.jpg"]
    assert capsys.readouterr().err == ""
    picture(Path(out) / "overlays" / "b.panoptic.png")
    picture(Path(out) / "panoptic" / "deep" / "a.png")
    assert list_images([folder], results=results) == expected
    assert "2 results of an earlier run are left out" in capsys.readouterr().err


def test_image_ids_are_found_by_name_or_url(tmp_path: Path) -> None:
    """LVIS gives a URL only."""
    picture(tmp_path / "images" / "1.jpg")
    picture(tmp_path / "images" / "2.jpg")
    url = "http://images.cocodataset.org/train2017/2.jpg"
    records = [{"id": 10, "file_name": "1.jpg"}, {"id": 20, "coco_url": url}]
    write(tmp_path / "a.json", {"images": records})
    found = list_images([tmp_path / "images"], tmp_path / "a.json")
    assert [(image.name, image.id) for image in found] == [("1.jpg", 10), ("2.jpg", 20)]


def test_images_where_results_are_written_are_refused(tmp_path: Path) -> None:
    """They would be overwritten."""
    image = picture(tmp_path / "semantic" / "a.png")
    for given in (image, image.parent):
        with pytest.raises(InputError, match="lies where results are written"):
            list_images([given], results=[tmp_path / "semantic"])
    assert len(list_images([image, tmp_path / "absent.png"])) == 2
