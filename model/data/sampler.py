"""Which images an iteration trains on: a function of the seed and the iteration, and of no state.

"At each iteration, we randomly sample one dataset, then sample an entire batch for that iteration
from the selected dataset" (section 3.5). A data set's images come in shuffled epochs, each image
once an epoch; a batch may go over the end of one. As nothing but the seed and the iteration
counts, a run goes on where it was stopped at once, and all processes draw the same without a word
to each other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

# Keeps the streams of random numbers apart.
_PLAN, _ORDER, _AUGMENT = 1, 2, 3


@dataclass(frozen=True)
class Draw:
    """An image that was drawn.

    Attributes:
        dataset: The data set's place in the mixture.
        index: The image's place in it.
        number: How many of the data set's were drawn before, in the whole run.
    """

    dataset: int
    index: int
    number: int


def dataset_plan(shares: Sequence[float], iterations: int, seed: int) -> np.ndarray:
    """The data set of each iteration; a longer run begins as a shorter one does.

    Args:
        shares: What each data set weighs in the draw (paper: 1, 4, 4).

    Returns:
        int16 (iterations,), places in `shares`.
    """
    bounds = np.cumsum(shares) / np.sum(shares)
    draws = np.random.default_rng([seed, _PLAN]).random(iterations)
    # The last bound may be a rounding error below one.
    return np.searchsorted(bounds[:-1], draws, side="right").astype(np.int16)


class EpochOrder:
    """A data set's images in the order in which they are drawn, epoch after epoch.

    Args:
        size: How many images there are.
        dataset: The data set's place in the mixture.
        seed: Of the run.
    """

    def __init__(self, size: int, dataset: int, seed: int) -> None:
        self._size, self._dataset, self._seed = size, dataset, seed
        self._epoch, self._order = -1, np.zeros(0, np.int64)

    def __getitem__(self, number: int) -> int:
        """The image that is drawn after `number` others."""
        epoch, place = divmod(number, self._size)
        if epoch != self._epoch:
            rng = np.random.default_rng([self._seed, _ORDER, self._dataset, epoch])
            self._epoch, self._order = epoch, rng.permutation(self._size)
        return int(self._order[place])


def rank_draws(
    plan: np.ndarray,
    sizes: Sequence[int],
    *,
    start: int,
    batch_size: int,
    accumulate: int,
    rank: int,
    ranks: int,
    seed: int,
) -> Iterator[list[Draw]]:
    """What one process trains on, part by part: `accumulate` lists for each iteration.

    The processes' parts of an iteration are disjoint, and together they are the batch that a
    single process would have: rank r has the images r * n to (r + 1) * n.

    Args:
        plan: Of the whole run (`dataset_plan`).
        sizes: Images of each data set.
        start: The iteration to begin with.
        batch_size: Images of an iteration, a multiple of `ranks * accumulate`.
        accumulate: Parts of an iteration.
        rank: This process's number.
        ranks: Processes.
        seed: Of the run.
    """
    orders = [EpochOrder(size, dataset, seed) for dataset, size in enumerate(sizes)]
    drawn = drawn_before(plan, start, batch_size, len(sizes))
    own = batch_size // ranks
    part = own // accumulate
    for dataset in plan[start:].tolist():
        first = drawn[dataset] + rank * own
        for step in range(accumulate):
            numbers = range(first + step * part, first + (step + 1) * part)
            yield [Draw(dataset, orders[dataset][number], number) for number in numbers]
        drawn[dataset] += batch_size


def drawn_before(plan: np.ndarray, iteration: int, batch_size: int, datasets: int) -> list[int]:
    """How many images of each data set the iterations before that one took."""
    return (np.bincount(plan[:iteration], minlength=datasets) * batch_size).tolist()


def augmentation_rng(seed: int, draw: Draw) -> np.random.Generator:
    """The random numbers of a drawn image, whichever process loads it."""
    return np.random.default_rng([seed, _AUGMENT, draw.dataset, draw.number])
