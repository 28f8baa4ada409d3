"""Going on with a run: what may have changed since it started, and a record of what did.

Free to change: where files lie, and how the run is stored, logged and validated. On the user's
explicit word (`--set`, `--extend`): how long it runs, its learning rate, iterations to pass over.
Nothing else.
"""

import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from model.datasets.names_0_1 import current_names
from model.network.names_0_1 import UNNAMED
from model.runtime.distributed import Ranks
from model.text.embedding_files import read_embeddings, unit_rows
from model.text.vocabulary import Vocabulary
from model.training.config import TrainConfig, train_config_to_dict
from model.training.state import has_state
from o365seg.errors import InputError
from o365seg.formats.json_files import make_folder, read_json, write_json_atomic

CONFIG_FILE = "config.json"
CHANGES_FILE = "changes.json"

SETTABLE = ("iterations", "optimizer.lr", "skip")
"""Fields of a configuration that may change in a run if the user names them."""

_FREE = frozenset({"workers", "log_every", "checkpoint_every", "keep", "activation_checkpointing"})
_SAME_TEXT = 1e-3  # for rows of length 1: what rounds differently elsewhere stays far below it
_VALIDATION = re.compile(r"validation(\..*)?")
_PATH = re.compile(
    r"backbone_weights|start|text\.(file|pretrained)"
    r"|data\[\d+\]\.source\.(root|images|annotations|labels|names|vocabulary|leave_out)"
)


@dataclass(frozen=True)
class Change:
    """A value that changed in the middle of a run.

    Attributes:
        iteration: Finished iterations when it changed.
        field: Name in the configuration, such as `optimizer.lr`.
        before: The earlier value.
        now: The value from then on.
    """

    iteration: int
    field: str
    before: Any
    now: Any


def find_changes(
    old: Mapping[str, Any], config: TrainConfig, source: str | Path, named: Collection[str] = ()
) -> list[tuple[str, Any, Any]]:
    """What differs from the configuration that a run started with, if all of it may.

    Args:
        old: The earlier configuration, from `train_config_to_dict`.
        config: The configuration to go on with.
        source: Its file, for messages.
        named: Fields that the user set explicitly for this start.

    Returns:
        (field, earlier value, new value) of what changes the result from here on.

    Raises:
        InputError: another value changed; names the field and both values.
    """
    before, now = _flat(current_names(old)[0]), _flat(train_config_to_dict(config))
    free = _FREE | {f"network.{name}" for name in UNNAMED if f"network.{name}" not in before}
    found = []
    for name, one, other in _differences(before, now):
        field = name.partition("[")[0] if name.startswith("skip") else name
        if name in free or _VALIDATION.fullmatch(name):  # changes nothing of what is learned
            continue
        if field in SETTABLE and field in named:
            found.append((name, one, other))
            continue
        hint = f"add --set {field}=… to change it from here on, " if field in SETTABLE else ""
        raise InputError(
            f"this run started with {one!r}, not {other!r}; {hint}"
            "restore the value, or choose another --out",
            file=source,
            field=name,
        )
    return found


def check_folder(
    folder: Path, config: TrainConfig, source: str, named: Collection[str]
) -> tuple[TrainConfig, list[tuple[str, Any, Any]]]:
    """Check that the run in a folder, if it has saved a state, may go on with a configuration.

    Returns:
        The configuration, with what a run of version 0.1.0 did without a field for it, and with the
        `start` that it had; and what changes (`find_changes`).

    Raises:
        InputError: as `find_changes`.
    """
    path = folder / CONFIG_FILE
    if not path.exists() or not has_state(folder):  # it starts from the beginning
        return config, []
    old = read_json(path, dict)
    changes = find_changes(old, config, source, named)
    kept = {name: value for name, value in UNNAMED.items() if name not in old["network"]}
    if kept:
        listed = ", ".join(f"{name} = {value!r}" for name, value in kept.items())
        sys.stderr.write(f"{folder}: began under version 0.1.0 and goes on with {listed}\n")
    start = old.get("start")
    if config.start is not None and config.start != start:
        sys.stderr.write(f"{folder}: began from {start}; {config.start} is not read\n")
    return replace(config, start=start, network=replace(config.network, **kept)), changes


