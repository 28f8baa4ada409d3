"""The consensus of raters: per pixel what most of a question's masks say.

The masks are the answer that counts and the other raters' replicas of the question. With fewer than
three there is no majority, and the answer stays as it is; so does what a reviewer painted, and a
skip. Skips have no vote.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from o365seg.formats.masks import Rle, decode_rle, encode_rle
from o365seg.store.progress.released import ReleasedAnswer

LEAST_MASKS = 3
"""Masks of a question from which on there is a majority."""


@dataclass(frozen=True)
class Consensus:
    """Answers with the masks that most raters painted.

    Attributes:
        answers: By question id; those without a majority as they were.
        votes: The number of masks, of each question that has a majority.
        changed: How many of these masks differ from the answer that counts.
    """

    answers: dict[int, ReleasedAnswer]
    votes: dict[int, int]
    changed: int


def find_consensus(
    answers: Mapping[int, ReleasedAnswer],
    replicas: Mapping[int, Collection[str]],
    sizes: Mapping[int, tuple[int, int]],
) -> Consensus:
    """Put the majority's mask in the place of the answer's, where there is one.

    Args:
        answers: The answers that count, by question id.
        replicas: The compressed run lengths of the other raters' masks, by question id.
        sizes: The (height, width) of the image, by question id.
    """
    agreed, votes, changed = dict(answers), {}, 0
    for question_id, given in answers.items():
        others = replicas.get(question_id, ())
        if given.counts is None or given.repainted or len(others) + 1 < LEAST_MASKS:
            continue
        mask = majority(given.counts, others, sizes[question_id])
        votes[question_id] = len(others) + 1
        changed += mask.counts != given.counts
        agreed[question_id] = replace(given, counts=mask.counts, area=mask.area)
    return Consensus(agreed, votes, changed)


@dataclass(frozen=True)
class MajorityMask:
    """Compressed run lengths and the area in pixels."""

    counts: str
    area: int


def majority(first: str, others: Collection[str], size: tuple[int, int]) -> MajorityMask:
    """The pixels that more than half of the masks have.

    Args:
        first: Compressed run lengths of the mask that decides where the votes are equal, and that
            stays if no pixel has a majority: a mask is never empty.
        others: Likewise, the other masks.
        size: The (height, width) of all.
    """
    deciding = decode_rle(Rle(size, first))
    votes = deciding.astype(np.int32)
    for counts in others:
        votes += decode_rle(Rle(size, counts))
    masks = len(others) + 1
    pixels = (2 * votes > masks) | ((2 * votes == masks) & (deciding > 0))
    if not pixels.any():
        return MajorityMask(first, int(deciding.sum()))
    found = encode_rle(pixels).counts
    assert isinstance(found, str)  # encode_rle compresses
    return MajorityMask(found, int(pixels.sum()))
