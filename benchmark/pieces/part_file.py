"""A part of an evaluation as a file: a ZIP archive of one JSON and of NumPy arrays."""

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from benchmark.average_precision.notes import Tallies
from benchmark.average_precision.result import Counts
from benchmark.pieces.outcomes import RANGES, Outcomes, outcome_type
from benchmark.pieces.positives import Positives
from benchmark.reading.choices import Iou, SkipRule
from o365seg.errors import InputError
from o365seg.formats.json_files import replacing

if TYPE_CHECKING:
    from benchmark.pieces.summable import Summable

_ABOUT, FORMAT = "part.json", 1


def write_part(part: "Summable", path: str | Path) -> None:
    """Write a part.

    Raises:
        InputError: the file cannot be written.
    """
    about = {
        "format": FORMAT,
        "names": part.names,
        "fingerprint": part.fingerprint,
        "iou": part.iou,
        "skip_rule": part.rule,
        "rules": part.rules,
        "images": part.image_ids,
        "categories": part.category_ids,
        "covered": sorted(part.covered),
        "predictions": part.predictions,
        "boxed": part.boxed,
        "counts": vars(part.counts),
        "tallies": vars(part.tallies),
        "odd": part.odd,
    }
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        archive.writestr(_ABOUT, msgspec.json.encode(about))
        _write_array(archive, "positives", part.positives.rows)
        for number, (records, starts) in enumerate(part.outcomes.chunks()):
            _write_array(archive, f"starts_{number}", starts)
            _write_array(archive, f"outcomes_{number}", records)


def read_part(part: "Summable", path: str | Path) -> None:
    """Set a part's attributes from a file.

    Raises:
        InputError: it is not such a file, or is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _set(part, archive)
    except FileNotFoundError:
        raise InputError("no such file", file=path) from None
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        raise InputError(
            "not a part of an evaluation, as --save writes it, or damaged", file=path
        ) from None


def _set(part: "Summable", archive: zipfile.ZipFile) -> None:
    about: dict[str, Any] = msgspec.json.decode(archive.read(_ABOUT))
    if about["format"] != FORMAT:
        raise ValueError(about["format"])
    part.names, part.fingerprint = about["names"], about["fingerprint"]
    part.iou, part.rule = Iou(about["iou"]), SkipRule(about["skip_rule"])
    part.rules = [SkipRule(rule) for rule in about["rules"]]
    part.image_ids, part.category_ids = about["images"], about["categories"]
    part.covered, part.predictions = set(about["covered"]), about["predictions"]
    part.boxed, part.odd = about["boxed"], about["odd"]
    part.counts, part.tallies = Counts(**about["counts"]), Tallies(**about["tallies"])
    rows, sides = _read_array(archive, "positives"), (len(part.category_ids), len(part.image_ids))
    part.positives = Positives(_checked(rows, *sides), *sides)
    part.outcomes = Outcomes(outcome_type(len(part.rules)))
    number = 0
    while f"outcomes_{number}.npy" in archive.namelist():
        records = _read_array(archive, f"outcomes_{number}")
        if records.dtype != part.outcomes.kind:
            raise ValueError(records.dtype)
        part.outcomes.add_chunk(records, _read_array(archive, f"starts_{number}"))
        number += 1


def _checked(rows: np.ndarray, categories: int, images: int) -> np.ndarray:
    """Rows of `Positives`, if they are ones.

    Raises:
        ValueError: they are not.
    """
    if rows.dtype != np.int64 or rows.ndim != 2 or rows.shape[1] != 4:
        raise ValueError(rows.shape)
    inside = (rows >= 0).all() and (rows[:, :3] < (categories, RANGES, images)).all()
    if not inside or (np.diff(rows[:, 0]) < 0).any():
        raise ValueError("positives")
    return rows


def _write_array(archive: zipfile.ZipFile, name: str, values: np.ndarray) -> None:
    with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
        np.lib.format.write_array(file, np.ascontiguousarray(values), allow_pickle=False)


def _read_array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    with archive.open(f"{name}.npy") as file:
        return np.lib.format.read_array(file, allow_pickle=False)
