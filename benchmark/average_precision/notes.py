"""What the reader must be told: where pycocotools' own faults, or the file, change numbers."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def lost_instance(image_id: int, category_id: int) -> str:
    """An instance with id 0 was found and does not count."""
    return (
        f"The ground truth has an annotation with id 0 (image {image_id}, category "
        f"{category_id}), and pycocotools never counts it as found: the prediction that finds it "
        "is a false positive here as there. Number annotations from 1 to avoid this."
    )


def stock_variant() -> str:
    """Skipped instances are there as crowds, so that this evaluation has no rule for them."""
    return (
        "The ground truth is the variant of a release for pycocotools (`skipped` beside `iscrowd` "
        "1): its skipped instances count as crowds, which is more forgiving than --skip-rule box. "
        "Give --gt the release itself."
    )


def misfits(count: int, record: int, mask: "Sequence[int]", image: "Sequence[int]") -> str:
    """Masks that are not of their image's size, the first of them that of `record`."""
    return (
        f"Masks of another size than their image's: {count}, the first in record [{record}], "
        f"{mask[0]}×{mask[1]} for an image of {image[0]}×{image[1]} (height × width). As in "
        "pycocotools they overlap nothing and are false positives; a skipped instance absorbs none."
    )


def areas_of_boxes(moved: int, predictions: int) -> str:
    """Areas come from boxes, which puts `moved` predictions in another size class."""
    return (
        "The first prediction carries `bbox`, so pycocotools, and this evaluation with it, takes "
        f"the areas of all predictions from their boxes: {moved} of {predictions} "
        "change size class, and with them AP and AR by size. Leave `bbox` out to avoid this."
    )
