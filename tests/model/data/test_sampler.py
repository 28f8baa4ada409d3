"""What is drawn: by the shares, each image once an epoch, the same from any start and rank."""

from itertools import islice

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model.data.sampler import (
    Draw,
    EpochOrder,
    augmentation_rng,
    dataset_plan,
    drawn_before,
    rank_draws,
)


def test_data_sets_come_by_their_shares() -> None:
    plan = dataset_plan([1, 4, 4], 90_000, seed=0)
    counts = np.bincount(plan, minlength=3)
    np.testing.assert_allclose(counts / 10_000, [1, 4, 4], atol=0.08)


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=6), st.integers(0, 2**32))
def test_a_longer_run_begins_as_a_shorter_one(shares: list[float], seed: int) -> None:
    long = dataset_plan(shares, 200, seed)
    assert (long[:50] == dataset_plan(shares, 50, seed)).all()
    assert long.min() >= 0
    assert long.max() < len(shares)


@given(st.integers(1, 50), st.integers(0, 5), st.integers(0, 2**32))
def test_an_epoch_has_each_image_once(size: int, dataset: int, seed: int) -> None:
    order = EpochOrder(size, dataset, seed)
    epochs = [[order[epoch * size + i] for i in range(size)] for epoch in range(3)]
    for epoch in epochs:
        assert sorted(epoch) == list(range(size))
    if size > 20:  # 20! orders: two alike would be no accident
        assert epochs[0] != epochs[1]
        assert epochs[0] != [EpochOrder(size, dataset + 1, seed)[i] for i in range(size)]


shapes = st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))


@given(shapes, st.lists(st.integers(1, 9), min_size=1, max_size=3), st.integers(0, 100))
def test_processes_and_parts_make_up_the_joined_batch(
    shape: tuple[int, int, int], sizes: list[int], seed: int
) -> None:
    ranks, accumulate, part = shape
    batch = ranks * accumulate * part
    plan = dataset_plan([1] * len(sizes), 7, seed)

    def draws(rank: int, of: int, parts: int, start: int = 0) -> list[list[Draw]]:
        return list(
            rank_draws(
                plan, sizes, start=start, batch_size=batch, accumulate=parts, rank=rank, ranks=of,
                seed=seed,
            )
        )  # fmt: skip

    whole = draws(0, 1, 1)
    assert len(whole) == 7
    split = [draws(rank, ranks, accumulate) for rank in range(ranks)]
    for iteration, joined in enumerate(whole):
        own = slice(iteration * accumulate, (iteration + 1) * accumulate)
        assert joined == [draw for one in split for part in one[own] for draw in part]
        assert {draw.dataset for draw in joined} == {plan[iteration]}
    for start in range(8):  # from anywhere, at once
        assert draws(0, 1, 1, start) == whole[start:]
    skipping = rank_draws(
        plan, sizes, start=1, batch_size=batch, accumulate=1, rank=0, ranks=1, seed=seed,
        skip=[1, 3],
    )  # fmt: skip
    assert list(skipping) == [*whole[1:2], *whole[3:]]
    # All of a data set's draws, in the order of their numbers, are its epochs.
    for dataset, size in enumerate(sizes):
        found = [draw for batch in whole for draw in batch if draw.dataset == dataset]
        assert [draw.number for draw in found] == list(range(len(found)))
        order = EpochOrder(size, dataset, seed)
        assert [draw.index for draw in found] == [order[i] for i in range(len(found))]
    counts = [sum(draw.dataset == d for one in whole for draw in one) for d in range(len(sizes))]
    assert drawn_before(plan, 7, batch, len(sizes)) == counts


def test_a_drawn_image_has_its_own_random_numbers() -> None:
    first = augmentation_rng(0, Draw(0, 5, 17)).random()
    assert first == augmentation_rng(0, Draw(0, 5, 17)).random()
    others = [(1, Draw(0, 5, 17)), (0, Draw(1, 5, 17)), (0, Draw(0, 5, 18))]
    assert first not in [augmentation_rng(seed, draw).random() for seed, draw in others]


def test_a_large_data_set_starts_at_once() -> None:
    """The middle of the paper's run: nothing is drawn anew but the epoch's order."""
    plan = dataset_plan([1, 4, 4], 500_000, seed=0)
    sizes = [20_210, 118_287, 1_662_292]
    draws = rank_draws(
        plan, sizes, start=400_000, batch_size=384, accumulate=1, rank=63, ranks=64, seed=0
    )
    first = next(islice(draws, 1))
    assert len(first) == 6
    assert first[0].number >= 384 * 400_000 // 10
