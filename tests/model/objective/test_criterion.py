"""The sum of Eq. 4 over the layers, put together again from its parts."""

import os

import numpy as np
import pytest
import torch
from torch import distributed

from model.network.outputs import Outputs, Proposals
from model.objective import losses
from model.objective.criterion import Counts, Losses, batch_counts, training_losses
from model.objective.loss_weights import (
    ADE20K_SEMANTIC,
    COCO_PANOPTIC,
    OBJECTS365_BOXES,
    LossWeights,
)
from model.objective.matching import match
from model.objective.merge import group_proposals, merge, mergeable_classes
from model.objective.targets import BoxTarget, MaskTarget, Target, join_targets
from o365seg.formats.task import Task

IS_THING = torch.tensor([True, True, False, False])
KINDS = [
    (Task.SEMANTIC, MaskTarget, ADE20K_SEMANTIC),
    (Task.PANOPTIC, MaskTarget, COCO_PANOPTIC),
    (Task.INSTANCE, BoxTarget, OBJECTS365_BOXES),
]


def draw_outputs(layers: int = 3, batch: int = 2, count: int = 8, seed: int = 0) -> Outputs:
    random = torch.Generator().manual_seed(seed)

    def layer() -> Proposals:
        logits = torch.randn(batch, count, len(IS_THING) + 1, generator=random)
        masks = torch.randn(batch, count, 8, 8, generator=random)
        return Proposals(logits.requires_grad_(), masks.requires_grad_())

    return Outputs(tuple(layer() for _ in range(layers)))


def draw_targets(kind: type[Target], counts: tuple[int, ...] = (3, 2)) -> list[Target]:
    random = torch.Generator().manual_seed(9)
    targets = []
    for count in counts:
        labels = torch.randperm(len(IS_THING), generator=random)[:count]
        masks = torch.rand(count, 8, 8, generator=random) < 0.4
        mask = MaskTarget(labels, masks)
        targets.append(
            mask if kind is MaskTarget else BoxTarget(labels, masks.any(2), masks.any(1))
        )
    return targets


def losses_of(
    outputs: Outputs,
    targets: list[Target],
    task: Task,
    weights: LossWeights,
    counts: Counts | None = None,
) -> Losses:
    return training_losses(outputs, join_targets(targets), task, IS_THING, weights, counts)


@pytest.mark.parametrize(("task", "kind", "weights"), KINDS)
def test_total_is_every_layers_losses_on_the_last_layers_pairs(
    task: Task, kind: type[Target], weights: LossWeights
) -> None:
    outputs, targets = draw_outputs(), draw_targets(kind)
    got = losses_of(outputs, targets, task, weights)
    final = outputs.final
    groups = group_proposals(final.logits, mergeable_classes(task, IS_THING))
    matches = match(final, groups, join_targets(targets), weights.cost)
    groups = matches.groups
    labels = torch.where(groups.valid, len(IS_THING), -100).flatten()
    joined = torch.cat([target.labels for target in targets])
    for slot, truth in zip(matches.slots.tolist(), matches.targets.tolist(), strict=True):
        labels[slot] = joined[truth]
    total = 0.0
    for layer in outputs.layers:
        merged = merge(layer, groups)
        cross = losses.classification_loss(merged.logits.flatten(0, 1), labels, 0.05)
        # 5 of 16 slots are matched and count 1, the others 0.05 each, empty or not.
        total += weights.loss.cross_entropy * cross.item() / (5 + 0.05 * 11)
        masks = merged.masks.flatten(0, 1)
        for slot, truth in zip(matches.slots.tolist(), matches.targets.tolist(), strict=True):
            mask = masks[slot][None]
            if kind is BoxTarget:
                rows = torch.cat([t.rows for t in targets if isinstance(t, BoxTarget)])[truth]
                sides = torch.cat([t.columns for t in targets if isinstance(t, BoxTarget)])[truth]
                own = losses.projection_loss(mask, rows[None], sides[None]).item()
                total += weights.loss.projection * own / 5
            else:
                masked = torch.cat([t.masks for t in targets if isinstance(t, MaskTarget)])[truth]
                truth_row = masked.flatten()[None]
                focal = losses.focal_loss(mask.flatten(1), truth_row).item()
                dice = losses.dice_loss(mask.flatten(1), truth_row).item()
                total += (weights.loss.focal * focal + weights.loss.dice * dice) / 5
    assert got.total.item() == pytest.approx(total, rel=1e-5)
    parts = weights.loss
    by_parts = (
        parts.cross_entropy * got.cross_entropy + parts.focal * got.focal
        + parts.dice * got.dice + parts.projection * got.projection
    )  # fmt: skip
    assert got.total.item() == pytest.approx(by_parts.item(), rel=1e-6)


