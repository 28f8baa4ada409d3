"""A run's configuration: the shipped recipes, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
from small_run import small_tables

from model.objective.loss_weights import COCO_PANOPTIC, LossWeights, Weights
from model.training.config import (
    RECIPES,
    find_config,
    read_train_config,
    train_config_from_dict,
    train_config_to_dict,
)
from model.training.resume import find_changes
from model.training.starting import make_network
from o365seg.errors import InputError

# Appendix F: batch size, iterations and learning rate.
PAPER = {
    "paper_r50": (384, 500_000, 3e-5),
    "paper_vitdet_b": (None, 600_000, 6e-5),
    "paper_vitdet_l": (256, 540_500, 4e-5),
}


@pytest.mark.parametrize("name", PAPER)
def test_the_papers_numbers(name: str) -> None:
    config = read_train_config(find_config(name))
    batch, iterations, lr = PAPER[name]
    assert batch in (config.batch_size, None)
    assert config.iterations == iterations
    adam = config.optimizer
    assert (adam.lr, adam.weight_decay, adam.clip_norm, adam.drops, adam.warmup) == (
        lr, 0.05, 0.1, (0.9, 0.95), 0
    )  # fmt: skip
    assert config.image_size == 1024
    assert [data.sampling_ratio for data in config.data] == [1, 4, 4]
    assert [data.lr for data in config.data] == [3, 5, 2]
    assert [data.scale for data in config.data] == [(0.5, 2.0), (0.1, 2.0), (0.1, 2.0)]
    rows = ["ade20k_semantic", "coco_panoptic", "objects365_boxes"]
    assert [data.weights for data in config.data] == rows
    assert [data.source["name"] for data in config.data] == rows
    assert config.network.num_queries == 100
    assert config.text.model == "ViT-L-14"


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_recipe_can_be_read(path: Any) -> None:
    config = read_train_config(path)
    find_changes(train_config_to_dict(config), config, path)
    assert train_config_to_dict(config)["batch_size"] == config.batch_size


def change(where: str, value: object) -> dict[str, Any]:
    """The small run's tables with one value changed; None takes it out."""
    tables = small_tables()
    *path, last = where.split(".")
    table: Any = tables
    for step in path:
        table = table[int(step) if step.isdecimal() else step]
    if value is None:
        del table[last]
    else:
        table[last] = value
    return tables


@pytest.mark.parametrize(
    ("where", "value", "message"),
    [
        ("iterations", None, "iterations"),
        ("iterations", 0, "field 'iterations': must be at least 1"),
        ("iterations", "many", "field 'iterations': must be a whole number, not text"),
        (
            "batch_sise",
            4,
            "field 'batch_sise': unknown key 'batch_sise'; did you mean 'batch_size'?",
        ),
        ("optimizer.lr", -1.0, "field 'optimizer.lr': must be above 0"),
        ("optimizer.rate", 1.0, "field 'optimizer.rate': unknown"),
        ("optimizer.drops", [1.5], "field 'optimizer.drops[0]': must be at most 1"),
        ("image_size", 100, "field 'image_size': must be a multiple of 32"),
        ("accumulate", 3, "field 'batch_size': must be a multiple of accumulate"),
        ("precision", "fp16", "field 'precision': unknown value 'fp16'"),
        ("model.num_queries", 0, "field 'model.num_queries': must be at least 1"),
        ("model.depth", 3, "field 'model.depth': unknown"),
        ("model.preset", "huge", "unknown preset 'huge'"),
        ("model.backbone", {"name": "resnet50", "freeze_norm": True}, "needs pretrained weights"),
        ("data", [], "field 'data': needs a"),
        ("data.1.sampling_ratio", 0, r"field 'data[1].sampling_ratio': must be above 0"),
        ("data.0.scale", [2.0, 1.0], r"field 'data[0].scale': must be two"),
        ("data.2.weights", "table_11", r"field 'data[2].weights'"),
        ("data.0.wich", "boxes", "field 'data[0].wich': unknown key 'wich'; did you mean 'which'?"),
        ("text.prompts", 3, "field 'text.prompts'"),
    ],
)
def test_a_fault_is_named_by_file_and_field(where: str, value: object, message: str) -> None:
    with pytest.raises(InputError) as caught:
        train_config_from_dict(change(where, value), "run.toml")
    assert str(caught.value).startswith("run.toml: ")
    assert message in str(caught.value)


