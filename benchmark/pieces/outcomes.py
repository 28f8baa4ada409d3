"""What became of predictions, in a form that is small, saved and put together again."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmark.average_precision.matches import CategoryMatches

RANGES, THRESHOLDS = 4, 10
_BYTES = RANGES * THRESHOLDS // 8


def outcome_type(rules: int) -> np.dtype:
    """The type of a prediction's record, under a number of rules for skipped instances."""
    return np.dtype(
        [
            ("image", "<i4"),  # index among the sorted image ids
            ("prediction", "<i8"),  # its place in the results file, or in the order of updates
            ("score", "<f8"),
            ("matched", "u1", (rules, _BYTES)),  # one bit per area range and threshold
            ("ignored", "u1", (rules, _BYTES)),
        ]
    )


def pack(by_rule: list[CategoryMatches], images: np.ndarray, places: np.ndarray) -> np.ndarray:
    """A category's records from its matches.

    Args:
        by_rule: The matches under each rule.
        images: int32, the index among all images of each image of the piece.
        places: int64, the place of each prediction of the piece.
    """
    first = by_rule[0]
    found = np.zeros(len(first.score), outcome_type(len(by_rule)))
    found["image"], found["prediction"] = images[first.image], places[first.prediction]
    found["score"] = first.score
    for rule, matches in enumerate(by_rule):
        for name in ("matched", "ignored"):
            bits = getattr(matches, name).reshape(RANGES * THRESHOLDS, -1)
            found[name][:, rule] = np.packbits(bits, axis=0).T
    return found


def unpack(
    records: np.ndarray, rule: int, category_id: int, positives: np.ndarray
) -> CategoryMatches:
    """The matches of a category under one rule, from its records of all pieces, in any order."""
    records = records[np.argsort(records["image"], kind="stable")]

    def bits(name: str) -> np.ndarray:
        flat = np.unpackbits(records[name][:, rule].T, axis=0).astype(bool)
        return flat.reshape(RANGES, THRESHOLDS, -1)

    return CategoryMatches(
        category_id, records["image"], records["prediction"], records["score"],
        bits("matched"), bits("ignored"), positives,
    )  # fmt: skip


@dataclass
class Outcomes:
    """Records by category: chunks in memory, the larger ones in files that go with this object.

    Attributes:
        kind: The type of a record.
        most: Bytes that are kept in memory.
    """

    kind: np.dtype
    most: int = 256 << 20
    _chunks: list["np.ndarray | Path"] = field(default_factory=list)
    _starts: list[np.ndarray] = field(default_factory=list)
    _folder: "tempfile.TemporaryDirectory[str] | None" = None
    _in_memory: int = 0

    def add(self, by_category: list[np.ndarray]) -> None:
        """Add a piece: the records of every category."""
        sizes = [len(records) for records in by_category]
        self.add_chunk(np.concatenate(by_category), np.cumsum([0, *sizes]))

    def add_chunk(self, records: np.ndarray, starts: np.ndarray) -> None:
        """Add records sorted by category; of category k are those from `starts[k]` on."""
        if not len(records):
            return
        self._starts.append(starts)
        if self._in_memory + records.nbytes <= self.most:
            self._in_memory += records.nbytes
            self._chunks.append(records)
            return
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="benchmark-")
        path = Path(self._folder.name) / str(len(self._chunks))
        records.tofile(path)
        self._chunks.append(path)

    def of_category(self, k: int) -> np.ndarray:
        """The records of the category at index k."""
        parts = [np.zeros(0, self.kind)]
        for chunk, starts in zip(self._chunks, self._starts, strict=True):
            first, last = int(starts[k]), int(starts[k + 1])
            if first < last:
                parts.append(self._slice(chunk, first, last))
        return np.concatenate(parts)

    def chunks(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """All chunks with their starts."""
        return [
            (self._slice(chunk, 0, int(starts[-1])), starts)
            for chunk, starts in zip(self._chunks, self._starts, strict=True)
        ]

    def _slice(self, chunk: "np.ndarray | Path", first: int, last: int) -> np.ndarray:
        if isinstance(chunk, np.ndarray):
            return chunk[first:last]
        size = self.kind.itemsize
        return np.fromfile(chunk, self.kind, last - first, offset=first * size)
