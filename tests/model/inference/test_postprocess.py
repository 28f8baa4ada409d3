"""Results in the image's size, against Mask2Former's rules carried out plainly on whole masks."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco_mask
from torch.nn import functional

from model.inference import postprocess
from model.inference.resize import resize_to_image
from model.network.outputs import Proposals
from model.network.preprocess import Placement
from model.objective.merge import group_proposals, merge
from o365seg.formats.masks import decode_rle

IS_THING = torch.tensor([True, True, False, False])
INPUT = 64, 96

sides = st.tuples(st.integers(3, 70), st.integers(3, 70))
placements = st.builds(
    Placement, image=sides, input=st.tuples(st.integers(20, 64), st.integers(20, 96))
)
seeds = st.integers(0, 2**32)


def draw(seed: int, batch: int = 1, count: int = 7) -> Proposals:
    """Smooth masks, and classes that are mostly sure."""
    random = torch.Generator().manual_seed(seed)
    logits = 5 * torch.randn(batch, count, len(IS_THING) + 1, generator=random)
    coarse = 5 * torch.randn(batch, count, 3, 3, generator=random)
    grid = (INPUT[0] // 4, INPUT[1] // 4)
    return Proposals(logits, functional.interpolate(coarse, grid, mode="bilinear"))


def whole_masks(proposals: Proposals, mergeable: torch.Tensor, placement: Placement) -> list:
    """(class probabilities, mask probabilities in the image's size) of each valid slot."""
    groups = group_proposals(proposals.logits, mergeable)
    merged = merge(proposals, groups)
    slots = groups.valid[0].nonzero()[:, 0].tolist()
    return [
        (
            merged.logits[0, slot].softmax(-1).numpy(),
            resize_to_image(merged.masks[0, slot][None], placement)[0].sigmoid().numpy(),
        )
        for slot in slots
    ]


@given(placements, seeds, st.sampled_from([0.3, 0.8]), st.booleans())
def test_panoptic_is_the_plain_rule(
    placement: Placement, seed: int, confidence: float, exact: bool
) -> None:
    proposals = draw(seed)
    kept = [
        (int(probs.argmax()), float(probs.max()), mask)
        for probs, mask in whole_masks(proposals, ~IS_THING, placement)
        if probs.argmax() < len(IS_THING) and probs.max() > confidence
    ]
    expected = np.zeros(placement.image, int)
    labels, scores = [], []
    if kept:
        winner = np.stack([prob * mask for _, prob, mask in kept]).argmax(0)
        for number, (label, _, mask) in enumerate(kept):
            final = (winner == number) & (mask >= 0.5)
            kept_fraction = (winner == number).sum() / max((mask >= 0.5).sum(), 1)
            if final.sum() >= 4 and kept_fraction >= 0.8:
                labels.append(label)
                scores.append(kept[number][1] * mask[mask > 0.5].mean())
                expected[final] = len(labels)
    result = postprocess.panoptic_results(proposals, [placement], IS_THING, confidence, exact)[0]
    assert result.ids.dtype == np.int32
    assert np.array_equal(result.ids, expected)
    assert [segment.label for segment in result.segments] == labels
    assert [segment.id for segment in result.segments] == list(range(1, len(labels) + 1))
    assert set(np.unique(result.ids)) - {0} == set(range(1, len(labels) + 1))
    assert all(0 < segment.score <= 1 for segment in result.segments)
    if exact:
        np.testing.assert_allclose([one.score for one in result.segments], scores, rtol=1e-4)
    stuff = [label for label in labels if not IS_THING[label]]
    assert len(stuff) == len(set(stuff))


@given(placements, seeds)
def test_semantic_is_the_plain_rule(placement: Placement, seed: int) -> None:
    """The sum is resized, not the masks; classes that are not resized would not have won."""
    proposals = draw(seed)
    groups = group_proposals(proposals.logits, torch.ones_like(IS_THING))
    merged = merge(proposals, groups)
    scores = torch.zeros(len(IS_THING), *merged.masks.shape[2:])
    for slot in groups.valid[0].nonzero()[:, 0].tolist():
        probs = merged.logits[0, slot].softmax(-1)
        for label in range(len(IS_THING)):
            scores[label] += probs[label] * merged.masks[0, slot].sigmoid()
    whole = resize_to_image(scores, placement)
    classes = postprocess.semantic_results(proposals, [placement])[0].classes
    assert classes.dtype == np.int32
    assert classes.shape == placement.image
    won = whole.numpy()[classes, *np.indices(placement.image)]
    np.testing.assert_allclose(won, whole.amax(0), rtol=1e-4, atol=1e-6)


@given(placements, seeds, st.booleans())
def test_semantic_is_exactly_the_sum_of_resized_masks(
    placement: Placement, seed: int, blocks: bool
) -> None:
    """As Mask2Former computes it, whether all classes fit in a block or one."""
    proposals = draw(seed)
    everything = torch.ones_like(IS_THING)
    pairs = whole_masks(proposals, everything, placement)
    whole = np.sum([prob[:-1, None, None] * mask for prob, mask in pairs], axis=0)
    with pytest.MonkeyPatch.context() as patch:
        if blocks:
            patch.setattr(postprocess, "_STRIP", 1)
        classes = postprocess.semantic_results(proposals, [placement], exact=True)[0].classes
    assert classes.dtype == np.int32
    assert classes.shape == placement.image
    won = np.take_along_axis(whole, classes[None], 0)[0]
    np.testing.assert_allclose(won, whole.max(0), rtol=1e-4, atol=1e-6)


@given(placements, seeds, st.booleans(), st.booleans())
def test_instances_are_the_likeliest_pairs(
    placement: Placement, seed: int, stuff: bool, exact: bool
) -> None:
    proposals = draw(seed)
    is_thing = IS_THING if stuff else None
    result = postprocess.instance_results(proposals, [placement], is_thing, exact)[0]
    probs = proposals.logits[0].softmax(-1)[:, :-1].double().numpy()
    rows, columns = (-(-side // 4) for side in placement.input)
    expected = []
    for number, mask in enumerate(proposals.masks[0].double()):
        whole = resize_to_image(mask[None].float(), placement)[0].double()
        logits = whole if exact else mask[:rows, :columns]
        inside = logits > 0
        area = int((whole > 0).sum())
        for label in range(len(IS_THING)):
            if (is_thing is None or is_thing[label]) and area >= 4:
                score = probs[number, label] * float(logits[inside].sigmoid().mean())
                expected.append((score, label, area))
    assert len(result.scores) == len(result.labels) == len(result.masks) == len(result.boxes)
    expected = sorted(expected, reverse=True)[: len(result.scores)]
    assert len(result.scores) == len(expected)
    np.testing.assert_allclose(result.scores, [score for score, _, _ in expected], rtol=1e-4)
    assert (np.diff(result.scores) <= 0).all()
    for rle, box in zip(result.masks, result.boxes, strict=True):
        pixels = decode_rle(rle)
        assert pixels.shape == placement.image
        assert pixels.sum() >= 4
        packed = coco_mask.encode(np.asfortranarray(pixels))
        assert np.array_equal(coco_mask.toBbox(packed), box)


def test_no_more_than_a_hundred_instances() -> None:
    place = Placement((40, 40), INPUT)
    proposals = draw(0, count=60)
    proposals = Proposals(proposals.logits, proposals.masks.abs() + 1)
    assert len(postprocess.instance_results(proposals, [place])[0].scores) == 100


def test_an_image_of_background_has_no_segments_but_a_class_everywhere() -> None:
    logits = torch.zeros(1, 3, len(IS_THING) + 1)
    logits[..., -1] = 20
    proposals = Proposals(logits, torch.full((1, 3, 16, 24), -5.0))
    place = Placement((30, 50), INPUT)
    panoptic = postprocess.panoptic_results(proposals, [place], IS_THING)[0]
    assert panoptic.segments == []
    assert not panoptic.ids.any()
    assert postprocess.semantic_results(proposals, [place])[0].classes.shape == (30, 50)
    instances = postprocess.instance_results(proposals, [place], IS_THING)[0]
    assert instances.masks == []
    assert instances.boxes.shape == (0, 4)


def test_images_of_a_batch_do_not_touch_each_other() -> None:
    proposals = draw(5, batch=3)
    places = [Placement((20 + i, 30), (40 + 8 * i, 96)) for i in range(3)]
    alone = [Proposals(proposals.logits[i : i + 1], proposals.masks[i : i + 1]) for i in range(3)]
    panoptic = postprocess.panoptic_results(proposals, places, IS_THING, 0.3)
    semantic = postprocess.semantic_results(proposals, places)
    instance = postprocess.instance_results(proposals, places)
    for i, (own, place) in enumerate(zip(alone, places, strict=True)):
        single = postprocess.panoptic_results(own, [place], IS_THING, 0.3)[0]
        assert np.array_equal(single.ids, panoptic[i].ids)
        classes = postprocess.semantic_results(own, [place])[0].classes
        assert np.array_equal(classes, semantic[i].classes)
        assert postprocess.instance_results(own, [place])[0].masks == instance[i].masks


@pytest.mark.parametrize("confidence", [postprocess.COCO_CONFIDENCE, postprocess.CONFIDENCE])
def test_thresholds_are_the_papers(confidence: float) -> None:
    """Appendix F: 0.85 on COCO, 0.8 on ADE20k; a proposal must exceed it."""
    assert confidence in (0.85, 0.8)
    place = Placement(INPUT, INPUT)
    for chance, count in ((confidence - 0.01, 0), (confidence + 0.01, 1)):
        logits = torch.full((1, 1, 5), float(np.log((1 - chance) / 4)))
        logits[..., 0] = np.log(chance)
        proposals = Proposals(logits, torch.full((1, 1, 16, 24), 3.0))
        found = postprocess.panoptic_results(proposals, [place], IS_THING, confidence)[0]
        assert len(found.segments) == count
