"""Predictions that pycocotools scores although they are odd, rewritten as plain records."""

from collections import Counter
from typing import Any

from benchmark.reading.odd_ground_truth import Rewritten, whole
from o365seg.errors import InputError


def rewrite_predictions(
    content: Any, name: str, truth: Rewritten, odd: Counter[str]
) -> tuple[list[Any], list[int]] | None:
    """Rewrite ids, and leave out predictions of categories that the ground truth lacks.

    pycocotools evaluates the categories of the ground truth, so that others count nowhere.

    Args:
        content: The decoded JSON; it is changed.
        name: The name that errors give the file.
        truth: The rewritten ground truth.
        odd: Counts what was odd.

    Returns:
        The records that count, and the place of each in the file. None for no list of records.

    Raises:
        InputError: it is ground truth or a panoptic file, or an id is text that is unknown.
    """
    _recognize(content, name)
    if not isinstance(content, list) or not all(isinstance(one, dict) for one in content):
        return None
    numbers = {"image_id": truth.image_numbers, "category_id": truth.category_numbers}
    known = {one.get("id") for one in truth.content["categories"]}
    kept: list[Any] = []
    places: list[int] = []
    unknown: set[object] = set()
    for index, record in enumerate(content):
        lacking: object = None
        for key, by_text in numbers.items():
            value = record.get(key)
            if isinstance(value, str):
                record[key] = by_text.get(value)
                if record[key] is None and (key == "image_id" or not by_text):
                    raise _unknown_text(name, index, key, value, has_texts=bool(by_text))
                if record[key] is None:
                    lacking = value
            elif by_text and isinstance(value, int | float):
                raise InputError(
                    f"{value} is a number, but the ids of the ground truth are text",
                    file=name, record=f"record [{index}]", field=key,
                )  # fmt: skip
        category = whole(record.get("category_id"))
        if isinstance(category, int) and category not in known:
            lacking = category
        if lacking is not None:
            unknown.add(lacking)
            continue
        kept.append(record)
        places.append(index)
    if len(kept) < len(content):
        shown = ", ".join(str(one) for one in sorted(unknown, key=str)[:5])
        more = ", …" if len(unknown) > 5 else ""
        text = f"predictions of categories that the ground truth lacks ({shown}{more}), not counted"
        odd[text] = len(content) - len(kept)
    return kept, places


def _unknown_text(name: str, index: int, key: str, value: str, *, has_texts: bool) -> InputError:
    what = key.removesuffix("_id")
    message = (
        f"unknown {what} {value!r}: not in the ground truth"
        if has_texts
        else f"{value!r} is text, but the ids of the ground truth are numbers"
    )
    return InputError(message, file=name, record=f"record [{index}]", field=key)


def _recognize(content: Any, name: str) -> None:
    """Say what a file is that is no results file."""
    if isinstance(content, dict) and "annotations" in content:
        annotations = content["annotations"]
        first = annotations[0] if isinstance(annotations, list) and annotations else {}
        if isinstance(first, dict) and "segments_info" in first:
            raise InputError("is a panoptic file; use --task panoptic", file=name)
        if "images" in content or "categories" in content:
            raise InputError(
                "this is ground truth, not predictions; are the two files swapped?", file=name
            )
    if isinstance(content, list) and content and isinstance(content[0], dict):
        first = content[0]
        if "keypoints" in first and "segmentation" not in first and "bbox" not in first:
            raise InputError("has keypoints alone, which are not evaluated", file=name)
