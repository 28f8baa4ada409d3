"""Padding means the same in training and at inference, by default and on the paper's canvas."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from small_run import KINDS, first_batches, prepare, small_tables

from model.data.loader import Batch
from model.network.padding import Padding
from model.training.config import TrainConfig, train_config_from_dict
from model.training.loop import add_gradients

CPU = torch.device("cpu")


def configured(rule: str, **model: Any) -> TrainConfig:
    """The small run with a rule for padding; its network draws nothing and has no batch norm."""
    tables = small_tables()
    tables["model"] |= {"mask_padding": rule} | model
    tables["model"]["backbone"]["drop_path"] = 0.0
    return train_config_from_dict(tables)


def padded_batch(config: TrainConfig, dataset: int = 1) -> Batch:
    """The first batch of the run, which has padded images and a whole one."""
    (batch,) = first_batches(config, dataset)
    smaller = (batch.sizes < config.image_size).any(dim=1)
    assert smaller.any()
    return batch


def refilled(batch: Batch) -> Batch:
    """The same batch with other pixels in the padding."""
    height, width = batch.images.shape[-2:]
    inside = Padding(batch.sizes, height, width).inside(height, width)[:, None]
    noise = torch.randint(256, batch.images.shape, generator=torch.Generator().manual_seed(1))
    return replace(batch, images=torch.where(inside, batch.images, noise.to(torch.uint8)))


def losses(config: TrainConfig, batch: Batch) -> torch.Tensor:
    network, parts = prepare(config)
    return add_gradients(network, network, parts[batch.dataset], [batch], "fp32", CPU)


@pytest.mark.parametrize("dataset", range(3), ids=KINDS)
def test_sizes_of_a_batch_are_those_of_its_images(dataset: int) -> None:
    batch = padded_batch(configured("always"), dataset)
    assert batch.sizes.dtype == torch.int64
    for image, (height, width) in zip(batch.images, batch.sizes.tolist(), strict=True):
        assert len(image[:, height:].flatten(1).unique(dim=1).T) <= 1  # one colour
        assert len(image[:, :, width:].flatten(1).unique(dim=1).T) <= 1


@pytest.mark.parametrize("backbone", ["vitdet_tiny", "test_resnet"])
def test_by_default_the_content_of_padding_has_no_effect_on_training(backbone: str) -> None:
    config = configured("always", backbone={"name": backbone, "drop_path": 0.0})
    assert train_config_from_dict(small_tables()).network.mask_padding == "always"
    batch = padded_batch(config)
    assert torch.equal(losses(config, batch), losses(config, refilled(batch)))


@pytest.mark.parametrize(
    ("rule", "same"), [("always", True), ("never", True), ("inference", False)]
)
def test_training_sees_what_inference_sees(rule: str, same: bool) -> None:
    config = configured(rule)
    network, parts = prepare(config)
    batch = padded_batch(config)
    with torch.no_grad():
        trained, used = (
            network.train(mode)(batch.images, parts[1].text_embeddings, batch.sizes).final
            for mode in (True, False)
        )
    assert torch.equal(trained.masks, used.masks) == same
    assert torch.equal(trained.logits, used.logits) == same


def test_on_the_papers_canvas_padding_is_part_of_the_image() -> None:
    config = configured("never")
    network, parts = prepare(config)
    batch, text = padded_batch(config), parts[1].text_embeddings
    whole = torch.full_like(batch.sizes, config.image_size)
    with torch.no_grad():
        one, other = (network.eval()(batch.images, text, s).final for s in (batch.sizes, whole))
        changed = network(refilled(batch).images, text, batch.sizes).final
    assert torch.equal(one.masks, other.masks)
    assert not torch.equal(one.masks, changed.masks)


def test_a_rule_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="mask_padding"):
        configured("sometimes")
