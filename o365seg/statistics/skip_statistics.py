"""Which objects raters skip: the share of skipped ones by category and by size of the box.

Skipped objects have no mask (paper, appendix C), so a model is not tested on them; these numbers
say which categories and sizes that concerns.
"""

from dataclasses import dataclass

import numpy as np

from o365seg.formats.records import AnnotationFile
from o365seg.statistics.contents import BIN_EDGES
from o365seg.statistics.relative_size import RelativeSize


@dataclass(frozen=True)
class Shares:
    """Skipped objects among the answered ones, group by group; int64[groups] each.

    Attributes:
        answered: Objects with a mask or skipped; neither crowds nor ones that nobody answered
            or could be asked about.
        skipped: Those that raters skipped.
    """

    answered: np.ndarray
    skipped: np.ndarray

    @property
    def rates(self) -> np.ndarray:
        """float64[groups], skipped / answered; NaN for a group without answers."""
        out = np.full(len(self.answered), np.nan)
        return np.divide(self.skipped, self.answered, out=out, where=self.answered > 0)

    @property
    def intervals(self) -> np.ndarray:
        """float64[groups, 2], Wilson's 95 % interval of each rate; NaN without answers.

        Wilson's, because many groups hold a handful of objects and rates near 0, where the usual
        ±1.96 standard errors would reach below 0.
        """
        z = 1.959963984540054
        n = np.where(self.answered > 0, self.answered, np.nan).astype(float)
        middle = (self.skipped + z**2 / 2) / (n + z**2)
        half = z / (n + z**2) * np.sqrt(self.skipped * (n - self.skipped) / n + z**2 / 4)
        return np.clip(np.stack([middle - half, middle + half], axis=1), 0, 1)


@dataclass(frozen=True)
class SkipRates:
    """Skipped objects of a set.

    Attributes:
        category_ids: The file's categories, in its order.
        category_names: Their names, verbatim.
        by_category: A group a category.
        by_size: A group for each of the 20 bins between `BIN_EDGES`, by the size of the object's
            box in its image. Objects without a box are in none.
    """

    category_ids: list[int]
    category_names: list[str]
    by_category: Shares
    by_size: Shares


def skip_rates(
    file: AnnotationFile, relative_size: RelativeSize = RelativeSize.ROOT
) -> SkipRates | None:
    """Skip rates of a file; None where nothing was skipped (COCO, LVIS …).

    Args:
        file: The file, read.
        relative_size: The root of the ratio of box area to image area, or the plain ratio.
    """
    places = {category.id: place for place, category in enumerate(file.categories)}
    areas = {image.id: image.height * image.width for image in file.images}
    categories, ratios, skips = [], [], []
    for annotation in file.annotations:
        if annotation.iscrowd or annotation.unanswered or annotation.is_unaskable:
            continue
        categories.append(places[annotation.category_id])
        skips.append(annotation.is_skipped)
        box = annotation.bbox
        area = np.nan if box is None else max(0.0, box[2]) * max(0.0, box[3])
        ratios.append(area / areas[annotation.image_id])
    skipped = np.array(skips, bool)
    if not skipped.any():
        return None
    sizes = np.minimum(np.array(ratios, float), 1)  # boxes overrun their image by fractions
    if relative_size is RelativeSize.ROOT:
        sizes = np.sqrt(sizes)
    known = ~np.isnan(sizes)
    category = np.array(categories, np.int64)

    def per_category(chosen: np.ndarray) -> np.ndarray:
        return np.bincount(category[chosen], minlength=len(places))

    def per_size(chosen: np.ndarray) -> np.ndarray:
        return np.histogram(sizes[chosen & known], BIN_EDGES)[0]

    everything = np.ones(len(skipped), bool)
    return SkipRates(
        category_ids=[category.id for category in file.categories],
        category_names=[category.name for category in file.categories],
        by_category=Shares(per_category(everything), per_category(skipped)),
        by_size=Shares(per_size(everything), per_size(skipped)),
    )
