"""Image files: found under other folders, turned upright, refused with the reason."""

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_project import make_image

from o365seg.formats import records
from o365seg.images.image_files import ImageProblem, check_image, find_image


def record(name: str, width: int = 64, height: int = 48) -> records.Image:
    return records.Image(id=1, width=width, height=height, file_name=name)


def pixels_of(copy: bytes | None) -> np.ndarray:
    assert copy is not None
    return np.asarray(Image.open(io.BytesIO(copy)))


def save_turned(path: Path, turn: int, width: int = 64, height: int = 48) -> np.ndarray:
    """A PNG whose EXIF says `turn`; returns its stored pixels."""
    exif = Image.Exif()
    exif[0x0112] = turn
    make_image(path, width, height, exif=exif)
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.mark.parametrize("on_disk", ["images/v1/p/x.png", "v1/p/x.png", "p/x.png", "x.png"])
def test_leading_folders_that_the_disk_lacks_are_taken_off(tmp_path: Path, on_disk: str) -> None:
    make_image(tmp_path / on_disk, 64, 48)
    assert find_image(tmp_path, "images/v1/p/x.png") == on_disk


@pytest.mark.parametrize("name", ["../x.png", "/x.png", "a/../../x.png", "", "."])
def test_names_that_lead_elsewhere_find_nothing(tmp_path: Path, name: str) -> None:
    make_image(tmp_path / "x.png", 64, 48)
    root = tmp_path / "root"
    root.mkdir()
    assert find_image(root, name) is None


def test_a_plain_image_is_sent_as_it_is(tmp_path: Path) -> None:
    make_image(tmp_path / "x.jpg", 64, 48)
    checked, copy = check_image(tmp_path, record("x.jpg"))
    assert (checked.media_type, copy, str(checked.note)) == ("image/jpeg", None, "")


def test_a_rotated_image_is_turned_to_the_size_its_record_gives(tmp_path: Path) -> None:
    stored = save_turned(tmp_path / "x.png", turn=6)
    checked, copy = check_image(tmp_path, record("x.png", 48, 64))
    assert np.array_equal(pixels_of(copy), np.rot90(stored, -1))
    assert str(checked.note) == "rotated (EXIF 6)"
    assert Image.open(io.BytesIO(copy or b"")).getexif().get(0x0112, 1) == 1


def test_a_rotated_image_whose_record_has_the_stored_size_stays_as_stored(tmp_path: Path) -> None:
    stored = save_turned(tmp_path / "x.png", turn=8)
    checked, copy = check_image(tmp_path, record("x.png"))
    assert np.array_equal(pixels_of(copy), stored)
    assert "EXIF 8 ignored" in str(checked.note)


def test_upside_down_is_turned_as_browsers_do(tmp_path: Path) -> None:
    stored = save_turned(tmp_path / "x.png", turn=3)
    _, copy = check_image(tmp_path, record("x.png"))
    assert np.array_equal(pixels_of(copy), stored[::-1, ::-1])


def test_a_format_that_browsers_lack_is_converted(tmp_path: Path) -> None:
    make_image(tmp_path / "x.tif", 64, 48)
    checked, copy = check_image(tmp_path, record("x.tif"))
    assert checked.media_type == "image/png"
    assert np.array_equal(pixels_of(copy), np.asarray(Image.open(tmp_path / "x.tif")))


def test_missing_damaged_and_wrong_sized_images_say_so(tmp_path: Path) -> None:
    make_image(tmp_path / "cut.jpg", 640, 480)
    whole = (tmp_path / "cut.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.png").write_text("no picture")
    make_image(tmp_path / "small.png", 20, 10)
    for name, why in [
        ("absent.png", "no such file"),
        ("cut.jpg", "cannot be decoded"),
        ("text.png", "^not an image that Pillow can read$"),
        ("small.png", "20×10 pixels, its record says 640×480"),
    ]:
        with pytest.raises(ImageProblem, match=why):
            check_image(tmp_path, record(name, 640, 480))


def test_no_file_name_and_no_damage_is_worse_than_a_named_problem(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    exif = Image.Exif()
    exif[0x0112] = 6
    make_image(tmp_path / "x.jpg", 64, 48, exif=exif)
    whole = (tmp_path / "x.jpg").read_bytes()
    for _ in range(300):
        damaged = bytearray(whole)
        for place in rng.integers(0, min(len(whole), 200), 5):
            damaged[place] = rng.integers(0, 256)
        (tmp_path / "y.jpg").write_bytes(damaged)
        with contextlib.suppress(ImageProblem):
            check_image(tmp_path, record("y.jpg", 48, 64))
    for name in ("x" * 300, "a\0b", "\ud800.jpg", "x.jpg/y"):
        with pytest.raises(ImageProblem, match="no such file"):
            check_image(tmp_path, record(name))


def test_a_real_validation_image_is_found_by_its_real_record(real_data: Path) -> None:
    name = "images/v1/patch4/objects365_v1_00215264.jpg"
    for root in ("objects365/val", "objects365/val/images", "objects365/val/images/v1"):
        checked, _ = check_image(real_data / root, record(name, 683, 512))
        assert checked.media_type == "image/jpeg"
