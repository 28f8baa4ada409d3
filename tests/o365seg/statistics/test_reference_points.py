"""Published points: a CSV that is sound, errors that name the cell, and honest labels."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from o365seg.errors import InputError
from o365seg.statistics import figures
from o365seg.statistics.contents import SetCurves
from o365seg.statistics.reference_points import ReferencePoint, read_reference

SOUND = """\
curve,x,y,source,remark
masks_per_category,1,900,"Paper, figure 5a",read off
relative_mask_size,0.05,0.31,,
masks_per_image, 3 ,12.5,Paper,
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "published.csv"
    path.write_bytes(text.encode())
    return path


def test_every_row_is_a_point_and_the_file_s_name_stands_in_for_a_source(tmp_path: Path) -> None:
    for text in (SOUND, "\ufeff" + SOUND, SOUND.replace("\n", "\r\n")):
        assert read_reference(write(tmp_path, text)) == [
            ReferencePoint("masks_per_category", 1, 900, "Paper, figure 5a"),
            ReferencePoint("relative_mask_size", 0.05, 0.31, "published"),
            ReferencePoint("masks_per_image", 3, 12.5, "Paper"),
        ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "header, field 'curve': missing column"),
        ("curve,x,source\n", "header, field 'y': missing column"),
        ("curve,x,y\n", "no points"),
        ("curve,x,y\nmasks,1,2\n", "line 2, field 'curve': unknown curve 'masks'; choose"),
        ("curve,x,y\n\nmasks_per_image,a,2\n", "line 3, field 'x': must be a number, not 'a'"),
        ("curve,x,y\nmasks_per_image,1\n", "line 2, field 'y': must be a number, not ''"),
        ("curve,x,y\nmasks_per_image,1,inf\n", "line 2, field 'y': must be a number, not 'inf'"),
        ("curve,x,y\nmasks_per_image,0,5\n", "line 2, field 'x': must be at least 1, not 0"),
        ("curve,x,y\nmasks_per_image,1,0\n", "line 2, field 'y': must be above 0, not 0"),
        ("curve,x,y\nrelative_mask_size,1.5,0.1\n", "line 2, field 'x': must be between 0 and 1"),
        ("curve,x,y\nrelative_mask_size,0.5,31\n", "line 2, field 'y': must be above 0 and"),
        ('curve,x,y\nmasks_per_image,1,"2\n', "line 1: not valid CSV"),
    ],
)  # fmt: skip
def test_a_fault_is_named_by_file_row_and_column(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_reference(write(tmp_path, text))
    assert f"published.csv: {message}" in str(caught.value)


def test_what_is_no_text_or_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "published.csv"
    path.write_bytes(b"curve,x,y\n\xff")
    with pytest.raises(InputError, match=r"published.csv: not UTF-8 text \(byte 10\)"):
        read_reference(path)
    with pytest.raises(InputError, match=r"absent.csv: no such file"):
        read_reference(tmp_path / "absent.csv")


CURVES = SetCurves(
    "Mine", np.array([9, 3, 1]), np.array([5, 1]), np.eye(20, dtype=int)[3], np.array([0, 1, 0])
)
POINTS = [
    ReferencePoint("relative_mask_size", 0.5, 0.001, "Paper"),
    ReferencePoint("masks_per_category", 200, 5000, "Other"),
    ReferencePoint("masks_per_category", 4, 0.5, "Paper"),
]


def labels(axes) -> list[str]:
    legend = axes.get_legend()
    return [] if legend is None else [text.get_text() for text in legend.get_texts()]


def test_points_are_labelled_as_published_and_all_in_view() -> None:
    sizes, ranking, other = Figure().subplots(1, 3)
    figures._draw_sizes(sizes, [CURVES], "size", POINTS)
    figures._draw_ranking(ranking, [CURVES], "category", POINTS)
    figures._draw_ranking(other, [CURVES], "image", POINTS)
    assert labels(sizes) == ["Mine", "Paper (published)"]
    assert labels(ranking) == ["Mine", "Paper (published)", "Other (published)"]
    assert labels(other) == []
    for axes, curve in ((sizes, "relative_mask_size"), (ranking, "masks_per_category")):
        for point in (point for point in POINTS if point.curve == curve):
            assert axes.get_xlim()[0] <= point.x <= axes.get_xlim()[1]
            assert axes.get_ylim()[0] < point.y < axes.get_ylim()[1]
    assert all(line.get_linestyle() == "None" for line in ranking.lines)


def test_the_tables_hold_no_published_point(tmp_path: Path) -> None:
    figures.write_figures([CURVES], tmp_path / "with", reference=POINTS)
    figures.write_figures([CURVES], tmp_path / "without")
    for path in (tmp_path / "without").glob("*.csv"):
        assert (tmp_path / "with" / path.name).read_bytes() == path.read_bytes()
    name = "relative_mask_size.svg"
    assert (tmp_path / "with" / name).read_bytes() != (tmp_path / "without" / name).read_bytes()
    assert "Paper (published)" in (tmp_path / "with" / name).read_text()
