"""One-to-one Hungarian matching of merged proposals and ground truth (paper, Eq. 5; DETR).

The costs of a whole batch are computed on the device of the proposals and copied to the host once,
together with the groups. It is the only time in a training step that the host waits for the device.

MERGE can leave an image fewer slots than ground-truth objects. In the paper the other ones get
empty slots without a gradient. A network whose proposals all predict one class then has one slot,
one pair and a loss near zero, and does not recover (seen on a semantic batch of two images within
40 steps). Here the remaining ones are matched with single members of the groups, other
than the first members; those leave their group.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from scipy.optimize import linear_sum_assignment

from model.network.outputs import Proposals
from model.objective.loss_weights import Weights
from model.objective.losses import FOCAL_ALPHA, FOCAL_GAMMA, pairwise_axis_loss
from model.objective.merge import Groups, merge_logits, merge_masks
from model.objective.targets import BatchTargets, BoxTarget, MaskTarget, Target

UNLIKELY = 1e6
"""Replaces a non-finite cost: far above any other, but small enough for the solver's sums."""


@dataclass(frozen=True)
class Matches:
    """M pairs of a slot and a ground-truth object, ordered by image and ground truth.

    Proposals are numbered across the batch (proposal n of image b is row b * N + n), and so are the
    ground-truth objects.

    Attributes:
        targets: (M,) int64, positions of ground-truth objects.
        complete: Whether every ground-truth object is matched.
        members: (P,) int64, rows of the proposals that the matched slots are merged from: first
            the first members of all M slots, which are the slots themselves; then the second
            members of those that have one; and so on.
        owners: (P,) int64, the pair that each member belongs to.
        ranks: (P,) int64, the position of each member in its slot: 0 for the first.
        sizes: Number of first members, of second members, and so on.
        groups: The groups without the members that were matched alone.
    """

    targets: torch.Tensor
    complete: bool
    members: torch.Tensor
    owners: torch.Tensor
    ranks: torch.Tensor
    sizes: tuple[int, ...]
    groups: Groups

    @property
    def slots(self) -> torch.Tensor:
        """(M,) int64, the matched slots as rows."""
        return self.members[: self.sizes[0]]


@torch.no_grad()
def match(
    proposals: Proposals, groups: Groups, targets: BatchTargets, weights: Weights,
    *, merging: bool = True,
) -> Matches:  # fmt: skip
    """Match the slots of each image with its ground truth at minimum total cost.

    A non-finite cost counts as `UNLIKELY`. If there are more ground-truth objects than proposals,
    some stay unmatched.

    Args:
        proposals: The last layer's, before MERGE.
        groups: Its groups.
        targets: Ground truth of the B images, on the device of the proposals.
        weights: Table 10's μ.
        merging: False if no class merges; then proposals are not merged.
    """
    logits, valid = proposals.logits.float(), groups.valid
    if merging:
        logits = torch.where(valid[..., None], merge_logits(logits, groups), logits)
    probs = logits.softmax(-1)
    costs = []
    for index, target in enumerate(targets.split()):
        cost = -weights.cross_entropy * probs[index][:, target.labels]  # (N, G)
        if len(target.labels):
            masks = proposals.masks[index : index + 1]
            if merging:
                merged = merge_masks(masks, Groups(groups.slots[index : index + 1]))
                masks = torch.where(valid[index, :, None, None], merged, masks)
            cost = cost + mask_costs(masks[0], target, weights)
        costs.append(cost)
    return _assign(costs, groups.slots)


def mask_costs(masks: torch.Tensor, target: Target, weights: Weights) -> torch.Tensor:
    """The focal, dice and projection terms of Eq. 5 for every pair.

    Args:
        masks: (N, h, w) float, mask logits.
        target: Of G masks or boxes on the same grid.
        weights: Table 10's μ; terms with weight zero are not computed.

    Returns:
        (N, G), float32 or more.
    """
    masks = masks if masks.dtype == torch.float64 else masks.float()
    with torch.autocast(masks.device.type, enabled=False):  # sums over 65,536 cells
        if isinstance(target, BoxTarget):
            rows = pairwise_axis_loss(masks.amax(-1), target.rows)
            return weights.projection * (rows + pairwise_axis_loss(masks.amax(-2), target.columns))
        return _full_mask_costs(masks.flatten(1), target, weights)


