"""Labels of any length and script; as images: what is drawn reaches no border of the sheet."""

import io
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from o365seg.formats.records import read_annotations
from o365seg.presentation import labels
from o365seg.statistics.contents import SetCurves
from o365seg.statistics.figures import write_figures
from o365seg.statistics.skip_figures import write_skip_figures
from o365seg.statistics.skip_statistics import skip_rates
from o365seg.statistics.time_figures import write_time_figures
from o365seg.statistics.time_statistics import rater_times

LONG = "A data set of photographs with a long and genuine name, painted in the winter of 2026"


def ink(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("L")) < 250


def check_nothing_is_cut_off(paths: Sequence[Path]) -> None:
    """Cut-off text would reach the border of the sheet."""
    pictures = [path for path in paths if path.suffix == ".png"]
    assert pictures
    for path in pictures:
        drawn = ink(path)
        border = np.concatenate([drawn[:2].ravel(), drawn[-2:].ravel()])
        assert not border.any(), path.name
        assert not drawn[:, :2].any(), path.name
        assert not drawn[:, -2:].any(), path.name


def curves(name: str, seed: int) -> SetCurves:
    random = np.random.default_rng(seed)
    return SetCurves(
        name=name,
        masks_per_category=np.sort(random.integers(1, 900, 300))[::-1],
        masks_per_image=np.sort(random.integers(1, 60, 900))[::-1],
        relative_sizes=random.integers(1, 900, 20),
        masks_by_area=random.integers(1, 9000, 3),
    )


@pytest.mark.parametrize("count", [1, 12])
def test_figures_of_any_number_of_sets_are_whole(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from o365seg.presentation import figure_files

    monkeypatch.setattr(figure_files, "_FORMATS", {".png": {"Software": None}})
    sets = [curves(f"{LONG}, {number}", number) for number in range(count)]
    check_nothing_is_cut_off(write_figures(sets, tmp_path))


def test_figures_of_long_genuine_names_are_whole(
    real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from o365seg.presentation import figure_files

    monkeypatch.setattr(figure_files, "_FORMATS", {".png": {"Software": None}})
    path = tmp_path / "set.json"
    content = json.loads((real_data / "cases/long_genuine_names.json").read_text())
    content["categories"][0]["name"] = LONG
    content["categories"][1]["name"] = "人物和动物"
    path.write_text(json.dumps(content))
    file = read_annotations(path)
    rates, times = skip_rates(file), rater_times(file, path)
    assert rates is not None
    assert times is not None
    check_nothing_is_cut_off(write_skip_figures(rates, tmp_path))
    check_nothing_is_cut_off(write_time_figures(times, tmp_path))


def test_sets_do_not_look_alike(tmp_path: Path) -> None:
    from o365seg.statistics import figures

    axes = Figure().add_subplot()
    figures._draw_sizes(axes, [curves(str(number), number) for number in range(21)], "size")
    looks = {(line.get_color(), line.get_marker()) for line in axes.get_lines()}
    assert len(looks) == 21


def test_names_are_wrapped_and_their_unknown_characters_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert all(len(line) <= 42 for line in labels.shown(LONG).splitlines())
    assert labels.shown(LONG).replace("\n", " ") == LONG
    monkeypatch.setattr(labels, "_has_glyph", lambda one: one.isascii())
    assert labels.shown("a 人物 b") == "a <U+4EBA U+7269> b"


def test_a_font_that_has_the_characters_is_used_where_there_is_one() -> None:
    """Known by what is drawn: another glyph than the empty box of a missing one."""
    if len(labels.font_families()) == 1:
        pytest.skip("no font with Chinese, Japanese or Korean is installed")

    def drawn(text: str) -> bytes:
        figure = Figure(figsize=(1, 1))
        figure.text(0.2, 0.4, text, family=labels.font_families(), fontsize=30)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="rgba")
        return buffer.getvalue()

    assert drawn(labels.shown("人")) != drawn("\ue000")
