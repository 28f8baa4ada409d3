"""Put this evaluator in pycocotools' place for code that imports pycocotools."""

from benchmark.drop_in.cocoeval import COCOeval
from benchmark.drop_in.index import COCO


def patch_pycocotools() -> None:
    """Make `pycocotools.coco.COCO` and `pycocotools.cocoeval.COCOeval` this evaluator's classes.

    Call it before other code runs `from pycocotools.coco import COCO`: what was imported by then
    stays the original.
    """
    # What keeps the originals must have imported them by now.
    import pycocotools.coco
    import pycocotools.cocoeval

    import benchmark.average_precision.pycocotools_matching  # noqa: F401

    pycocotools.coco.COCO = COCO
    pycocotools.cocoeval.COCOeval = COCOeval