def _full_mask_costs(masks: torch.Tensor, target: MaskTarget, weights: Weights) -> torch.Tensor:
    """`losses.focal_loss` and `losses.dice_loss` of (N, P) logits with each of G masks."""
    gt = target.masks.flatten(1).to(masks.dtype).T  # (P, G)
    probs = torch.sigmoid(masks)
    cost = masks.new_zeros(len(masks), gt.shape[1])
    if weights.dice:
        sums = probs.sum(-1)[:, None] + gt.sum(0) + 1
        cost += weights.dice * (1 - (2 * (probs @ gt) + 1) / sums)
    if weights.focal:
        # Cost of a pixel if it is background, and the difference if it is foreground.
        outside = F.softplus(masks) * probs**FOCAL_GAMMA * (1 - FOCAL_ALPHA)
        probs = 1 - probs
        inside = F.softplus(-masks) * probs**FOCAL_GAMMA * FOCAL_ALPHA
        total = outside.sum(-1)[:, None] + (inside - outside) @ gt
        cost += weights.focal / masks.shape[1] * total
    return cost


def _assign(costs: Sequence[torch.Tensor], slots: torch.Tensor) -> Matches:
    """Minimise the sum of B (N, G) costs over the slots, then over the rest, on the host."""
    device = slots.device
    packed = torch.cat([*(cost.flatten() for cost in costs), slots.flatten().to(costs[0].dtype)])
    values = packed.cpu().numpy()  # the one copy
    batch, count = slots.shape
    groups = values[len(values) - batch * count :].astype(np.int64).reshape(batch, count)
    targets, members, owners, ranks = [], [], [], []
    start = first_target = pairs = 0
    for image, group in enumerate(groups):
        gt_count = costs[image].shape[1]
        cost = values[start : start + count * gt_count].reshape(count, gt_count)
        start += count * gt_count
        cost = np.where(np.isfinite(cost), cost, UNLIKELY)
        slot_of_gt = _assign_image(cost, group == np.arange(count))
        group[list(slot_of_gt.values())] = list(slot_of_gt.values())
        for gt, slot in sorted(slot_of_gt.items()):
            own = np.flatnonzero(group == slot)
            targets.append(first_target + gt)
            members.append(image * count + own)
            owners.append(np.full(len(own), pairs))
            ranks.append(np.arange(len(own)))
            pairs += 1
        first_target += gt_count
    if not pairs:
        empty = slots.new_zeros(0)
        return Matches(empty, first_target == 0, empty, empty, empty, (0,), Groups(slots))
    rank = np.concatenate(ranks)
    order = np.argsort(rank, kind="stable")
    parts = [np.array(targets), np.concatenate(members)[order], np.concatenate(owners)[order]]
    parts += [rank[order], groups.ravel()]
    on_device = torch.from_numpy(np.concatenate(parts)).to(device, non_blocking=True)
    found, rows, pair, ranked, left = on_device.split([len(part) for part in parts])
    sizes = tuple(np.bincount(rank).tolist())
    left = Groups(left.view(batch, count))
    return Matches(found, pairs == first_target, rows, pair, ranked, sizes, left)


def _assign_image(cost: np.ndarray, valid: np.ndarray) -> dict[int, int]:
    """The slot of each ground truth by (N, G) costs: valid slots first, then the others."""
    found: dict[int, int] = {}
    for slots in (np.flatnonzero(valid), np.flatnonzero(~valid)):
        left = np.setdiff1d(np.arange(cost.shape[1]), list(found))
        rows, columns = linear_sum_assignment(cost[np.ix_(slots, left)])
        found |= zip(left[columns].tolist(), slots[rows].tolist(), strict=True)
    return found
