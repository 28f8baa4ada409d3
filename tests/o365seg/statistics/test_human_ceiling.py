"""AP of raters against each other: as defined, and as the evaluator finds it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools.cocoeval import COCOeval

from benchmark import evaluate
from o365seg.formats.masks import encode_rle
from o365seg.statistics.human_ceiling import average_precision, human_ceiling, released_ceiling
from o365seg.store.quality.agreement import Pair


def pair(
    question: int,
    iou: float | None,
    category: str = "Person",
    raters: tuple[str, str] = ("Ada", "Bob"),
    image: int | None = None,
) -> Pair:
    painted = (True, iou is not None)
    return Pair(question, question if image is None else image, category, raters, painted, 9.0, iou)


def test_one_object_a_category_is_what_the_evaluator_finds() -> None:
    """A rater's masks as predictions of score 1 on the other's; squares of 20 × 20, shifted."""
    random = np.random.default_rng(0)
    shifts = random.integers(0, 8, 40)
    images, truth, predictions, pairs = [], [], [], []
    for index, shift in enumerate(shifts.tolist()):
        first, second = np.zeros((2, 40, 40), bool)
        first[5:25, 5:25] = second[5:25, 5 + shift : 25 + shift] = True
        images.append({"id": index, "width": 40, "height": 40, "file_name": f"{index}.jpg"})
        of_both = []
        for mask in (first, second):
            rle = encode_rle(mask)
            of_both.append({"size": list(rle.size), "counts": rle.counts})
        shared = {"id": index + 1, "image_id": index, "category_id": index + 1}
        box = {"bbox": [5, 5, 20, 20], "area": 400, "iscrowd": 0}
        truth.append({**shared, **box, "segmentation": of_both[0]})
        predictions.append({**shared, "segmentation": of_both[1], "score": 1.0})
        iou = (first & second).sum() / (first | second).sum()
        pairs.append(pair(index, float(iou), category=f"category {index}"))
    categories = [{"id": index + 1, "name": f"category {index}"} for index in range(40)]
    file = {"images": images, "annotations": truth, "categories": categories}
    expected = evaluate(predictions, file).metrics
    found = human_ceiling(pairs)
    assert found is not None
    assert found.ap == pytest.approx(expected["AP"], abs=1e-12)
    assert found.ap50 == pytest.approx(expected["AP50"], abs=1e-12)
    assert found.ap75 == pytest.approx(expected["AP75"], abs=1e-12)
    assert (found.questions, found.images, found.categories, found.raters) == (40, 40, 40, 2)


@given(st.integers(1, 300), st.data())
def test_equal_scores_are_one_point_of_pycocotools_curve(masks: int, data: st.DataObject) -> None:
    """Precision k / n at each of pycocotools' 101 recalls up to k / n, and 0 beyond."""
    hits = data.draw(st.integers(0, masks))
    recalls = COCOeval(iouType="segm").params.recThrs
    share = hits / masks
    expected = np.where(recalls <= share + 1e-9, share, 0).mean()
    assert average_precision(np.array(share)) == pytest.approx(expected)


def test_a_question_counts_once_and_skips_do_not() -> None:
    three = [
        pair(1, 1.0, raters=("Ada", "Bob")),
        pair(1, 0.4, raters=("Ada", "Cem")),
        pair(1, 0.4, raters=("Bob", "Cem")),
    ]
    found = human_ceiling([*three, pair(2, 1.0), pair(3, None)])
    assert found is not None
    # Of question 1 a third of the pairs agree: (1/3 + 1) / 2 of the questions.
    assert found.ap == pytest.approx(float(average_precision(np.array(2 / 3))))
    assert (found.questions, found.skipped, found.raters) == (2, 1, 3)
    assert human_ceiling([pair(3, None)]) is None
    assert human_ceiling([]) is None
    assert released_ceiling(None) is None


def test_the_interval_is_over_images_and_needs_ten() -> None:
    random = np.random.default_rng(1)
    ious = random.uniform(0.5, 1, 200)
    few = human_ceiling([pair(q, iou, image=q % 9) for q, iou in enumerate(ious.tolist())])
    many = human_ceiling([pair(q, iou) for q, iou in enumerate(ious.tolist())])
    # The same answers, but each image has ten times the same: as wide as of a tenth of the images.
    same = human_ceiling(
        [pair(q, ious[q // 10].item(), image=q // 10) for q in range(len(ious))],
    )
    assert few is not None
    assert few.interval is None
    assert many is not None
    assert same is not None
    assert many.interval is not None
    assert same.interval is not None
    assert 0 < many.interval.low < many.ap < many.interval.high < 1
    wide = same.interval.high - same.interval.low
    assert wide > 2.5 * (many.interval.high - many.interval.low)
    said = released_ceiling(many)
    assert said is not None
    assert said["AP_interval"] == [round(many.interval.low, 6), round(many.interval.high, 6)]
