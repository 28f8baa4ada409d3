"""The majority of masks, and the releases that have it."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from quality_steps import SIZE, add_person, choose, paint
from rater_steps import current, skip, submit, take
from small_project import SmallSource, box_mask, open_small_project
from typer.testing import CliRunner

from o365seg.commands.main import app
from o365seg.errors import InputError
from o365seg.formats.masks import Rle, decode_rle, encode_rle
from o365seg.formats.records import read_annotations
from o365seg.project.folder import open_project
from o365seg.release.build import FILE_NAME, build_release
from o365seg.release.card import data_card, measure
from o365seg.release.consensus import majority
from o365seg.release.publication import Publication


def text(pixels: np.ndarray) -> str:
    counts = encode_rle(pixels).counts
    assert isinstance(counts, str)
    return counts


@given(arrays.arrays(np.bool_, st.tuples(st.integers(1, 6), st.integers(1, 5), st.integers(1, 5))))
def test_a_pixel_has_what_most_masks_have_and_the_first_decides(masks: np.ndarray) -> None:
    size = (masks.shape[1], masks.shape[2])
    found = majority(text(masks[0]), [text(mask) for mask in masks[1:]], size)
    pixels = decode_rle(Rle(size, found.counts))
    assert found.area == pixels.sum()
    expected = np.zeros(size, bool)
    for place in np.ndindex(size):
        votes = masks[(slice(None), *place)].tolist()
        yes, no = votes.count(True), votes.count(False)
        expected[place] = votes[0] if yes == no else yes > no
    np.testing.assert_array_equal(pixels, expected if expected.any() else masks[0])


def test_where_three_painted_the_release_has_what_two_agree_on(
    source: SmallSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ada, Bob and Cem paint squares of 8 × 8 that are shifted by one pixel each; Dan skips."""
    with open_small_project(tmp_path / "project", source) as project:
        choose(project.store, replica_share=1, replicas=3)
        for shift, name in enumerate(("Ada", "Bob", "Cem")):
            rater = add_person(project.store, name)
            for _ in range(9):
                paint(project.store, rater, box_mask(*SIZE, 5 + shift, 8, side=8))
        dan = add_person(project.store, "Dan")
        skip(project.store, dan, current(take(project.store, dan)))
        plain = build_release(project)
        agreed = build_release(project, consensus=True)
    assert plain["info"]["consensus"] is None
    assert agreed["info"]["consensus"] == {"masks": 9, "changed": 9}
    middle = np.zeros(SIZE, np.uint8)
    middle[8:16, 6:14] = 1
    for before, after in zip(plain["annotations"], agreed["annotations"], strict=True):
        assert "consensus" not in before
        if after["iscrowd"]:
            assert before == after
            continue
        assert after["consensus"] == 3
        pixels = decode_rle(Rle(SIZE, after["segmentation"]["counts"]))
        np.testing.assert_array_equal(pixels, middle)
        same = ("segmentation", "area", "consensus")
        assert {key: before[key] for key in before if key not in same} == {
            key: after[key] for key in after if key not in same
        }
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["release", "project", "--consensus"])
    assert "masks by majority of three raters or more: 9, of which 9 differ" in done.output
    assert json.loads(Path(FILE_NAME).read_text()) == json.loads(json.dumps(agreed))
    read_annotations(Path(FILE_NAME))
    card = " ".join(data_card(measure(Path(FILE_NAME), "agreed"), Publication()).split())
    assert "9 masks are a consensus" in card
    assert "Gold answers are not in the masks." in card


def test_two_masks_have_no_majority_and_a_repair_has_no_consensus(
    source: SmallSource, tmp_path: Path
) -> None:
    with open_small_project(tmp_path / "project", source) as project:
        choose(project.store, replica_share=1)
        for shift, name in enumerate(("Ada", "Bob")):
            rater = add_person(project.store, name)
            leased = current(take(project.store, rater))
            submit(project.store, rater, leased, box_mask(*SIZE, 5 + shift, 8))
        agreed = build_release(project, consensus=True)
        assert agreed["info"].pop("consensus") == {"masks": 0, "changed": 0}
        plain = build_release(project)
        assert plain["info"].pop("consensus") is None
        assert agreed == plain
        release = tmp_path / "release.json"
        release.write_text(json.dumps(plain))
    repair = ["create", str(tmp_path / "repair"), "--from", str(release)]
    done = CliRunner().invoke(app, [*repair, "--images", str(source.images)])
    assert done.exit_code == 0, done.output
    repaired = open_project(tmp_path / "repair")
    with pytest.raises(InputError, match="not available for a project that corrects a file"):
        build_release(repaired, consensus=True)
    repaired.store.close()
