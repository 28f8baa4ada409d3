"""Costs and assignments against plain definitions and a search through all assignments."""

from itertools import permutations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.network.outputs import Proposals
from model.objective import losses
from model.objective.fast_merge import matched_masks
from model.objective.loss_weights import ADE20K_SEMANTIC, COCO_PANOPTIC, OBJECTS365_BOXES, Weights
from model.objective.matching import mask_costs, match
from model.objective.merge import Groups, group_proposals, merge, merge_masks
from model.objective.targets import BoxTarget, MaskTarget, Target, join_targets

GRID = 5, 4


def draw_proposals(batch: int, count: int, classes: int, seed: int) -> Proposals:
    random = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(batch, count, classes + 1, generator=random)
    return Proposals(logits, 3 * torch.randn(batch, count, *GRID, generator=random))


def draw_target(kind: type[Target], gts: int, classes: int, seed: int) -> Target:
    random = torch.Generator().manual_seed(seed)
    labels = torch.randint(classes, (gts,), generator=random)
    masks = torch.rand(gts, *GRID, generator=random) < 0.4
    if kind is MaskTarget:
        return MaskTarget(labels, masks)
    return BoxTarget(labels, masks.any(2), masks.any(1))


def pair_cost(mask: torch.Tensor, target: Target, index: int, weights: Weights) -> float:
    if isinstance(target, BoxTarget):
        sides = target.rows[index, None], target.columns[index, None]
        return weights.projection * losses.projection_loss(mask[None], *sides).item()
    truth = target.masks[index].flatten()[None]
    focal = losses.focal_loss(mask.flatten()[None], truth).item()
    return (
        weights.focal * focal + weights.dice * losses.dice_loss(mask.flatten()[None], truth).item()
    )


@given(st.integers(1, 6), st.integers(0, 5), st.integers(0, 2**32))
@pytest.mark.parametrize(
    ("kind", "weights"),
    [
        (MaskTarget, ADE20K_SEMANTIC.cost),
        (MaskTarget, COCO_PANOPTIC.cost),
        (BoxTarget, OBJECTS365_BOXES.cost),
    ],
)
def test_costs_of_pairs_are_the_losses_of_pairs(
    kind: type[Target], weights: Weights, count: int, gts: int, seed: int
) -> None:
    masks = draw_proposals(1, count, 3, seed).masks[0]
    target = draw_target(kind, gts, 3, seed)
    got = mask_costs(masks, target, weights)
    assert got.shape == (count, gts)
    for (slot, truth), cost in np.ndenumerate(got.numpy()):
        assert cost == pytest.approx(
            pair_cost(masks[slot], target, truth, weights), rel=1e-5, abs=1e-5
        )


truth_counts = st.lists(st.integers(0, 4), min_size=1, max_size=3)


def least_cost(cost: np.ndarray) -> float:
    """Of all ways to give each of the shorter side one of the longer."""
    wide = cost if cost.shape[0] >= cost.shape[1] else cost.T
    return min(
        sum(wide[row, column] for column, row in enumerate(rows))
        for rows in permutations(range(wide.shape[0]), wide.shape[1])
    )


