"""The training loss (paper, Eq. 4): MERGE, match once, then the losses of all decoder layers.

Groups and matching are the last layer's and serve every layer (appendix E: "the same matching
indices"); what is merged and compared is each layer's own. A batch is of one data set (section
3.5), so one kind of supervision and one set of weights hold for all of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import distributed

from model.network.outputs import Outputs
from model.objective.fast_merge import matched_masks
from model.objective.loss_weights import BACKGROUND_WEIGHT, LossWeights, Weights
from model.objective.losses import classification_loss, mask_losses, projection_loss
from model.objective.matching import Matches, match
from model.objective.merge import Task, group_proposals, merge_logits, mergeable_classes
from model.objective.targets import BoxTarget, MaskTarget, Target

_LEFT_OUT = -100  # a label that `classification_loss` passes over


@dataclass(frozen=True)
class Counts:
    """What the sums of a batch are divided by; the ground truth says it before the forward pass.

    A batch can therefore be worked out in parts, by several processes or one part after the other,
    and have the gradient that it has as a whole.

    Attributes:
        masks: Ground truths (Mask2Former's `num_masks`).
        slots: Weights of the slots in the cross-entropy: of N proposals an image, G are matched
            and count 1, the others are background and count 0.05. Slots that MERGE leaves empty
            are counted too, though they add nothing: how many there are depends on the network.
    """

    masks: torch.Tensor | float
    slots: torch.Tensor | float


def batch_counts(targets: Sequence[Target], proposals: int, device: torch.device) -> Counts:
    """The counts of all targets of this process, averaged over the processes; one mask at least.

    Averaged, as data parallelism averages the gradients.

    Args:
        targets: Of all the images that this process has in a step of the optimiser.
        proposals: N, of the network.
        device: Where the counts are wanted when there are several processes.
    """
    masks = sum(len(target.labels) for target in targets)
    matched = sum(min(len(target.labels), proposals) for target in targets)
    slots = matched + BACKGROUND_WEIGHT * (len(targets) * proposals - matched)
    if not (distributed.is_available() and distributed.is_initialized()):
        return Counts(max(masks, 1), slots)
    # Filled in on the device: copying from the host would wait for it.
    counts = torch.stack([torch.full((), float(n), device=device) for n in (masks, slots)])
    distributed.all_reduce(counts)
    means = counts / distributed.get_world_size()
    return Counts(means[0].clamp(min=1), means[1])


@dataclass(frozen=True)
class Losses:
    """Scalars of one batch. All but `total` are sums over the layers before their weights.

    Attributes:
        total: What to minimise, Eq. 4 summed over the layers; the only one with a gradient.
        cross_entropy: Over the slots, background included.
        focal: A mask's, zero for boxes.
        dice: A mask's, zero for boxes.
        projection: A box's, zero for masks.
    """

    total: torch.Tensor
    cross_entropy: torch.Tensor
    focal: torch.Tensor
    dice: torch.Tensor
    projection: torch.Tensor


def training_losses(
    outputs: Outputs, targets: Sequence[Target], task: Task, is_thing: torch.Tensor,
    weights: LossWeights, counts: Counts | None = None,
) -> Losses:  # fmt: skip
    """The losses of a batch of one data set.

    Args:
        outputs: Of B images, all layers.
        targets: Of the B images, all of masks or all of boxes, on the outputs' device.
        task: Which classes merge.
        is_thing: (K,) bool, on the same device.
        weights: Of the data set.
        counts: Of the whole that the batch is a part of; None where it is a whole itself.

    Raises:
        ValueError: masks and boxes mixed, or weights for the other kind of supervision.
    """
    _check(targets, weights)
    final = outputs.final
    groups = group_proposals(final.logits, mergeable_classes(task, is_thing))
    merging = task != "instance"
    matches = match(final, groups, targets, weights.cost, merging=merging)
    groups = matches.groups
    labels = _slot_labels(groups.valid, matches, targets, background=len(is_thing))
    truth = _MatchedTruth(targets, matches)
    if counts is None:
        counts = batch_counts(targets, final.logits.shape[1], final.logits.device)
    zero = final.logits.new_zeros((), dtype=torch.float32)
    sums = Losses(zero, zero, zero, zero, zero)
    for layer in outputs.layers:
        logits = merge_logits(layer.logits.float(), groups) if merging else layer.logits
        cross_entropy = classification_loss(logits.flatten(0, 1), labels, BACKGROUND_WEIGHT)
        of_masks = truth.losses(matched_masks(layer.masks, matches), zero)
        parts = Losses(zero, cross_entropy / counts.slots, *(x / counts.masks for x in of_masks))
        sums = _add(sums, replace(parts, total=_weigh(parts, weights.loss)))
    return sums


class _MatchedTruth:
    """The ground truth of the matched slots, the same for every layer."""

    def __init__(self, targets: Sequence[Target], matches: Matches) -> None:
        def of_matches(parts: list[torch.Tensor]) -> torch.Tensor:
            joined = torch.cat(parts) if len(parts) > 1 else parts[0]
            return joined if matches.complete else joined[matches.targets]

        masks = [target.masks for target in targets if isinstance(target, MaskTarget)]
        boxes = [target for target in targets if isinstance(target, BoxTarget)]
        self._masks = of_matches(masks).flatten(1) if masks else None
        if boxes:
            self._rows = of_matches([box.rows for box in boxes])
            self._columns = of_matches([box.columns for box in boxes])

    def losses(self, masks: torch.Tensor, zero: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Focal, dice and projection loss of (M, h, w) mask logits, each summed."""
        if self._masks is None:
            return zero, zero, projection_loss(masks, self._rows, self._columns).sum()
        focal, dice = mask_losses(masks.flatten(1), self._masks)
        return focal.sum(), dice.sum(), zero


def _check(targets: Sequence[Target], weights: LossWeights) -> None:
    kinds = {type(target) for target in targets}
    if len(kinds) != 1:
        raise ValueError("a batch is of masks or of boxes, never of both or neither")
    boxes = kinds == {BoxTarget}
    for part in (weights.cost, weights.loss):
        if (boxes and (part.focal or part.dice)) or (not boxes and part.projection):
            raise ValueError(f"weights that do not go with {'boxes' if boxes else 'masks'}: {part}")


def _slot_labels(
    valid: torch.Tensor, matches: Matches, targets: Sequence[Target], background: int
) -> torch.Tensor:
    """(B * N,) int64: a matched slot's class, another valid slot's background."""
    labels = torch.where(valid.flatten(), background, _LEFT_OUT)
    known = torch.cat([target.labels for target in targets])
    return labels.index_copy(0, matches.slots, known[matches.targets])


def _weigh(parts: Losses, weights: Weights) -> torch.Tensor:
    return (
        weights.cross_entropy * parts.cross_entropy
        + weights.focal * parts.focal
        + weights.dice * parts.dice
        + weights.projection * parts.projection
    )


def _add(sums: Losses, parts: Losses) -> Losses:
    return Losses(
        total=sums.total + parts.total,
        cross_entropy=sums.cross_entropy + parts.cross_entropy.detach(),
        focal=sums.focal + parts.focal.detach(),
        dice=sums.dice + parts.dice.detach(),
        projection=sums.projection + parts.projection.detach(),
    )
