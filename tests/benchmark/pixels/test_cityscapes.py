"""Cityscapes' file names and labels: the numbers of cityscapesScripts' own formula."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark import evaluate_semantic
from benchmark.pixels.cityscapes import CLASSES
from o365seg.errors import InputError

FRAMES = ("aachen_000000_000019", "bad-honnef_000001_000019")


def write(folder: Path, name: str, labels: np.ndarray) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(labels.astype(np.uint8)).save(folder / name)


def train_ids(labels: np.ndarray) -> np.ndarray:
    table = np.full(256, 255)
    for train_id, label in enumerate(CLASSES):
        table[label] = train_id
    return table[labels]


def ious(true: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """By class, as `getIouScoreForLabel`: false positives where the truth is evaluated."""
    found = {}
    for label, name in CLASSES.items():
        hits = np.sum((true == label) & (predicted == label))
        missed = np.sum((true == label) & (predicted != label))
        evaluated = np.isin(true, list(CLASSES)) & (true != label)
        false = np.sum(evaluated & (predicted == label))
        found[name] = hits / (hits + missed + false) if hits + missed + false else np.nan
    return found


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    true, predicted = rng.integers(0, 34, (2, 2, 20, 30))
    true[0, :3] = 255  # a license plate
    for frame, labels, guess in zip(FRAMES, true, predicted, strict=True):
        city = frame.split("_")[0]
        write(tmp_path / "gt" / city, f"{frame}_gtFine_labelIds.png", labels)
        write(tmp_path / "gt" / city, f"{frame}_gtFine_instanceIds.png", labels)
        write(tmp_path / "ids", f"{frame}_leftImg8bit_pred.png", guess)
        write(tmp_path / "train", f"{frame}.png", train_ids(guess))
    return tmp_path, tmp_path / "gt", true, predicted


@pytest.mark.parametrize(("folder", "labels"), [("ids", "ids"), ("train", "train-ids")])
def test_numbers_are_those_of_cityscapes(
    folders: tuple[Path, Path, np.ndarray, np.ndarray], folder: str, labels: str
) -> None:
    root, truth, true, predicted = folders
    found = evaluate_semantic(root / folder, truth, cityscapes=labels)
    expected = ious(true, predicted)
    assert found.names == list(expected)
    assert found.iou == pytest.approx(list(expected.values()))
    assert found.images == 2


def test_what_does_not_fit_is_named(folders: tuple[Path, Path, np.ndarray, np.ndarray]) -> None:
    root, truth, _, _ = folders
    with pytest.raises(InputError, match=r"unknown label .*: not among the classes"):
        evaluate_semantic(root / "ids", truth, cityscapes="train-ids")
    (root / "other").mkdir()
    with pytest.raises(InputError, match="no PNG files named as in Cityscapes"):
        evaluate_semantic(root / "other", truth, cityscapes="ids")
    with pytest.raises(InputError, match="must be a folder"):
        evaluate_semantic(root / "nothing", truth, cityscapes="ids")
    write(root / "ids", f"{FRAMES[0]}_again.png", np.zeros((20, 30)))
    with pytest.raises(InputError, match="is of the same frame as"):
        evaluate_semantic(root / "ids", truth, cityscapes="ids")