@pytest.mark.parametrize(("task", "kind", "weights"), KINDS)
def test_the_order_of_the_queries_does_not_matter(
    task: Task, kind: type[Target], weights: LossWeights
) -> None:
    outputs, targets = draw_outputs(), draw_targets(kind)
    order = torch.tensor([3, 0, 7, 5, 1, 2, 6, 4])
    turned = Outputs(
        tuple(Proposals(one.logits[:, order], one.masks[:, order]) for one in outputs.layers)
    )
    first = losses_of(outputs, targets, task, weights).total.item()
    second = losses_of(turned, targets, task, weights).total.item()
    assert first == pytest.approx(second, rel=1e-5)


@pytest.mark.parametrize(("task", "kind", "weights"), KINDS)
def test_a_batch_without_ground_truth_only_teaches_the_background(
    task: Task, kind: type[Target], weights: LossWeights
) -> None:
    outputs = draw_outputs()
    got = losses_of(outputs, draw_targets(kind, (0, 0)), task, weights)
    got.total.backward()
    assert got.focal == got.dice == got.projection == 0
    for layer in outputs.layers:
        assert layer.logits.grad is not None
        assert layer.masks.grad is not None  # all ranks need every parameter in the graph
        assert (layer.masks.grad == 0).all()
        assert layer.logits.grad.abs().sum() > 0


def test_masks_of_the_wrong_kind_are_a_fault_of_the_caller() -> None:
    outputs, masks, boxes = draw_outputs(), draw_targets(MaskTarget), draw_targets(BoxTarget)
    with pytest.raises(ValueError, match="masks or boxes, not both"):
        join_targets([masks[0], boxes[1]])
    with pytest.raises(ValueError, match="not weights for boxes"):
        losses_of(outputs, boxes, Task.INSTANCE, ADE20K_SEMANTIC)
    with pytest.raises(ValueError, match="not weights for masks"):
        losses_of(outputs, masks, Task.INSTANCE, OBJECTS365_BOXES)


def test_half_precision_outputs_give_single_precision_losses() -> None:
    outputs = draw_outputs()
    low = Outputs(
        tuple(Proposals(one.logits.bfloat16(), one.masks.bfloat16()) for one in outputs.layers)
    )
    targets = draw_targets(MaskTarget)
    got = losses_of(low, targets, Task.PANOPTIC, COCO_PANOPTIC).total
    assert got.dtype == torch.float32
    got.backward()
    assert np.isfinite(got.item())


@pytest.mark.parametrize(("task", "kind", "weights"), KINDS)
def test_the_parts_of_a_batch_add_up_to_the_whole(
    task: Task, kind: type[Target], weights: LossWeights
) -> None:
    """Whatever MERGE leaves of each image's slots, and with an image without ground truth."""
    whole, targets = draw_outputs(batch=3), draw_targets(kind, (3, 0, 1))
    counts = batch_counts([len(target.labels) for target in targets], 8, torch.device("cpu"))
    losses_of(whole, targets, task, weights).total.backward()
    for image, target in enumerate(targets):
        part = draw_outputs(batch=3)
        alone = Outputs(
            tuple(
                Proposals(one.logits[image : image + 1], one.masks[image : image + 1])
                for one in part.layers
            )
        )
        losses_of(alone, [target], task, weights, counts).total.backward()
        for layer, full in zip(part.layers, whole.layers, strict=True):
            for name in ("logits", "masks"):
                got, wanted = getattr(layer, name).grad, getattr(full, name).grad
                torch.testing.assert_close(got[image], wanted[image])


def test_the_counts_are_averaged_over_the_ranks(
    tmp_path: os.PathLike, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs, targets = draw_outputs(), draw_targets(MaskTarget)
    alone = losses_of(outputs, targets, Task.PANOPTIC, COCO_PANOPTIC)
    distributed.init_process_group(
        "gloo", init_method=f"file://{tmp_path}/ranks", rank=0, world_size=1
    )
    try:
        one = losses_of(outputs, targets, Task.PANOPTIC, COCO_PANOPTIC)
        assert one.total.item() == pytest.approx(alone.total.item(), rel=1e-6)
        # As if another rank had three times as much: (1 + 3) / 2 = 2 times as much as here.
        monkeypatch.setattr(distributed, "all_reduce", lambda total: total.mul_(4))
        monkeypatch.setattr(distributed, "get_world_size", lambda: 2)
        two = losses_of(outputs, targets, Task.PANOPTIC, COCO_PANOPTIC)
        assert two.dice.item() == pytest.approx(alone.dice.item() / 2, rel=1e-6)
        assert two.cross_entropy.item() == pytest.approx(alone.cross_entropy.item() / 2, rel=1e-6)
    finally:
        distributed.destroy_process_group()
