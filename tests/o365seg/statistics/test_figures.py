"""The figures: files that are there, hold the right curves, and are the same every time."""

import csv
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from PIL import Image

from o365seg.errors import InputError
from o365seg.statistics import figures
from o365seg.statistics.contents import SetCurves
from o365seg.statistics.figures import write_figures
from o365seg.statistics.relative_size import RelativeSize


def curves(name: str, seed: int = 0) -> SetCurves:
    random = np.random.default_rng(seed)
    return SetCurves(
        name=name,
        masks_per_category=np.sort(random.integers(1, 900, 300))[::-1],
        masks_per_image=np.sort(random.integers(1, 60, 900))[::-1],
        relative_sizes=(10_000 * 0.6 ** np.arange(20)).astype(int),
        masks_by_area=random.integers(1, 9000, 3),
    )


NO_COUNTS = np.zeros(0, int)
NOTHING = SetCurves("empty", NO_COUNTS, NO_COUNTS, np.zeros(20, int), np.zeros(3, int))
ONE = SetCurves(
    "one", np.ones(1, int), np.ones(1, int), np.eye(20, dtype=int)[3], np.array([0, 1, 0])
)


def test_equal_curves_give_equal_bytes_whatever_the_user_s_settings(tmp_path: Path) -> None:
    sets = [curves("Objects365"), curves("LVIS", 1)]
    first = write_figures(sets, tmp_path / "first")
    before = dict(mpl.rcParams)
    with mpl.rc_context({"font.size": 20, "lines.linewidth": 9, "savefig.dpi": 30}):
        second = write_figures(sets, tmp_path / "second")
    assert dict(mpl.rcParams) == before
    assert [path.name for path in first] == [path.name for path in second]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name
        assert b"dc:date" not in one.read_bytes()


@pytest.mark.parametrize("sets", [[curves("a")], [ONE], [NOTHING], [NOTHING, curves("b"), ONE]])
@pytest.mark.parametrize("size", RelativeSize)
def test_every_file_opens(tmp_path: Path, sets: list[SetCurves], size: RelativeSize) -> None:
    written = write_figures(sets, tmp_path, size)
    assert len(written) == 4 * 4 + 3
    for path in written:
        if path.suffix == ".png":
            with Image.open(path) as image:
                assert min(image.size) > 500
                assert len(image.convert("L").getcolors() or []) > 10  # not a blank sheet
        elif path.suffix == ".svg":
            assert ElementTree.parse(path).getroot().tag.endswith("svg")
        elif path.suffix == ".pdf":
            assert path.read_bytes().startswith(b"%PDF-")
            assert b"CreationDate" not in path.read_bytes()


def test_the_legend_names_every_set_even_one_that_begins_with_an_underscore() -> None:
    figure = Figure()
    axes = figure.add_subplot()
    figures._draw_sizes(axes, [curves("_hidden"), curves("LVIS", 1)], "size")
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["_hidden", "LVIS"]


@pytest.mark.parametrize("what", ["category", "image"])
def test_ranks_are_drawn_for_every_set_and_named(what: str) -> None:
    axes = Figure().add_subplot()
    sets = [curves("Objects365"), NOTHING, curves("LVIS", 1)]
    figures._draw_ranking(axes, sets, what, ())
    drawn = [patch for patch in axes.patches if isinstance(patch, StepPatch)]
    for found, patch in zip((sets[0], sets[2]), drawn, strict=True):
        assert patch.get_data()[0].tolist() == getattr(found, f"masks_per_{what}").tolist()
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["Objects365", "LVIS"]
    assert axes.get_xscale() == "linear"
    figures._draw_ranking(axes := Figure().add_subplot(), [ONE, curves("LVIS")], what, ())
    assert axes.get_xscale() == "log"  # beside 300 ranks one would not be seen


def test_the_tables_hold_every_set(tmp_path: Path) -> None:
    sets = [curves("Objects365"), ONE]
    write_figures(sets, tmp_path)
    for name, field in (("masks_per_category",) * 2, ("masks_per_image",) * 2):
        with (tmp_path / f"{name}.csv").open() as file:
            rows = list(csv.DictReader(file))
        for found in sets:
            masks = [int(row["masks"]) for row in rows if row["set"] == found.name]
            assert masks == getattr(found, field).tolist()
        assert [row["rank"] for row in rows[:3]] == ["1", "2", "3"]
    with (tmp_path / "relative_mask_size.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["from"], row["to"]) for row in rows[:2]] == [("0.00", "0.05"), ("0.05", "0.10")]
    assert [float(row["share"]) for row in rows[20:]] == ONE.shares.tolist()
    with (tmp_path / "masks_by_area.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["set"], row["area"]) for row in rows[2:4]] == [
        ("Objects365", "large"),
        ("one", "small"),
    ]
    assert [(row["masks"], float(row["share"])) for row in rows[3:]] == [
        ("0", 0), ("1", 1), ("0", 0),
    ]  # fmt: skip


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"file.*cannot be created"):
        write_figures([ONE], tmp_path / "file" / "inside")
