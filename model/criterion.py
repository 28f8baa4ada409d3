"""The training loss (paper, Eq. 4): MERGE, match once, then the losses of all decoder layers.

Groups and matching are the last layer's and serve every layer (appendix E: "the same matching
indices"); what is merged and compared is each layer's own. A batch is of one data set (section
3.5), so one kind of supervision and one set of weights hold for all of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import distributed

from model.loss_weights import BACKGROUND_WEIGHT, LossWeights, Weights
from model.losses import classification_loss, mask_losses, projection_loss
from model.matched_masks import matched_masks
from model.matching import Matches, match
from model.merge import Task, group_proposals, merge_logits, mergeable_classes
from model.outputs import Outputs
from model.targets import BoxTarget, MaskTarget, Target

_LEFT_OUT = -100  # a label that `classification_loss` passes over


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
    weights: LossWeights,
) -> Losses:  # fmt: skip
    """The losses of a batch of one data set.

    Args:
        outputs: Of B images, all layers.
        targets: Of the B images, all of masks or all of boxes, on the outputs' device.
        task: Which classes merge.
        is_thing: (K,) bool, on the same device.
        weights: Of the data set.

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
    count = _mask_count(targets, final.logits.device)
    zero = final.logits.new_zeros((), dtype=torch.float32)
    sums = Losses(zero, zero, zero, zero, zero)
    for layer in outputs.layers:
        logits = merge_logits(layer.logits.float(), groups) if merging else layer.logits
        cross_entropy = classification_loss(logits.flatten(0, 1), labels, BACKGROUND_WEIGHT)
        focal, dice, projection = truth.losses(matched_masks(layer.masks, matches), zero)
        parts = Losses(zero, cross_entropy, focal / count, dice / count, projection / count)
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


def _mask_count(targets: Sequence[Target], device: torch.device) -> torch.Tensor | int:
    """Ground truths a rank, averaged over the ranks (Mask2Former); at least one."""
    count = sum(len(target.labels) for target in targets)
    if not (distributed.is_available() and distributed.is_initialized()):
        return max(count, 1)
    total = torch.full((), float(count), device=device)
    distributed.all_reduce(total)
    return (total / distributed.get_world_size()).clamp(min=1)


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
