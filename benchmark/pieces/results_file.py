"""Give an evaluator some images of a results file."""

from pathlib import Path
from typing import Any

import msgspec

from benchmark.pieces.evaluator import Evaluator
from benchmark.reading.input_text import InputText
from benchmark.reading.sources import readable_twice
from o365seg.errors import InputError
from o365seg.formats.json_files import decode_json, read_bytes


class _Owner(msgspec.Struct, gc=False):
    image_id: int | float
    bbox: Any = None


def add_file(evaluator: Evaluator, predictions: str | Path, part: tuple[int, int] = (1, 1)) -> None:
    """Add the predictions of every N-th image, from the K-th.

    Args:
        evaluator: What they are added to.
        predictions: A results file; `-` for standard input.
        part: (K, N), K from 1.

    Raises:
        InputError: the file is invalid, only some of its predictions have `bbox`, or the ids of the
            ground truth are text.
    """
    if evaluator.text_ids.images or evaluator.text_ids.categories:
        raise InputError(
            "ids that are text are not evaluated in pieces of a file", file=evaluator.names[1]
        )
    source = readable_twice(predictions)
    if not isinstance(source, InputText):
        source = InputText(source, read_bytes(source))
    evaluator.names[0] = str(source.name)
    owners = decode_json(source.data, list[_Owner], source.name)
    records = decode_json(source.data, list[msgspec.Raw], source.name)
    known = set(evaluator.image_ids)
    k, n = part
    mine = evaluator.image_ids[k - 1 :: n]
    chosen = set(mine)
    boxed = bool(owners and owners[0].bbox)
    kept, places = [], []
    for place, owner in enumerate(owners):
        if bool(owner.bbox) != boxed:
            raise InputError(
                "either all predictions have boxes or none, to be evaluated in pieces",
                file=source.name, record=f"record [{place}]", field="bbox",
            )  # fmt: skip
        if owner.image_id not in known:
            raise InputError(
                f"unknown image {owner.image_id}: not in the ground truth",
                file=source.name, record=f"record [{place}]", field="image_id",
            )  # fmt: skip
        if owner.image_id in chosen:
            kept.append(records[place])
            places.append(place)
    evaluator.add_records(mine, kept, places, boxed)
