"""MERGE against two plain loops over classes and proposals."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.network.outputs import Proposals
from model.objective import merge
from o365seg.formats.task import Task

sizes = st.tuples(*(st.integers(1, high) for high in (3, 8, 5, 4, 4)))  # B, N, K, h, w


def draw(size: tuple[int, ...], seed: int) -> Proposals:
    batch, count, classes, height, width = size
    random = torch.Generator().manual_seed(seed)
    logits = torch.randn(batch, count, classes + 1, generator=random, dtype=torch.float64)
    masks = torch.randn(batch, count, height, width, generator=random, dtype=torch.float64)
    return Proposals(logits, masks)


def merge_by_loops(
    logits: np.ndarray, masks: np.ndarray, mergeable: list[bool]
) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """One image: class logits and mask of each slot that holds something."""
    merged = {}
    predicted = [int(np.argmax(row)) for row in logits]
    for number, label in enumerate(predicted):
        if label == len(mergeable) or not mergeable[label]:
            merged[number] = logits[number], masks[number]
    for label, merges in enumerate(mergeable):
        members = [number for number, own in enumerate(predicted) if own == label]
        if merges and members:
            total, highest = logits[members[0]].copy(), masks[members[0]].copy()
            for number in members[1:]:
                total += logits[number]
                for place, value in np.ndenumerate(masks[number]):
                    highest[place] = max(highest[place], value)
            merged[members[0]] = total / len(members), highest
    return merged


@given(sizes, st.integers(0, 2**32), st.data())
def test_merging_is_what_two_plain_loops_do(size: tuple, seed: int, data: st.DataObject) -> None:
    proposals = draw(size, seed)
    mergeable = data.draw(st.lists(st.booleans(), min_size=size[2], max_size=size[2]))
    groups = merge.group_proposals(proposals.logits, torch.tensor(mergeable))
    merged = merge.merge(proposals, groups)
    for image in range(size[0]):
        parts = proposals.logits[image].numpy(), proposals.masks[image].numpy()
        expected = merge_by_loops(*parts, mergeable)
        assert groups.valid[image].nonzero()[:, 0].tolist() == sorted(expected)
        for slot in range(size[1]):
            if slot in expected:
                logits, mask = expected[slot]
                np.testing.assert_allclose(merged.logits[image, slot], logits, rtol=1e-12)
                assert np.array_equal(merged.masks[image, slot], mask)
            else:
                assert (merged.logits[image, slot] == 0).all()
                assert (merged.masks[image, slot] == merge.EMPTY_LOGIT).all()


@given(st.integers(1, 5), st.integers(0, 2**32), st.sampled_from(Task))
def test_a_single_proposal_merges_to_itself(classes: int, seed: int, task: Task) -> None:
    proposals = draw((2, 1, classes, 3, 3), seed)
    mergeable = merge.mergeable_classes(task, torch.arange(classes) % 2 == 0)
    groups = merge.group_proposals(proposals.logits, mergeable)
    merged = merge.merge(proposals, groups)
    assert torch.equal(merged.logits, proposals.logits)
    assert torch.equal(merged.masks, proposals.masks)
    assert groups.valid.all()


@given(sizes, st.integers(0, 2**32))
def test_merging_before_the_sigmoid_is_merging_after_it(size: tuple, seed: int) -> None:
    """Section 3.2: the element-wise maximum commutes with the sigmoid."""
    proposals = draw(size, seed)
    groups = merge.group_proposals(proposals.logits, torch.ones(size[2], dtype=torch.bool))
    before = merge.merge_masks(proposals.masks, groups).sigmoid()[groups.valid]
    after = merge.merge_masks(proposals.masks.sigmoid(), groups)[groups.valid]
    torch.testing.assert_close(before, after)


def test_tasks_merge_stuff_everything_and_nothing() -> None:
    is_thing = torch.tensor([True, False, True])
    merged = {task: merge.mergeable_classes(task, is_thing).tolist() for task in Task}
    assert merged == {
        "panoptic": [False, True, False],
        "semantic": [True, True, True],
        "instance": [False, False, False],
    }


def test_gradients_are_right_for_the_mean_and_the_maximum() -> None:
    proposals = draw((2, 5, 2, 2, 3), seed=3)
    groups = merge.group_proposals(proposals.logits, torch.tensor([True, True]))
    assert not groups.valid.all()
    logits = proposals.logits.requires_grad_()
    masks = proposals.masks.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: merge.merge_logits(x, groups), logits)
    assert torch.autograd.gradcheck(lambda x: merge.merge_masks(x, groups), masks)


def test_groups_of_one_layer_merge_another_layers_proposals() -> None:
    last, earlier = draw((1, 4, 2, 2, 2), seed=0), draw((1, 4, 2, 2, 2), seed=1)
    logits = torch.tensor([[[3.0, 0, 0], [0, 3, 0], [3, 0, 0], [0, 0, 3]]])
    groups = merge.group_proposals(logits, torch.tensor([True, True]))
    assert groups.slots.tolist() == [[0, 1, 0, 3]]
    merged = merge.merge(earlier, groups)
    torch.testing.assert_close(merged.logits[0, 0], earlier.logits[0, [0, 2]].mean(0))
    assert torch.equal(merged.masks[0, 0], earlier.masks[0, [0, 2]].amax(0))
    assert not torch.equal(merged.masks, merge.merge(last, groups).masks)


@pytest.mark.slow
def test_merging_compiles_as_one_graph() -> None:
    def whole(logits: torch.Tensor, masks: torch.Tensor) -> tuple[torch.Tensor, ...]:
        groups = merge.group_proposals(logits, torch.tensor([True, False, True]))
        merged = merge.merge(Proposals(logits, masks), groups)
        return merged.logits, merged.masks, groups.valid

    compiled = torch.compile(whole, fullgraph=True, backend="aot_eager")
    for seed in range(3):
        proposals = draw((2, 6, 3, 4, 4), seed)
        expected = whole(proposals.logits, proposals.masks)
        for got, own in zip(compiled(proposals.logits, proposals.masks), expected, strict=True):
            torch.testing.assert_close(got, own)
