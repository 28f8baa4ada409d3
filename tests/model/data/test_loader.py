"""Batches: in the order drawn, whoever loads them, and a damaged image by its name."""

from pathlib import Path

import numpy as np
import pytest
import torch

from model.data.augment import Augmentation
from model.data.loader import Batch, Source, load_batches
from model.data.sampler import Draw, rank_draws
from model.data.samples import Sample
from model.datasets.synthetic import Synthetic, Which
from model.objective.targets import BoxTarget, MaskTarget
from o365seg.errors import InputError

SETS = [Synthetic(Which.PANOPTIC, size=64, images=5), Synthetic(Which.BOXES, size=64, images=5)]
PLAN = np.array([0, 1, 1, 0], np.int16)


def sources() -> list[Source]:
    found = []
    for data in SETS:
        stuff = ~np.array(data.vocabulary.is_thing)
        found.append(Source(data, Augmentation(64, (0.5, 2.0)), stuff))
    return found


def load(workers: int) -> list[Batch]:
    draws = rank_draws(PLAN, [5, 5], start=0, batch_size=3, accumulate=1, rank=0, ranks=1, seed=3)
    return list(load_batches(sources(), draws, seed=3, workers=workers, pin=False))


def test_workers_change_nothing() -> None:
    alone, helped = load(0), load(2)
    assert [batch.dataset for batch in alone] == PLAN.tolist()
    for one, other in zip(alone, helped, strict=True):
        assert (one.images == other.images).all()
        assert (one.targets.counts, one.files) == (other.targets.counts, other.files)
        for mine, theirs in zip(
            vars(one.targets.joined).values(), vars(other.targets.joined).values(), strict=True
        ):
            assert (mine == theirs).all()


def test_a_batch_has_each_images_own_target() -> None:
    for batch, kind in zip(load(0), (MaskTarget, BoxTarget, BoxTarget, MaskTarget), strict=True):
        assert batch.images.shape == (3, 3, 64, 64)
        assert batch.images.dtype == torch.uint8
        targets = batch.targets.split()
        assert [len(target.labels) for target in targets] == list(batch.targets.counts)
        for target in targets:
            assert type(target) is kind
            assert target.labels.max() < len(SETS[batch.dataset].vocabulary)
            shape = target.masks.shape[1:] if isinstance(target, MaskTarget) else (
                target.rows.shape[1], target.columns.shape[1]
            )  # fmt: skip
            assert shape == (16, 16)


class _Damaged(Synthetic):
    def __getitem__(self, index: int) -> Sample:
        if index == 2:
            raise InputError("is no image", file=Path("broken.png"))
        return super().__getitem__(index)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_damaged_image_is_named_without_a_traceback(workers: int) -> None:
    source = Source(_Damaged(Which.BOXES, size=64), Augmentation(64), np.zeros(7, bool))
    draws = [[Draw(0, 0, 0)], [Draw(0, 1, 1), Draw(0, 2, 2)]]
    batches = load_batches([source], draws, seed=0, workers=workers, pin=False)
    next(batches)
    with pytest.raises(InputError) as caught:
        next(batches)
    assert str(caught.value) == "broken.png: is no image"
