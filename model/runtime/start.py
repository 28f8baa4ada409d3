"""Start a network from a checkpoint of another one: other data sets, queries or parts."""

import re
from collections.abc import Collection, Iterable
from pathlib import Path

import torch

from model.network.config import DatasetModulesConfig
from model.network.dataseg import DaTaSeg
from model.network.pretrained import WeightReport
from model.runtime.checkpoint import read_header, read_tensors
from o365seg.errors import InputError

_HEAD = re.compile(r"(decoder\.heads\.classes\.\d+\.)(\d+)(\..+)")
_QUERIES = ("decoder.queries", "decoder.query_positions")
_OWN_QUERIES = ("decoder.own_queries", "decoder.own_positions")
_BY_DATASET = ("decoder.heads.classifier.background", "decoder.heads.classifier.context")


def load_start(network: DaTaSeg, path: Path) -> WeightReport:
    """Copy every weight of a checkpoint that fits into a network.

    A weight fits if name and shape are equal. Besides, of queries as many are copied as both have;
    and what belongs to a data set (`dataset_modules`) is that of the data set of the same name, or
    else of the checkpoint's first one, or the shared one. What does not fit keeps its initial
    values.

    Args:
        network: The network, changed in place.
        path: A checkpoint of this program.

    Returns:
        The used, resized, missing and unused keys.

    Raises:
        InputError: no such file, not a checkpoint of this program, or nothing in it fits.
    """
    old_modules = read_header(path)[0].dataset_modules
    tensors = read_tensors(path)
    sets = _sources(network.config.dataset_modules, old_modules)
    taken: dict[str, torch.Tensor] = {}
    used, resized, read = [], [], set()
    for name, target in network.state_dict().items():
        key = _key(name, sets, tensors)
        source = tensors.get(key)
        if source is None:
            continue
        value = _fitted(name, source, target, sets)
        if value is None:
            continue
        taken[name] = value
        read.add(key)
        (used if source.shape == target.shape else resized).append(name)
    if not taken.keys() & {name for name, _ in network.named_parameters()}:
        raise InputError("has no weights that fit this network", file=path)
    network.load_state_dict(taken, strict=False)
    missing = [name for name in network.state_dict() if name not in taken]
    unused = [key for key in tensors if key not in read]
    return WeightReport(tuple(used), tuple(resized), tuple(missing), tuple(unused))


def report_lines(path: Path, report: WeightReport) -> list[str]:
    """What was used, and the parts of the network and of the checkpoint that were not."""
    lines = [f"{path}: {report.summary()}"]
    for what, keys in (
        ("resized", report.resized),
        ("start at their initial values", report.missing),
        ("unused", report.unused),
    ):
        if keys:
            lines.append(f"  {what}: {', '.join(_parts(keys))}")
    return lines


def _sources(new: DatasetModulesConfig | None, old: DatasetModulesConfig | None) -> list[int]:
    """For each data set of the network, the index of the checkpoint's whose modules it takes."""
    if new is None or old is None:
        return [0] * (1 if new is None else len(new.datasets))
    return [old.datasets.index(name) if name in old.datasets else 0 for name in new.datasets]


def _key(name: str, sets: list[int], known: Collection[str]) -> str:
    """The checkpoint's name of a weight: a class head has the index of its data set, or is the only
    one."""
    head = _HEAD.fullmatch(name)
    if head is None:
        return name
    key = f"{head[1]}{sets[int(head[2])]}{head[3]}"
    return key if key in known else f"{head[1]}0{head[3]}"


def _fitted(
    name: str, source: torch.Tensor, target: torch.Tensor, sets: list[int]
) -> torch.Tensor | None:
    """The checkpoint's values in the shape of the network's; None if they do not fit."""
    if name in (*_BY_DATASET, *_OWN_QUERIES):
        rows = [index if index < len(source) else 0 for index in sets]
        source = source[rows] if len(target) == len(sets) else source[:1]
    if name in _QUERIES + _OWN_QUERIES and source.shape[-1] == target.shape[-1]:
        value = target.clone()
        count = min(source.shape[-2], target.shape[-2])
        value[..., :count, :] = source[..., :count, :]
        return value
    return source if source.shape == target.shape else None


def _parts(keys: Iterable[str]) -> list[str]:
    """Keys by part of the network, with their number: `decoder.heads (12)`."""
    counts: dict[str, int] = {}
    for key in keys:
        part = ".".join(key.split(".")[:2])
        counts[part] = counts.get(part, 0) + 1
    return [part if count == 1 else f"{part} ({count})" for part, count in counts.items()]