@given(st.integers(1, 5), truth_counts, st.integers(0, 2**32))
def test_matching_has_the_least_cost_of_all_assignments(
    count: int, gts: list[int], seed: int
) -> None:
    """Among the slots; what is left over, among the members that are no slot."""
    classes, weights = 3, ADE20K_SEMANTIC.cost
    proposals = draw_proposals(len(gts), count, classes, seed)
    targets = [draw_target(MaskTarget, n, classes, seed + i) for i, n in enumerate(gts)]
    groups = group_proposals(proposals.logits, torch.tensor([True, True, False]))
    matches = match(proposals, groups, join_targets(targets), weights)
    pairs = list(zip(matches.slots.tolist(), matches.targets.tolist(), strict=True))
    merged, first = merge(proposals, groups), 0
    for image, target in enumerate(targets):
        valid = groups.valid[image].numpy()
        cost = np.zeros((count, gts[image]))
        for slot, truth in np.ndindex(cost.shape):
            source = merged if valid[slot] else proposals
            chance = source.logits[image, slot].softmax(-1)[target.labels[truth]].item()
            cost[slot, truth] = -weights.cross_entropy * chance
            cost[slot, truth] += pair_cost(source.masks[image, slot], target, truth, weights)
        own = {t - first: s - image * count for s, t in pairs if s // count == image}
        by_slots = [truth for truth, slot in own.items() if valid[slot]]
        by_rest = [truth for truth, slot in own.items() if not valid[slot]]
        assert len(set(own.values())) == len(own) == min(cost.shape)
        assert len(by_slots) == min(valid.sum(), gts[image])
        rest = [truth for truth in range(gts[image]) if truth not in by_slots]
        for found, wanted, rows in (
            (by_slots, list(range(gts[image])), valid),
            (by_rest, rest, ~valid),
        ):
            total = sum(cost[own[truth], truth] for truth in found)
            assert total == pytest.approx(least_cost(cost[rows][:, wanted]), rel=1e-5, abs=1e-5)
        first += gts[image]
    assert matches.complete == (len(pairs) == sum(gts))
    assert matches.targets.tolist() == sorted(matches.targets.tolist())


def test_a_network_of_one_class_is_not_left_with_one_pair() -> None:
    """All proposals in one group and three ground-truth objects: two members leave it and learn."""
    proposals = draw_proposals(1, 5, 3, seed=0)
    groups = Groups(torch.zeros(1, 5, dtype=torch.int64))
    matches = match(
        proposals, groups, join_targets([draw_target(MaskTarget, 3, 3, 0)]), COCO_PANOPTIC.cost
    )
    assert matches.complete
    slots = matches.slots.tolist()
    assert 0 in slots
    assert matches.groups.valid[0].nonzero()[:, 0].tolist() == sorted(slots)
    stayed = [number for number in range(5) if number not in slots or number == 0]
    assert (matches.groups.slots[0, stayed] == 0).all()
    members = matches.members[matches.owners == slots.index(0)]
    assert members.tolist() == stayed


@given(st.integers(1, 9), st.integers(1, 4), st.integers(0, 2**32))
def test_matched_masks_are_the_merged_masks_of_the_matched_slots(
    count: int, classes: int, seed: int
) -> None:
    """Values and gradients, on the layer that made the groups and on another."""
    proposals = draw_proposals(2, count, classes, seed)
    other = draw_proposals(2, count, classes, seed + 1).masks.requires_grad_()
    targets = [draw_target(MaskTarget, n, classes, seed) for n in (3, 2)]
    groups = group_proposals(proposals.logits, torch.ones(classes, dtype=torch.bool))
    matches = match(proposals, groups, join_targets(targets), COCO_PANOPTIC.cost)
    expected = merge_masks(other, matches.groups).flatten(0, 1)[matches.slots]
    got = matched_masks(other, matches)
    assert torch.equal(got, expected)
    weights = torch.randn(got.shape, generator=torch.Generator().manual_seed(seed))
    by_hand = torch.autograd.grad((weights * got).sum(), other)[0]
    torch.testing.assert_close(by_hand, torch.autograd.grad((weights * expected).sum(), other)[0])


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_costs_that_are_no_numbers_do_not_stop_the_matching(bad: float) -> None:
    proposals = draw_proposals(1, 4, 2, seed=0)
    target = draw_target(MaskTarget, 2, 2, seed=0)
    groups = Groups(torch.arange(4)[None])
    logits, masks = proposals.logits.clone(), proposals.masks.clone()
    logits[0, 1, 0], masks[0, 1] = bad, bad
    proposals = Proposals(logits, masks)
    matches = match(proposals, groups, join_targets([target]), ADE20K_SEMANTIC.cost)
    assert len(matches.targets) == 2
    if np.isnan(bad):
        assert 1 not in matches.slots.tolist()  # there were better ones
    everything = Proposals(logits.fill_(bad), masks.fill_(bad))
    matches = match(everything, groups, join_targets([target]), ADE20K_SEMANTIC.cost)
    assert len(matches.targets) == 2


def test_more_gts_than_proposals_leaves_some_unmatched_and_none_leaves_all() -> None:
    proposals = draw_proposals(2, 2, 3, seed=1)
    targets = [draw_target(MaskTarget, 5, 3, seed=1), draw_target(MaskTarget, 0, 3, seed=1)]
    groups = Groups(torch.arange(2).expand(2, 2))
    matches = match(proposals, groups, join_targets(targets), COCO_PANOPTIC.cost)
    assert len(matches.targets) == 2
    assert not matches.complete
    assert set(matches.slots.tolist()) == {0, 1}
    nothing = match(proposals, groups, join_targets(targets[1:] * 2), COCO_PANOPTIC.cost)
    assert nothing.complete
    assert matched_masks(proposals.masks, nothing).shape == (0, *GRID)


def test_the_host_waits_for_the_device_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted by the calls that copy to the host or need a value there."""
    copies = []
    own = torch.Tensor.cpu
    monkeypatch.setattr(torch.Tensor, "cpu", lambda self: copies.append(self.shape) or own(self))
    for name in ("item", "tolist", "numpy", "nonzero", "__bool__"):
        real = getattr(torch.Tensor, name)

        def spy(self: torch.Tensor, *args: object, real=real, name=name) -> object:
            assert name == "numpy", name
            return real(self, *args)

        monkeypatch.setattr(torch.Tensor, name, spy)
    proposals = draw_proposals(3, 6, 2, seed=4)
    targets = [draw_target(MaskTarget, n, 2, seed=n) for n in (2, 0, 3)]
    groups = group_proposals(proposals.logits, torch.tensor([True, False]))
    match(proposals, groups, join_targets(targets), COCO_PANOPTIC.cost)
    assert len(copies) == 1
