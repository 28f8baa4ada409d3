"""Matching by the native core, up to where Python asks for numbers; light enough to begin early.

`HeadStart` begins while the command's other modules are still being imported: most of a small
evaluation's imports then cost no time.
"""

import _thread
import os
from functools import cache

from benchmark.average_precision.parameters import DEFAULT, Parameters
from benchmark.reading.input_text import InputText, read_file
from benchmark.reading.mapped_files import MappedInUse
from benchmark.reading.processors import processors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from collections.abc import Sequence

    from benchmark import _native

SWITCH = "O365SEG_NATIVE"
"""Set to 0 in the environment, this variable keeps the core out."""


THRESHOLDS, RANGES, LIMITS = 10, 4, 3
"""The most IoU thresholds, area ranges and limits of detections in one pass of the core."""

DILATION_RATIO = 0.02
"""The width of a boundary, of the image's diagonal: as for COCO and LVIS (Cityscapes: 0.005)."""


def is_wanted() -> bool:
    """Whether the environment lets the core be used."""
    return os.environ.get(SWITCH) != "0"


def is_built() -> bool:
    """Whether the core was built at all; without a compiler the install goes without.

    Raises:
        InputError: it was built from other sources.
    """
    try:
        from benchmark import _native  # noqa: F401
    except ImportError:
        return False
    _require_current()
    return True


@cache
def _require_current() -> None:
    """Refuse a core that was built from other sources, as in a checkout after a pull.

    Raises:
        InputError: it has another interface than this package.
    """
    from binascii import crc32

    from benchmark import _native

    built = getattr(_native, "INTERFACE", None)
    try:
        with open(os.path.join(os.path.dirname(__file__), "..", "_native.pyi"), "rb") as file:  # noqa: PTH118, PTH120, PTH123 (without pathlib, see benchmark.average_precision.result)
            wanted = crc32(file.read())
    except OSError:
        return
    if built not in (0, wanted):
        from o365seg.errors import InputError

        raise InputError(
            "the native core is of another version than this package; in the checkout, build it "
            "again: pip install -e ."
        )


def skip_rules() -> tuple[str, ...]:
    """The core's skip rules; empty where it was not built."""
    try:
        from benchmark import _native
    except ImportError:
        return ()
    return _native.SKIP_RULES


def read(
    truth: InputText,
    results: InputText,
    *,
    iou: str,
    threads: int | None = None,
    areas: bool = False,
) -> "_native.Evaluation":
    """Read both sides, ready to match.

    Args:
        truth: Text of a COCO-format file.
        results: Text of a results file.
        iou: What is compared, one of `benchmark.reading.choices.Iou`.
        threads: How many to use, for any result; None for one a processor.
        areas: Whether each result gives the `area` that decides its size class.

    Raises:
        _native.Unusual: the input needs the general path.
    """
    from benchmark import _native

    core = _native.Evaluation(
        truth.data, results.data, iou != "bbox", threads or processors(), areas
    )
    if iou == "boundary":
        core.compare_boundaries(DILATION_RATIO)
    for of_truth, index, height, width, text in core.polygons():
        # Left by the core: odd, far beyond the image, or in a large one.
        import msgspec

        from o365seg.formats.masks import segmentation_to_rle

        rle = segmentation_to_rle(msgspec.Raw(text), (height, width))
        assert isinstance(rle.counts, str)
        core.give(of_truth, index, rle.counts.encode("ascii"))
    return core


def configure(
    core: "_native.Evaluation",
    thresholds: "Sequence[float]",
    ranges: "Sequence[Sequence[float]]",
    limits: "Sequence[int]",
) -> None:
    """Set what is matched and measured; unset, it is what pycocotools has.

    Args:
        core: What has been read.
        thresholds: IoU thresholds, ascending, at most `THRESHOLDS`.
        ranges: Area ranges, both ends inclusive, at most `RANGES`.
        limits: Limits of detections, ascending, at most `LIMITS`.
    """
    from array import array

    core.configure(
        array("d", thresholds),
        array("d", [bound for pair in ranges for bound in pair]),
        array("d", limits),
        limits[-1],
        array("d", [*(i * (1 / 100) for i in range(100)), 1.0]),
    )


def match(
    truth: InputText,
    results: InputText,
    *,
    iou: str,
    threads: int | None = None,
    parameters: Parameters = DEFAULT,
    size_ranges: "Sequence[array[float]]" = (),
) -> "_native.Evaluation":
    """Read and match by COCO's rules; arguments and errors as of `read`.

    Args:
        truth: Text of a COCO-format file.
        results: Text of a results file.
        iou: What is compared.
        threads: How many to use.
        parameters: What is measured.
        size_ranges: Ranges of the relative size to match in too, a view of the core each: at most
            four pairs of bounds, both inclusive.

    Raises:
        _native.Unusual: also for LVIS, whose rules are other ones (`lvis`), for more parameters
            than the core has room for, and if a mapped file was changed meanwhile.
    """
    from benchmark import _native

    thresholds, ranges = parameters.iou_thresholds, parameters.area_ranges
    limits = parameters.limits()
    with MappedInUse():
        if len(thresholds) > THRESHOLDS or len(ranges) > RANGES or len(limits) > LIMITS:
            raise _native.Unusual
        core = read(truth, results, iou=iou, threads=threads)
        if core.facts()["federated"]:
            raise _native.Unusual
        if not parameters.is_default:
            configure(core, thresholds, ranges, limits)
        for ranges in size_ranges:
            core.add_sizes(ranges)
        core.match()
    return core


class HeadStart:
    """Two files being read and matched by a thread; whatever is wrong is left to others to say."""

    _core: "_native.Evaluation | None"

    def __init__(self, predictions: str, truth: str, *, iou: str) -> None:
        self._core = None
        self._working = _thread.allocate_lock()
        try:
            import benchmark._native  # noqa: F401 (absent: nothing to start)

            self._texts = read_file(truth), read_file(predictions)
        except Exception:
            return  # the ordinary way comes to the same fault, and names it
        self._working.acquire()
        begun = _thread.allocate_lock()
        begun.acquire()
        _thread.start_new_thread(self._run, (begun, iou))
        # Or the thread might wait for the interpreter until these imports are done.
        begun.acquire()

    def _run(self, begun: _thread.LockType, iou: str) -> None:
        begun.release()
        try:
            self._core = match(*self._texts, iou=iou)
        except BaseException:  # noqa: S110 (likewise)
            pass
        finally:
            self._working.release()

    def result(self) -> "_native.Evaluation | None":
        """What was matched, once it is; None where the ordinary way must find out why not."""
        with self._working:
            return self._core
