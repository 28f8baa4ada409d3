"""A checkpoint with random weights, to try the commands on or to train from."""

import sys
from dataclasses import replace
from pathlib import Path

import torch

from model.network.config import preset
from model.network.dataseg import build_dataseg
from model.network.pretrained import load_pretrained
from model.runtime.checkpoint import save_checkpoint


def write_untrained(
    name: str, text_dim: int, seed: int, backbone_weights: str | None, out: Path
) -> None:
    """Write a checkpoint of a preset with random weights, optionally with a pretrained backbone.

    Keys of the pretrained weights that were resized, missing or unused are listed on stderr.

    Raises:
        InputError: the preset or the weights are unknown, or the file cannot be written.
    """
    config = replace(preset(name), text_dim=text_dim)
    torch.manual_seed(seed)
    network = build_dataseg(config)
    about = {}
    if backbone_weights is not None:
        report = load_pretrained(network, backbone_weights)
        for what in ("resized", "missing", "unused"):
            for key in getattr(report, what):
                sys.stderr.write(f"{what}: {key}\n")
        sys.stderr.write(f"{backbone_weights}: {report.summary()}\n")
        about = {"backbone_weights": backbone_weights}
    save_checkpoint(out, network, about)
    count = sum(parameter.numel() for parameter in network.parameters())
    sys.stderr.write(f"written: {out}: {name}, {count:,} parameters, untrained\n")
