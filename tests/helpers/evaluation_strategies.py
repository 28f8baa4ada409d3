"""Random small evaluations in which ties, copies, crowds and skips are frequent."""

import numpy as np
from evaluation_cases import HEIGHT, WIDTH, Case, Guess, Thing, rectangle
from hypothesis import strategies as st


# Few positions and scores, so that equal IoU, equal scores and exact copies are frequent.
@st.composite
def shapes(draw: st.DrawFn) -> tuple[int, int, int, int]:
    x, y = draw(st.sampled_from([0, 1, 4, 40])), draw(st.sampled_from([0, 2, 50]))
    width, height = draw(st.sampled_from([0, 4, 32, 33, 96])), draw(st.sampled_from([4, 32, 97]))
    return x, y, min(width, WIDTH - x), min(height, HEIGHT - y)


@st.composite
def cases(draw: st.DrawFn, skips: bool = True, with_boxes: bool = False) -> Case:
    pool = draw(st.lists(shapes(), min_size=1, max_size=3))
    shape = st.sampled_from(pool)
    places = [{"image": 1, "category": 1}] * 4
    place = st.sampled_from([*places, {"image": 2, "category": 1}, {"image": 1, "category": 2}])

    def thing() -> Thing:
        x, y, width, height = draw(shape)
        box = (float(x), float(y), float(width), float(height))
        crowd = draw(st.sampled_from([False, False, False, True]))
        hidden = (skips or crowd) and draw(st.sampled_from([False, True, True]))
        mask = None if hidden else rectangle(x, y, width, height)
        area = draw(st.sampled_from([None, None, 32.0**2, 96.0**2]))
        return Thing(mask, box, crowd, area=area, **draw(place))

    def guess() -> Guess:
        x, y, width, height = draw(shape)
        mask = rectangle(x, y, width, height)
        bite = draw(st.sampled_from([0, 0, 0, 1, 2, 4]))
        mask[y : y + bite * height // 8, x : x + width] = False
        box = (x + 0.25, float(y), float(width), height - 0.5) if with_boxes else None
        mask = np.roll(mask, draw(st.sampled_from([0, 0, 0, 1])), axis=1)
        return Guess(mask, draw(st.sampled_from([0.0, 0.25, 0.5, 0.9, 1])), box=box, **draw(place))

    things = [thing() for _ in range(draw(st.sampled_from([0, 1, 2, 3, 6])))]
    guesses = [guess() for _ in range(draw(st.sampled_from([1, 2, 4, 8, 13])))]
    if draw(st.sampled_from([True, True, True, False])):  # what false positives above it cost
        last = rectangle(64, 70, 33, 33)
        things.append(Thing(last))
        guesses.append(Guess(last, 0.0, box=(64, 70, 33, 33) if with_boxes else None))
    first_id = draw(st.sampled_from([1, 1, 1, 0]))
    return Case(things, guesses, categories=[2, 1, 7], first_id=first_id)