def test_an_unknown_text_encoder_is_named_with_its_field() -> None:
    tables = change("model.text_dim", None) | {"text": {"model": "ViT-Q-99"}}
    with pytest.raises(InputError) as caught:
        train_config_from_dict(tables, "run.toml")
    assert (caught.value.file, caught.value.field) == ("run.toml", "text.model")


@pytest.mark.parametrize("name", ["resnet5O", "vit_small_patch8_224"])
def test_an_unfit_backbone_is_named_with_its_field(name: str) -> None:
    config = train_config_from_dict(change("model.backbone", {"name": name}))
    with pytest.raises(InputError) as caught:
        make_network(config, Path(), "run.toml")
    assert (caught.value.file, caught.value.field) == ("run.toml", "model.backbone.name")


def test_weights_may_be_given_in_full() -> None:
    weights = {
        "cost": {"cross_entropy": 1, "focal": 0, "dice": 1, "projection": 0},
        "loss": {"cross_entropy": 1, "focal": 20, "dice": 5, "projection": 0},
    }
    config = train_config_from_dict(change("data.1.weights", weights))
    assert config.data[1].weights == COCO_PANOPTIC
    assert isinstance(config.data[1].weights, LossWeights)
    assert config.data[1].weights.cost == Weights(1, 0, 1, 0)


def test_a_preset_can_be_changed() -> None:
    tables = small_tables(
        model={"preset": "tiny", "num_queries": 7, "dataset_modules": {"datasets": ["a", "b"]}}
    )
    network = train_config_from_dict(tables).network
    assert network.num_queries == 7
    assert network.decoder_layers == 3
    assert network.dataset_modules is not None
    assert network.dataset_modules.num_queries == 10


def test_an_unknown_recipe_lists_those_there_are() -> None:
    with pytest.raises(InputError, match="the recipes are one_gpu, paper_r50"):
        find_config("paper_r51")


def test_a_file_of_version_0_1_0_is_read_with_a_notice(capsys: pytest.CaptureFixture[str]) -> None:
    tables = small_tables()
    for entry in tables["data"]:
        entry["share"] = entry.pop("sampling_ratio")
    assert train_config_from_dict(tables, "old.toml") == train_config_from_dict(small_tables())
    notice = "old.toml: 'share' is now 'sampling_ratio'; old names still work\n"
    assert capsys.readouterr().err == notice


def test_a_run_begun_by_version_0_1_0_goes_on() -> None:
    config = train_config_from_dict(small_tables())
    old = train_config_to_dict(config)
    for entry in old["data"]:
        entry["share"] = entry.pop("sampling_ratio")
    find_changes(old, config, "config.json")
    old["data"][1]["share"] = 7.0
    with pytest.raises(InputError, match=r"field 'data\[1\].sampling_ratio': .* 7.0, not 2.0"):
        find_changes(old, config, "config.json")


def test_the_text_encoder_says_the_length_of_its_embeddings() -> None:
    tables = small_tables(text={"model": "MobileCLIP2-S0", "pretrained": "dfndr2b"})
    model = {key: value for key, value in tables["model"].items() if key != "text_dim"}
    assert train_config_from_dict(tables).network.text_dim == tables["model"]["text_dim"]
    assert train_config_from_dict(tables | {"model": model}).network.text_dim == 512
    assert train_config_from_dict(tables | {"model": "tiny"}).network.text_dim == 512
    with_file = tables | {"model": "tiny", "text": {"file": "text.npz", "model": "MobileCLIP2-S0"}}
    assert train_config_from_dict(with_file).network.text_dim == 768
    with pytest.raises(InputError, match="open_clip has no model 'MobileCLIP9'"):
        train_config_from_dict(tables | {"model": "tiny", "text": {"model": "MobileCLIP9"}})
