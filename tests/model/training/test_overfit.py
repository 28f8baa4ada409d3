"""A tiny network learns one batch by heart under each kind of supervision, and says it again."""

import numpy as np
import pytest
import torch

from model.inference.postprocess import instance_results, panoptic_results, semantic_results
from model.network.config import preset
from model.network.dataseg import DaTaSeg, build_dataseg
from model.network.preprocess import Placement
from model.objective.criterion import training_losses
from model.objective.loss_weights import (
    ADE20K_SEMANTIC,
    COCO_PANOPTIC,
    OBJECTS365_BOXES,
    LossWeights,
)
from model.objective.merge import mergeable_classes
from model.objective.targets import (
    BatchTargets,
    Segment,
    at_stride,
    boxes_target,
    join_targets,
    segments_target,
    semantic_target,
)
from o365seg.formats.task import Task

pytestmark = pytest.mark.slow

SIDE = 64
IS_THING = torch.tensor([True, True, False, False])
# Left, top, right, bottom and class of two things; the stuff behind them changes at the middle.
THINGS = [[(8, 8, 28, 32, 0), (36, 20, 60, 56, 1)], [(4, 30, 30, 60, 1), (36, 4, 56, 24, 1)]]
COLOURS = np.array([[220, 40, 40], [40, 220, 40], [40, 40, 220], [200, 200, 60]])


def scene(number: int) -> tuple[np.ndarray, np.ndarray, list[Segment]]:
    """An image, uint8 (3, SIDE, SIDE), its id map, and what the ids are."""
    ids = np.full((SIDE, SIDE), 1)
    ids[:, SIDE // 2 :] = 2
    segments = [Segment(1, 2), Segment(2, 3)]
    for left, top, right, bottom, label in THINGS[number]:
        segments.append(Segment(len(segments) + 1, label))
        ids[top:bottom, left:right] = segments[-1].id
    labels = np.array([segment.label for segment in segments])
    noise = np.random.default_rng(number).integers(-20, 20, (SIDE, SIDE, 3))
    image = (COLOURS[labels[ids - 1]] + noise).clip(0, 255).astype(np.uint8)
    return image.transpose(2, 0, 1), ids, segments


def batch(task: Task) -> tuple[torch.Tensor, BatchTargets]:
    images, targets = [], []
    for number, boxes in enumerate(THINGS):
        image, ids, segments = scene(number)
        images.append(torch.from_numpy(image))
        if task == Task.INSTANCE:
            edges = np.array(boxes, float)
            target = boxes_target(edges[:, 4].astype(int), edges[:, :4], (SIDE, SIDE))
        elif task == Task.SEMANTIC:
            labels = np.array([segment.label for segment in segments])
            target = semantic_target(at_stride(labels[ids - 1]), len(IS_THING))
        else:
            mergeable = mergeable_classes(task, IS_THING).numpy()
            target = segments_target(at_stride(ids), segments, mergeable)
        targets.append(target)
    return torch.stack(images), join_targets(targets)


def learn(task: Task, weights: LossWeights, steps: int) -> tuple[DaTaSeg, torch.Tensor]:
    """A network after some steps on one batch, in evaluation mode; and the text embeddings."""
    torch.manual_seed(0)
    config = preset("tiny")
    network = build_dataseg(config)
    text = torch.nn.functional.normalize(torch.randn(len(IS_THING), config.text_dim), dim=-1)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3)
    images, targets = batch(task)
    history = []
    for _ in range(steps):
        losses = training_losses(network(images, text), targets, task, IS_THING, weights)
        optimiser.zero_grad()
        losses.total.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        history.append(losses.total.item())
    assert history[-1] < 0.2 * history[0], history[::10]
    return network.eval(), text


PLACES = [Placement((SIDE, SIDE), (SIDE, SIDE))] * 2


def test_semantic() -> None:
    network, text = learn(Task.SEMANTIC, ADE20K_SEMANTIC, steps=60)
    with torch.inference_mode():
        final = network(batch(Task.SEMANTIC)[0], text).final
    for number, result in enumerate(semantic_results(final, PLACES)):
        _, ids, segments = scene(number)
        labels = np.array([segment.label for segment in segments])[ids - 1]
        assert (result.classes == labels).mean() > 0.9


def test_panoptic() -> None:
    network, text = learn(Task.PANOPTIC, COCO_PANOPTIC, steps=80)
    with torch.inference_mode():
        final = network(batch(Task.PANOPTIC)[0], text).final
    for number, result in enumerate(panoptic_results(final, PLACES, IS_THING)):
        _, ids, segments = scene(number)
        found = {segment.id: segment.label for segment in result.segments}
        for segment in segments:
            mask = ids == segment.id
            own = np.bincount(result.ids[mask]).argmax()
            assert found.get(int(own)) == segment.label
            assert (mask & (result.ids == own)).sum() > 0.8 * (mask | (result.ids == own)).sum()


def test_boxes() -> None:
    """The boxes of the best instances are the ones that were shown; no mask ever was."""
    network, text = learn(Task.INSTANCE, OBJECTS365_BOXES, steps=80)
    with torch.inference_mode():
        final = network(batch(Task.INSTANCE)[0], text).final
    for number, result in enumerate(instance_results(final, PLACES)):
        shown = sorted(THINGS[number])
        left, top, width, height = result.boxes[:2].T
        edges = np.stack([left, top, left + width, top + height, result.labels[:2]], 1)
        for box, found in zip(shown, edges[np.lexsort(edges.T[::-1])], strict=True):
            assert found[4] == box[4]
            assert np.abs(found[:4] - box[:4]).max() <= 4
