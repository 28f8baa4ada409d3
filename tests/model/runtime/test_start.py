"""What a network takes from a checkpoint of another one, and what it says of the rest."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from model.network.config import BackboneConfig, DaTaSegConfig, DatasetModulesConfig, preset
from model.network.dataseg import DaTaSeg, build_dataseg
from model.runtime.checkpoint import save_checkpoint
from model.runtime.start import load_start, report_lines
from o365seg.errors import InputError

TINY = preset("tiny")
AB = DatasetModulesConfig(("a", "b"), num_queries=4, context=True)


def saved(config: DaTaSegConfig, path: Path) -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    network = build_dataseg(config)
    save_checkpoint(path, network)
    return network.state_dict()


def new(config: DaTaSegConfig) -> DaTaSeg:
    torch.manual_seed(2)
    return build_dataseg(config)


def test_all_of_an_equal_network_is_used(tmp_path: Path) -> None:
    old, network = saved(TINY, tmp_path / "x.safetensors"), new(TINY)
    report = load_start(network, tmp_path / "x.safetensors")
    assert set(report.used) == set(old)
    assert (report.resized, report.missing, report.unused) == ((), (), ())
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, old[name]), name


@pytest.mark.parametrize("count", [12, 30])
def test_of_queries_as_many_as_both_have(count: int, tmp_path: Path) -> None:
    old = saved(TINY, tmp_path / "x.safetensors")
    network, random = new(replace(TINY, num_queries=count)), new(replace(TINY, num_queries=count))
    report = load_start(network, tmp_path / "x.safetensors")
    assert report.resized == ("decoder.queries", "decoder.query_positions")
    assert (report.missing, report.unused) == ((), ())
    both = min(count, 20)
    for name in report.resized:
        assert torch.equal(network.state_dict()[name][:both], old[name][:both])
        assert torch.equal(network.state_dict()[name][both:], random.state_dict()[name][both:])


def test_other_parts_keep_what_fits(tmp_path: Path) -> None:
    """Another backbone, another text encoder, one decoder layer more."""
    old = saved(TINY, tmp_path / "x.safetensors")
    config = replace(
        TINY, backbone=BackboneConfig("vitdet_tiny"), text_dim=48, decoder_layers=4
    )  # fmt: skip
    network = new(config)
    report = load_start(network, tmp_path / "x.safetensors")
    state = network.state_dict()
    assert torch.equal(state["decoder.layers.2.cross.query.weight"],
                       old["decoder.layers.2.cross.query.weight"])  # fmt: skip
    assert any(name.startswith("decoder.layers.3.") for name in report.missing)
    assert all(not name.startswith("backbone.") for name in report.used)
    heads = [name for name in state if name.startswith("decoder.heads.classes")]
    assert heads and set(heads) <= set(report.missing)
    # Each key of either is in exactly one list.
    assert sorted((*report.used, *report.resized, *report.missing)) == sorted(state)
    assert sorted((*report.used, *report.resized, *report.unused)) == sorted(old)
    lines = report_lines(Path("x"), report)
    assert lines[0] == f"x: {report.summary()}"
    assert lines[1].startswith("  start at their initial values: backbone.net (")
    assert lines[2].startswith("  unused: backbone.net (")


def test_a_data_set_takes_its_own_modules_by_name(tmp_path: Path) -> None:
    old = saved(replace(TINY, dataset_modules=AB), tmp_path / "x.safetensors")
    modules = replace(AB, datasets=("c", "b"), num_queries=6)
    network = new(replace(TINY, dataset_modules=modules))
    report = load_start(network, tmp_path / "x.safetensors")
    state = network.state_dict()
    assert report.missing == ()
    for own, theirs in ((0, 0), (1, 1)):  # c is new and takes the first one's
        for part in ("weight", "bias"):
            assert torch.equal(state[f"decoder.heads.classes.2.{own}.{part}"],
                               old[f"decoder.heads.classes.2.{theirs}.{part}"])  # fmt: skip
        for name in ("background", "context"):
            key = f"decoder.heads.classifier.{name}"
            assert torch.equal(state[key][own], old[key][theirs])
        assert torch.equal(
            state["decoder.own_queries"][own, :4], old["decoder.own_queries"][theirs]
        )
    swapped = new(replace(TINY, dataset_modules=replace(AB, datasets=("b", "a"))))
    load_start(swapped, tmp_path / "x.safetensors")
    assert torch.equal(swapped.state_dict()["decoder.own_queries"],
                       old["decoder.own_queries"].flip(0))  # fmt: skip


def test_modules_start_from_the_shared_ones_and_the_shared_ones_from_the_first(
    tmp_path: Path,
) -> None:
    old = saved(TINY, tmp_path / "shared.safetensors")
    network = new(replace(TINY, dataset_modules=AB))
    report = load_start(network, tmp_path / "shared.safetensors")
    state = network.state_dict()
    for index in range(2):
        assert torch.equal(state[f"decoder.heads.classes.0.{index}.weight"],
                           old["decoder.heads.classes.0.0.weight"])  # fmt: skip
        assert torch.equal(state["decoder.heads.classifier.background"][index],
                           old["decoder.heads.classifier.background"][0])  # fmt: skip
    assert set(report.missing) == {
        "decoder.own_queries", "decoder.own_positions", "decoder.heads.classifier.context",
    }  # fmt: skip
    old = saved(replace(TINY, dataset_modules=AB), tmp_path / "own.safetensors")
    network = new(TINY)
    report = load_start(network, tmp_path / "own.safetensors")
    assert report.missing == ()
    assert torch.equal(network.state_dict()["decoder.heads.classes.0.0.weight"],
                       old["decoder.heads.classes.0.0.weight"])  # fmt: skip
    assert "decoder.heads.classes.0.1.weight" in report.unused


def test_a_checkpoint_that_fits_nowhere_is_refused(tmp_path: Path) -> None:
    saved(TINY, tmp_path / "x.safetensors")
    other = replace(TINY, backbone=BackboneConfig("vitdet_tiny"), hidden_dim=32, num_heads=2)
    network = new(replace(other, classifier="dot", text_dim=48, dim_feedforward=64))
    with pytest.raises(InputError, match="has no weights that fit this network"):
        load_start(network, tmp_path / "x.safetensors")
    with pytest.raises(InputError, match="no such file"):
        load_start(network, tmp_path / "y.safetensors")
