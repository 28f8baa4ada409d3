"""Notes to the reader: where a fault of pycocotools, or the file itself, changes numbers."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmark.average_precision.result import Counts


class Tallies:
    """What the notes tell of, counted; those of pieces of an evaluation add up.

    Attributes:
        stock: The ground truth is the pycocotools variant of a release.
        ignore_flags: Annotations with an `ignore` that has no effect.
        gt_no_pixels: Masks of the ground truth without a pixel.
        no_pixels: Likewise, of the predictions.
        moved: Predictions whose size class is another because their area is their box's.
        negative_boxes: Predictions with a negative side of their box, where masks are compared.
        misfits: Masks of another size than their image's: how many, the place of the first, its
            height and width, and its image's.
        lost: (image id, category id) of a matched annotation with id 0.
    """

    def __init__(
        self,
        *,
        stock: bool = False,
        ignore_flags: int = 0,
        gt_no_pixels: int = 0,
        no_pixels: int = 0,
        moved: int = 0,
        negative_boxes: int = 0,
        misfits: "Sequence[int] | None" = None,
        lost: "Sequence[int] | None" = None,
    ) -> None:
        self.stock = stock
        self.ignore_flags = ignore_flags
        self.gt_no_pixels = gt_no_pixels
        self.no_pixels = no_pixels
        self.moved = moved
        self.negative_boxes = negative_boxes
        self.misfits = misfits
        self.lost = lost

    def add(self, other: "Tallies") -> None:
        """Add what another piece of the same evaluation found in its predictions."""
        self.no_pixels += other.no_pixels
        self.moved += other.moved
        self.negative_boxes += other.negative_boxes
        self.lost = self.lost or other.lost
        if self.misfits and other.misfits:
            first = min([*self.misfits[1:]], [*other.misfits[1:]])
            self.misfits = [self.misfits[0] + other.misfits[0], *first]
        else:
            self.misfits = self.misfits or other.misfits


def tell(tallies: Tallies, counts: "Counts", *, masks: bool) -> list[str]:
    """The notes; `masks` says whether masks are compared."""
    notes = []
    if tallies.stock:
        notes.append(stock_variant())
    if tallies.lost:
        notes.append(lost_instance(*tallies.lost))
    if tallies.moved:
        notes.append(areas_of_boxes(tallies.moved, counts.predictions))
    if tallies.misfits:
        count, place, *sizes = tallies.misfits
        notes.append(misfits(count, place, sizes[:2], sizes[2:]))
    if tallies.negative_boxes:
        notes.append(negative_boxes(tallies.negative_boxes))
    if tallies.ignore_flags:
        notes.append(ignore_flags(tallies.ignore_flags))
    if tallies.no_pixels or tallies.gt_no_pixels:
        notes.append(no_pixels(tallies.no_pixels, tallies.gt_no_pixels))
    return [*notes, *of_counts(counts, masks=masks)]


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


def lvis(unjudged: int, beyond: int, limit: int) -> str:
    """LVIS's rules apply; how many predictions they leave out."""
    return (
        "The ground truth is LVIS's, so its rules apply: a prediction counts only where its "
        f"category was looked for in the image ({unjudged:,} do not count), and only the {limit} "
        f"best of an image count ({beyond:,} do not)."
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
