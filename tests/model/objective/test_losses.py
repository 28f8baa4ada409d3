"""Each loss against its formula written again in float64, and its gradient against differences."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.objective import losses
from model.objective.fast_mask_losses import mask_losses

shapes = st.tuples(st.integers(1, 5), st.integers(1, 7), st.integers(1, 7))  # M, h, w
seeds = st.integers(0, 2**32)
spreads = st.sampled_from([0.1, 3.0, 30.0])


def draw(shape: tuple[int, ...], seed: int, spread: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    logits = (spread * random.standard_normal(shape)).astype(np.float32).astype(np.float64)
    return logits, random.random(shape) < 0.4


def sigmoid(x: np.ndarray) -> np.ndarray:
    return np.exp(-np.logaddexp(0, -x))


def focal_again(logits: np.ndarray, truth: np.ndarray) -> list[float]:
    totals = []
    for row, labels in zip(logits, truth, strict=True):
        total = 0.0
        for x, positive in zip(row, labels, strict=True):
            if positive:
                total += 0.25 * sigmoid(-x) ** 2 * np.logaddexp(0, -x)
            else:
                total += 0.75 * sigmoid(x) ** 2 * np.logaddexp(0, x)
        totals.append(total / len(row))
    return totals


def dice_again(logits: np.ndarray, truth: np.ndarray) -> list[float]:
    pairs = zip(sigmoid(logits), truth, strict=True)
    return [1 - (2 * p[t].sum() + 1) / (p.sum() + t.sum() + 1) for p, t in pairs]


def projection_again(logits: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> list[float]:
    totals = []
    for probs, *box in zip(sigmoid(logits), rows, columns, strict=True):
        total = 0.0
        for projection, side in zip((probs.max(1), probs.max(0)), box, strict=True):
            squares = (projection**2).sum() + side.sum() + 1e-5
            total += 1 - 2 * projection[side].sum() / squares
        totals.append(total)
    return totals


def close(got: torch.Tensor, expected: list[float]) -> None:
    np.testing.assert_allclose(got.detach().numpy(), expected, rtol=1e-5, atol=1e-6)


@given(shapes, seeds, spreads)
def test_losses_are_their_formulas(shape: tuple, seed: int, spread: float) -> None:
    logits, truth = draw((shape[0], shape[1] * shape[2]), seed, spread)
    for dtype in (torch.float32, torch.float64):
        given_logits, targets = torch.tensor(logits, dtype=dtype), torch.tensor(truth)
        focal, dice = mask_losses(given_logits, targets)
        for own in (focal, losses.focal_loss(given_logits, targets)):
            np.testing.assert_allclose(own, focal_again(logits, truth), rtol=1e-5, atol=1e-30)
        for own in (dice, losses.dice_loss(given_logits, targets)):
            close(own, dice_again(logits, truth))


@given(shapes, seeds, spreads)
def test_projection_loss_is_its_formula(shape: tuple, seed: int, spread: float) -> None:
    logits, truth = draw(shape, seed, spread)
    rows, columns = np.asarray(truth.any(2)), np.asarray(truth.any(1))
    got = losses.projection_loss(
        torch.tensor(logits, dtype=torch.float32), torch.tensor(rows), torch.tensor(columns)
    )
    close(got, projection_again(logits, rows, columns))


@given(st.integers(1, 6), st.integers(1, 5), seeds)
def test_classification_is_a_weighted_sum_over_the_slots_that_count(
    slots: int, classes: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    logits = 3 * random.standard_normal((slots, classes + 1))
    labels = random.integers(-1, classes + 1, slots)
    labels[labels < 0] = -100
    labels[0] = classes
    total = 0.0
    for row, label in zip(logits, labels, strict=True):
        if label >= 0:
            own = 0.05 if label == classes else 1.0
            total += own * (np.log(np.exp(row).sum()) - row[label])
    got = losses.classification_loss(torch.tensor(logits), torch.tensor(labels), 0.05)
    np.testing.assert_allclose(got, total, rtol=1e-10, atol=1e-12)


def test_gradients_are_those_of_finite_differences() -> None:
    logits, truth = draw((3, 4, 5), seed=0)
    maps, targets = torch.tensor(logits, requires_grad=True), torch.tensor(truth)
    flat, flat_targets = torch.tensor(logits).flatten(1).requires_grad_(), targets.flatten(1)
    check = torch.autograd.gradcheck
    assert check(lambda x: losses.focal_loss(x, flat_targets), flat)
    assert check(lambda x: losses.dice_loss(x, flat_targets), flat)
    assert check(lambda x: mask_losses(x, flat_targets), flat)
    assert check(lambda x: losses.projection_loss(x, targets.any(2), targets.any(1)), maps)
    labels = torch.tensor([0, 4, 3])
    assert check(lambda x: losses.classification_loss(x, labels, 0.05), flat[:, :5])


@given(shapes, seeds, spreads)
def test_the_gradient_by_hand_is_autograds(shape: tuple, seed: int, spread: float) -> None:
    logits, truth = draw((shape[0], shape[1] * shape[2]), seed, spread)
    targets = torch.tensor(truth)
    random = torch.Generator().manual_seed(seed)
    weights = torch.randn(2, shape[0], generator=random, dtype=torch.float64)
    gradients = []
    for focal, dice in (
        (losses.focal_loss, losses.dice_loss),
        (lambda x, t: mask_losses(x, t)[0], lambda x, t: mask_losses(x, t)[1]),
    ):
        x = torch.tensor(logits, requires_grad=True)
        total = (weights[0] * focal(x, targets)).sum() + (weights[1] * dice(x, targets)).sum()
        gradients.append(torch.autograd.grad(total, x)[0])
    torch.testing.assert_close(*gradients, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_raised_to_single(dtype: torch.dtype) -> None:
    logits, truth = draw((2, 9), seed=1, spread=20)
    low = torch.tensor(logits, dtype=dtype, requires_grad=True)
    focal, dice = mask_losses(low, torch.tensor(truth))
    assert focal.dtype == dice.dtype == torch.float32
    np.testing.assert_allclose(
        focal.detach(), focal_again(low.detach().double().numpy(), truth), rtol=1e-5
    )
    (focal + dice).sum().backward()
    assert low.grad is not None
    assert low.grad.dtype == dtype


@given(shapes, st.data())
def test_a_mask_that_fills_its_box_has_no_projection_loss(
    shape: tuple, data: st.DataObject
) -> None:
    """Nor has any other that reaches all borders of its box, a diagonal for instance."""
    _, height, width = shape
    rows = data.draw(st.lists(st.booleans(), min_size=height, max_size=height).filter(any))
    columns = data.draw(st.lists(st.booleans(), min_size=width, max_size=width).filter(any))
    box = torch.tensor(rows)[:, None] & torch.tensor(columns)
    logits = torch.where(box, 40.0, -40.0)
    sides = torch.tensor([rows]), torch.tensor([columns])
    assert losses.projection_loss(logits[None], *sides).item() < 1e-4


def test_extreme_logits_keep_losses_and_gradients_finite() -> None:
    x = torch.tensor([[1e4, -1e4, 100.0, -100.0, 0.0]] * 2, requires_grad=True)
    targets = torch.tensor([[True] * 5, [False] * 5])
    focal, dice = mask_losses(x, targets)
    (focal + dice).sum().backward()
    assert x.grad is not None
    assert torch.isfinite(focal).all()
    assert torch.isfinite(x.grad).all()


def test_no_masks_give_no_losses_but_keep_the_graph() -> None:
    x = torch.zeros(0, 6, requires_grad=True)
    focal, dice = mask_losses(x, torch.zeros(0, 6, dtype=torch.bool))
    (focal.sum() + dice.sum()).backward()
    assert x.grad is not None
    assert focal.shape == dice.shape == (0,)
