"""The weights that a run starts from: random, a pretrained backbone, or a whole checkpoint."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from model.network.activation_checkpointing import checkpoint_activations
from model.network.dataseg import DaTaSeg, build_dataseg
from model.network.pretrained import load_pretrained
from model.runtime.checkpoint import read_header
from model.runtime.distributed import Ranks
from model.runtime.start import load_start, report_lines
from model.training.config import TrainConfig, train_config_to_dict
from o365seg.errors import InputError


def make_network(
    config: TrainConfig, base: Path, source: str | None = None, *, quiet: bool = False,
    resumed: bool = False,
) -> DaTaSeg:  # fmt: skip
    """The network at iteration 0, but for `start`; the same for the same seed.

    Args:
        config: The configuration.
        base: Folder for its relative paths.
        source: Its file, for messages.
        quiet: Don't report on stderr which pretrained weights are missing, as the first of several
            processes does.
        resumed: Leave pretrained weights out, as a saved state replaces them.

    Raises:
        InputError: the backbone cannot be built, or the pretrained weights cannot be had or do not
            fit.
    """
    torch.manual_seed(config.seed)
    try:
        network = build_dataseg(config.network)
    except InputError as error:
        field = error.field and f"model.{error.field}"
        raise InputError(error.message, file=source, field=field) from None
    if config.backbone_weights is not None and not resumed:
        file = base / config.backbone_weights
        report = load_pretrained(network, file if file.exists() else config.backbone_weights)
        if report.missing and not quiet:
            sys.stderr.write(f"{config.backbone_weights}: {report.summary()}\n")
    if config.activation_checkpointing:
        checkpoint_activations(network)
    return network


def start_from(network: DaTaSeg, config: TrainConfig, base: Path, ranks: Ranks) -> None:
    """Copy the weights of the configuration's `start` that fit, and report the others on stderr.

    Raises:
        InputError: see `load_start`.
    """
    if config.start is None:
        return
    path = base / config.start
    report = load_start(network, path)
    if not ranks.is_first:
        return
    for line in report_lines(path, report):
        sys.stderr.write(f"{line}\n")
    trained = read_header(path)[1].get("trained", {})
    before = _encoder(trained.get("config", {}).get("text", {"file": "unknown"}))
    now = _encoder(train_config_to_dict(config)["text"])
    if before is not None and now is not None and before != now:
        sys.stderr.write(
            f"  trained with text embeddings of {before}, not of {now}: what it knows of classes "
            "is lost\n"
        )


def note_mixed_statistics(network: DaTaSeg, config: TrainConfig) -> None:
    """Say on stderr where several data sets change the statistics of a pretrained batch norm.

    Args:
        network: The network, after `model.training.freezing.freeze`.
        config: The configuration.
    """
    if config.backbone_weights is None or len(config.data) == 1:
        return
    norms = [module for module in network.backbone.modules() if isinstance(module, nn.BatchNorm2d)]
    if any(parameter.requires_grad for norm in norms for parameter in norm.parameters()):
        sys.stderr.write(
            "note: batch norm learns the statistics of all data sets mixed, which fit none of "
            "them; model.backbone.freeze_norm = true keeps the pretrained ones\n"
        )


def _encoder(text: Mapping[str, Any]) -> str | None:
    """Name of the text encoder; None for a file, which does not say."""
    if text.get("file") is not None:
        return None
    return "generated data" if text.get("synthetic") else f"{text['model']} {text['pretrained']}"
