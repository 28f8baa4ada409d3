"""Notes to the reader: where a fault of pycocotools, or the file itself, changes numbers."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmark.average_precision.result import Counts


def lost_instance(image_id: int, category_id: int) -> str:
    """A matched instance with id 0 does not count as found."""
    return (
        f"The ground truth has an annotation with id 0 (image {image_id}, category {category_id}). "
        "pycocotools never counts it as found, so its match is a false positive here too. "
        "Number annotations from 1."
    )


def stock_variant() -> str:
    """Skipped instances are stored as crowds, so that no skip rule applies to them."""
    return (
        "The ground truth is the pycocotools variant of a release (`skipped` beside `iscrowd` 1). "
        "Its skipped instances count as crowds, which ignores more than --skip-rule box. "
        "Use the release itself as --gt."
    )


def misfits(count: int, record: int, mask: "Sequence[int]", image: "Sequence[int]") -> str:
    """Masks whose size differs from their image's; `record` is the first.

    Args:
        count: How many.
        record: Index of the first in the results file.
        mask: Its height and width, in pixels.
        image: The height and width of its image, in pixels.
    """
    return (
        f"Masks whose size differs from their image's: {count}. The first is record [{record}]: "
        f"{mask[0]}×{mask[1]} for an image of {image[0]}×{image[1]} (height × width). As in "
        "pycocotools, they overlap nothing and count as false positives; no skip rule ignores them."
    )


def areas_of_boxes(moved: int, predictions: int) -> str:
    """Areas come from boxes, which moves `moved` of `predictions` to another size class."""
    return (
        "The first prediction has `bbox`, so the areas of all predictions come from their boxes, "
        f"as in pycocotools: {moved} of {predictions} predictions change size class, which changes "
        "AP and AR by size. Remove `bbox` to avoid this."
    )


def ignore_flags(count: int) -> str:
    """`ignore` has no effect on annotations that are not crowds; `count` of them have it."""
    return (
        f"The ground truth has `ignore` on {count:,} annotations without `iscrowd`. pycocotools "
        "replaces it by `iscrowd`, so they count here too. Set `iscrowd` to ignore them."
    )


def negative_boxes(count: int) -> str:
    """Boxes with a negative side, where masks are compared."""
    return (
        f"Predictions whose `bbox` has a negative width or height: {count:,}. Masks are compared; "
        "the boxes only give areas, as in pycocotools."
    )


def lvis(unjudged: int, beyond: int) -> str:
    """LVIS's rules apply; how many predictions they leave out."""
    return (
        "The ground truth is LVIS's, so its rules apply: a prediction counts only where its "
        f"category was looked for in the image ({unjudged:,} do not count), and only the 300 best "
        f"of an image count ({beyond:,} do not)."
    )


def no_pixels(predicted: int, true: int) -> str:
    """Masks without a pixel match nothing."""
    return (
        f"Masks without a pixel: {predicted:,} of the predictions, {true:,} of the ground truth. "
        "They overlap nothing."
    )


def of_counts(counts: "Counts", *, masks: bool) -> list[str]:
    """Notes that the counts alone give: nothing to find, or nothing predicted.

    Args:
        counts: What took part.
        masks: Whether masks are compared.
    """
    notes = []
    if masks and not counts.instances and counts.skipped + counts.unanswered:
        notes.append(
            "No annotation of the ground truth has a mask, so there is nothing to find. "
            "If it has boxes alone, use --iou bbox."
        )
    if not counts.predictions:
        notes.append("There are no predictions, so AP is 0 wherever there are objects to find.")
    return notes
