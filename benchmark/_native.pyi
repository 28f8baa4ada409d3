"""The native core, built from benchmark/native; `average_precision/native_path.py` calls it."""

from typing import Any, TypedDict

Buffer = Any  # type checkers cannot express the buffer protocol in Python 3.11

SKIP_RULES: tuple[str, ...]
"""The names of the rules for skipped instances; methods take one as `rule`."""

INTERFACE: int
"""The CRC-32 of this file when the core was built; 0 where `setup.py` did not build it."""

class Unusual(Exception): ...

def count_segment_pairs(paths: tuple[bytes, ...], /) -> list[bytes | None]:
    """How often two PNGs of an image have which segment ids at the same pixel.

    Args:
        paths: Of each image: the first PNG, then the second.

    Returns:
        Of each image int64[pairs, 3]: first id, second id, pixels, sorted; None where one of its
        PNGs needs the general path.
    """

def count_label_pairs(paths: tuple[bytes, ...], threads: int, /) -> tuple[bytes, list[int]]:
    """How often two PNGs of an image have which labels at the same pixel, in all images together.

    Args:
        paths: Of each image: the first PNG, then the second.
        threads: How many to use, for any result.

    Returns:
        int64[pairs, 3]: first label, second label, pixels, sorted; and the images that need the
        general path, which are not counted.
    """

def records(
    image_id: int,
    height: int,
    width: int,
    labels: Buffer,
    scores: Buffer,
    masks: Buffer | None,
    boxes: Buffer | None,
    /,
) -> bytes:
    """Predictions of an image as the JSON records of a results file, separated by commas.

    Args:
        image_id: The image.
        height: Its height in pixels.
        width: Its width in pixels.
        labels: int64[n], category ids.
        scores: float64[n].
        masks: Bytes 0 or 1 [n, height, width]; None for none.
        boxes: float64[n, 4]; None for none.
    """

def end_if_lost(mapped: Buffer, line: str, /) -> bool:
    """Have the process end with a line on stderr and exit code 1 if a mapped file is shortened.

    Args:
        mapped: The mapped file, which stays mapped until `forget_mapped`.
        line: The line, with its end.

    Returns:
        False where too many are mapped.
    """

def forget_mapped() -> None:
    """Undo all `end_if_lost`."""

class Facts(TypedDict):
    images: int
    categories: int
    annotations: int
    skipped: int
    unanswered: int
    crowds: int
    marked_crowds: int
    predictions: int
    ignore_flags: int
    no_pixels: int
    gt_no_pixels: int
    moved: int
    areas_of_boxes: bool
    federated: bool
    any_skipped: bool
    lost: bool
    lost_at: tuple[int, int]

class Evaluation:
    def __init__(
        self,
        ground_truth: Buffer,
        results: Buffer,
        masks: bool,
        threads: int,
        areas: bool = False,
    ) -> None: ...
    def polygons(self) -> list[tuple[bool, int, int, int, bytes]]: ...
    def give(self, of_ground_truth: bool, index: int, counts: bytes, /) -> None: ...
    def configure(
        self, thresholds: Buffer, ranges: Buffer, limits: Buffer, most: int, recalls: Buffer, /
    ) -> None: ...
    def compare_boundaries(self, dilation_ratio: float, /) -> None: ...
    def add_sizes(self, ranges: Buffer, /) -> None: ...
    def select(
        self, images: list[int] | None, categories: list[int] | None, merged: bool, /
    ) -> None: ...
    def record(self, rule: str, /) -> None: ...
    def judge(self, rule: str, confused_score: float, /) -> None: ...
    def match(self) -> None: ...
    def view(self, place: int, /) -> Evaluation: ...
    def stats(self, rule: str, /) -> tuple[tuple[float, ...], dict[str, float]]: ...
    def range_means(self, rule: str, /) -> list[tuple[float, ...]]: ...
    def curves(
        self, rule: str, precision: Buffer, recall: Buffer, scores: Buffer = ..., /
    ) -> None: ...
    def absorbed(self, rule: str, /) -> tuple[int, ...]: ...
    def absorbed_by_category(self, rule: str, counts: Buffer, /) -> None: ...
    def images_with_objects(self, found: Buffer, /) -> None: ...
    def facts(self) -> Facts: ...
    def ids(self, images: bool, /) -> list[int]: ...
    def match_count(self, category: int, /) -> int: ...
    def positives(self, counts: Buffer, /) -> None: ...
    def image_positives(self, counts: Buffer, /) -> None: ...
    def matches(
        self,
        rule: str,
        category: int,
        image: Buffer,
        prediction: Buffer,
        score: Buffer,
        matched: Buffer,
        ignored: Buffer,
        positives: Buffer,
        /,
    ) -> None: ...
    def record_counts(self) -> tuple[int, int, int]: ...
    def records(
        self,
        cells: Buffer,
        prediction: Buffer,
        score: Buffer,
        ignored: Buffer,
        chosen: Buffer,
        annotation: Buffer,
        area: Buffer,
        kind: Buffer,
        /,
    ) -> None: ...
    def errors(self) -> tuple[tuple[int, ...], tuple[float, ...]]: ...
    def judged_count(self) -> int: ...
    def judged(
        self,
        image: Buffer,
        prediction: Buffer,
        category: Buffer,
        score: Buffer,
        kind: Buffer,
        fixed: Buffer,
        about: Buffer,
        iou: Buffer,
        fate: Buffer,
        /,
    ) -> None: ...
    def confusion(self, counts: Buffer, /) -> None: ...
    def resample(
        self,
        rule: str,
        means: Buffer,
        area: int,
        resamples: int,
        weights: Buffer,
        precisions: Buffer,
        /,
    ) -> None: ...
