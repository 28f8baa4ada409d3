"""The photographs' recipe with larger inputs, and with a tenth of its semantic set."""

from dataclasses import replace
from pathlib import Path

from model.experiments.columns import Column, Role
from model.experiments.real_recipe import at_256_pixels, tenth_of_camvid
from model.experiments.synthetic_recipe import small_recipe


def test_a_tenth_of_camvid_leaves_out_nine_of_ten_images_and_nothing_else(tmp_path: Path) -> None:
    images = tmp_path / "camvid" / "images" / "train"
    images.mkdir(parents=True)
    for number in range(25):
        (images / f"{number:02}.png").touch()
    whole = small_recipe()
    tenth = tenth_of_camvid(whole, tmp_path, tmp_path)
    left_out = Path(tenth.sets[Role.ADE].entry["leave_out"]).read_text().split()
    assert sorted({p.name for p in images.iterdir()} - set(left_out)) == [
        "00.png", "10.png", "20.png",
    ]  # fmt: skip
    assert {role: tenth.sets[role] for role in (Role.COCO, Role.O365)} == {
        role: whole.sets[role] for role in (Role.COCO, Role.O365)
    }
    assert (tenth.networks, set(tenth.scored)) == (whole.networks, {Column.ADE_SEMANTIC})


def test_larger_inputs_change_nothing_else() -> None:
    whole = small_recipe()
    larger = at_256_pixels(whole)
    assert larger == replace(whole, name="real-256", image_size=256)