def check_text(
    path: Path, names: Sequence[str], embeddings: np.ndarray, config: TrainConfig, source: str
) -> None:
    """Check that text embeddings are those that a run started with, wherever they come from now.

    Args:
        path: The run's file of text embeddings; nothing is checked if it is missing.
        names: The K classes.
        embeddings: Their embeddings now, float32 (K, D).
        config: The configuration to go on with.
        source: Its file, for messages.

    Raises:
        InputError: a class or its embedding is another one, or the file is damaged.
    """
    if not path.exists():
        return
    before = read_embeddings(path, Vocabulary(tuple(names), (True,) * len(names)))
    now = unit_rows(embeddings, names, source)
    same = [len(one) == len(two) and np.allclose(one, two, rtol=0, atol=_SAME_TEXT)
            for one, two in zip(before, now, strict=True)]  # fmt: skip
    if not all(same):
        raise InputError(
            f"the embedding of {names[same.index(False)]!r} is not that of {path}, with which this "
            "run started; restore the value, or choose another --out",
            file=source,
            field="text.pretrained" if config.text.file is None else "text.file",
        )


def check_processes_agree(
    ranks: Ranks, start: int, config: TrainConfig, source: str, folder: Path
) -> None:
    """Check that all processes, perhaps of several machines, are about to do the same.

    Args:
        ranks: The processes.
        start: Finished iterations of the run, as this process found them in the folder.
        config: The configuration that this process read.
        source: Its file, for messages.
        folder: Folder of the run.

    Raises:
        InputError: the first process has another configuration (paths and `workers` may differ),
            or has found another state.
    """
    first_start, first = ranks.from_first((start, train_config_to_dict(config)))
    own = train_config_to_dict(config)
    for name, theirs, ours in _differences(_flat(first), _flat(own)):
        if name not in _FREE:
            message = f"is {ours!r} here, but {theirs!r} for the first process"
            raise InputError(message, file=source, field=name)
    if start != first_start:
        raise InputError(
            f"the run is at iteration {start} here, but {first_start} for the first process; "
            "--out must be one folder that all machines share",
            file=folder,
        )


def begin_folder(
    folder: Path, config: TrainConfig, changed: list[tuple[str, Any, Any]], done: int, ranks: Ranks
) -> list[Change]:
    """Write the configuration of a run, once everything it names was found, and record changes.

    Args:
        folder: Folder of the run; created if missing.
        config: The configuration from here on.
        changed: As `check_folder` returned it.
        done: Finished iterations.
        ranks: The processes; the first one writes.

    Returns:
        All changes of the run so far, for the checkpoint's header.

    Raises:
        InputError: the folder cannot be written.
    """
    path = folder / CHANGES_FILE
    changes = read_json(path, list[Change]) if done and path.exists() else []
    changes += [Change(done, *change) for change in changed]
    ranks.wait()  # or a process would read what the first one is about to write
    if ranks.is_first:
        make_folder(folder)
        write_json_atomic(folder / CONFIG_FILE, train_config_to_dict(config))
        if not done:  # of an earlier run, whose states are gone
            path.unlink(missing_ok=True)
        if changed:
            write_json_atomic(path, [asdict(change) for change in changes])
    return changes


def skip_option(skip: Sequence[int], iteration: int) -> str:
    """The option that passes over one iteration more than `skip`, whose list it replaces."""
    return f"--set 'skip={[*skip, iteration]}'"


def _differences(
    before: Mapping[str, Any], now: Mapping[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    """(field, earlier value, new value) of what differs, but for paths."""
    for name in [*now, *(name for name in before if name not in now)]:
        one, other = before.get(name), now.get(name)
        if one != other and not _is_moved_path(name, one, other):
            yield name, one, other


def _is_moved_path(name: str, before: Any, now: Any) -> bool:
    return bool(_PATH.fullmatch(name)) and isinstance(before, str) and isinstance(now, str)


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, Mapping):
        items = [(f"{path}.{key}" if path else str(key), part) for key, part in value.items()]
    elif isinstance(value, (list, tuple)):
        items = [(f"{path}[{i}]", part) for i, part in enumerate(value)]
    else:
        return {path: value}
    return {name: leaf for key, part in items for name, leaf in _flat(part, key).items()}
