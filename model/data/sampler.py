"""Which images an iteration trains on, as a function of the seed and the iteration, without state.

"At each iteration, we randomly sample one dataset, then sample an entire batch for that iteration
from the selected dataset" (section 3.5). A data set's images come in shuffled epochs, each image
once an epoch; a batch may span two epochs. Because only the seed and the iteration matter, a run
resumes at once where it stopped, and all processes draw the same images without communication.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

# Separate streams of random numbers.
_PLAN, _ORDER, _AUGMENT = 1, 2, 3


@dataclass(frozen=True)
class Draw:
    """A drawn image.

    Attributes:
        dataset: Index of the data set in the mixture.
        index: Index of the image in the data set.
        number: Number of images of this data set drawn before it in the whole run.
    """

    dataset: int
    index: int
    number: int


def dataset_plan(sampling_ratios: Sequence[float], iterations: int, seed: int) -> np.ndarray:
    """Draw the data set of each iteration; a longer run starts like a shorter one.

    Args:
        sampling_ratios: How often each data set is drawn relative to the others (paper: 1, 4, 4).

    Returns:
        int16 (iterations,), indices into `sampling_ratios`.
    """
    bounds = np.cumsum(sampling_ratios) / np.sum(sampling_ratios)
    draws = np.random.default_rng([seed, _PLAN]).random(iterations)
    # The last bound may be a rounding error below one.
    return np.searchsorted(bounds[:-1], draws, side="right").astype(np.int16)


class EpochOrder:
    """The order in which a data set's images are drawn, epoch after epoch.

    Args:
        size: Number of images.
        dataset: Index of the data set in the mixture.
        seed: Seed of the run.
    """

    def __init__(self, size: int, dataset: int, seed: int) -> None:
        self._size, self._dataset, self._seed = size, dataset, seed
        self._epoch, self._order = -1, np.zeros(0, np.int64)

    def __getitem__(self, number: int) -> int:
        """Index of the image that is drawn after `number` others."""
        epoch, position = divmod(number, self._size)
        if epoch != self._epoch:
            rng = np.random.default_rng([self._seed, _ORDER, self._dataset, epoch])
            self._epoch, self._order = epoch, rng.permutation(self._size)
        return int(self._order[position])


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
    skip: Collection[int] = (),
) -> Iterator[list[Draw]]:
    """Yield the draws of one process: `accumulate` lists for each iteration, none if skipped.

    The draws of all processes in an iteration are disjoint, and together they are the batch of a
    single process: rank r has the images r * n to (r + 1) * n.

    Args:
        plan: Data set of each iteration of the whole run (`dataset_plan`).
        sizes: Number of images of each data set.
        start: First iteration.
        batch_size: Images per iteration, a multiple of `ranks * accumulate`.
        accumulate: Forward passes per iteration and process.
        rank: Number of this process, from 0.
        ranks: Number of processes.
        seed: Seed of the run.
        skip: Iterations, from 1, to leave out; all others draw what they would without it.
    """
    orders = [EpochOrder(size, dataset, seed) for dataset, size in enumerate(sizes)]
    drawn = drawn_before(plan, start, batch_size, len(sizes))
    own = batch_size // ranks
    subset = own // accumulate
    for number, dataset in enumerate(plan[start:].tolist(), start + 1):
        first = drawn[dataset] + rank * own
        for step in range(accumulate if number not in skip else 0):
            begin = first + step * subset
            yield [Draw(dataset, orders[dataset][n], n) for n in range(begin, begin + subset)]
        drawn[dataset] += batch_size


def drawn_before(plan: np.ndarray, iteration: int, batch_size: int, datasets: int) -> list[int]:
    """Number of images drawn of each data set before an iteration."""
    return (np.bincount(plan[:iteration], minlength=datasets) * batch_size).tolist()


def augmentation_rng(seed: int, draw: Draw) -> np.random.Generator:
    """The random generator for a drawn image, the same in whichever process loads it."""
    return np.random.default_rng([seed, _AUGMENT, draw.dataset, draw.number])
