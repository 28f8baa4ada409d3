"""What a training run is: frozen data classes, read from a TOML file (docs/training.md)."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

import msgspec

from model.network.config import DaTaSegConfig, config_from_dict, config_to_dict, preset
from model.network.preprocess import FIXED_SIZE, MULTIPLE
from model.objective.loss_weights import (
    ADE20K_SEMANTIC,
    COCO_PANOPTIC,
    OBJECTS365_BOXES,
    LossWeights,
)
from model.text.prompts import DEFAULT_TEMPLATES
from o365seg.errors import InputError

Row = Literal["ade20k_semantic", "coco_panoptic", "objects365_boxes"]
TABLE_10: dict[str, LossWeights] = {
    "ade20k_semantic": ADE20K_SEMANTIC,
    "coco_panoptic": COCO_PANOPTIC,
    "objects365_boxes": OBJECTS365_BOXES,
}
RECIPES = Path(__file__).parent / "recipes"

# What may change between two parts of a run: none of it changes what is learned.
_FREE = frozenset({"workers", "log_every", "checkpoint_every", "keep"})


@dataclass(frozen=True)
class DataConfig:
    """One data set of the mixture.

    Attributes:
        source: The keys that say which data set it is; `model.datasets.opening` reads them.
        share: How often it is drawn, next to the others' shares (paper: 1, 4, 4).
        lr: What the learning rate is multiplied by in its iterations (paper: 3, 5, 2).
        scale: Range of the random scaling (paper: 0.1 to 2.0; ADE20K 0.5 to 2.0).
        flip: How often an image is mirrored.
        weights: A row of Table 10, or all of its numbers; None for the row of the data set's task.
    """

    source: dict[str, Any]
    share: float = 1.0
    lr: float = 1.0
    scale: tuple[float, float] = (0.1, 2.0)
    flip: float = 0.5
    weights: Row | LossWeights | None = None


@dataclass(frozen=True)
class TextConfig:
    """Where text vectors come from: a file, the synthetic world, else a text encoder.

    Attributes:
        file: Ready vectors (`model.text.embedding_files`) of every data set's classes.
        synthetic: Those of `model.datasets.synthetic`.
        model: The encoder's name in open_clip.
        pretrained: Its weights: a tag or a file.
        prompts: Sentences with `{}` for the class.
    """

    file: str | None = None
    synthetic: bool = False
    model: str = "ViT-L-14"
    pretrained: str = "openai"
    prompts: tuple[str, ...] = DEFAULT_TEMPLATES


@dataclass(frozen=True)
class OptimizerConfig:
    """AdamW and its schedule (appendix F).

    Attributes:
        lr: The learning rate before all factors (paper: 3e-5 for ResNet-50 at a batch of 384).
        weight_decay: Of weight matrices and kernels alone.
        clip_norm: Greatest norm of the whole network's gradient.
        warmup: Iterations in which the rate rises linearly (the paper names none).
        drops: Fractions of the run after which the rate is multiplied by 0.1.
        backbone_lr: The backbone's factor (0.1 for ResNet-50, as Mask2Former).
        layer_decay: A ViTDet's factor a layer, from the last to the first (0.7 B, 0.8 L).
    """

    lr: float
    weight_decay: float = 0.05
    clip_norm: float = 0.1
    warmup: int = 0
    drops: tuple[float, ...] = (0.9, 0.95)
    backbone_lr: float = 1.0
    layer_decay: float = 1.0


@dataclass(frozen=True)
class TrainConfig:
    """A whole run.

    Attributes:
        network: What is trained.
        data: The mixture; at each iteration one of them is drawn (section 3.5).
        optimizer: How.
        iterations: How long.
        batch_size: Images an iteration, all processes and accumulated parts together.
        text: Where the classes' vectors come from.
        backbone_weights: Pretrained ones: a file, or timm's name of them; None for random ones.
        image_size: Pixels of the input's sides.
        precision: `bf16` for autocast to bfloat16.
        accumulate: Parts that a process's share of a batch is worked out in, one after the other.
        compile: Whether the network goes through `torch.compile`.
        workers: Processes that load images, for each training process; 0 for none.
        seed: Of everything that is drawn.
        checkpoint_every: Iterations between two checkpoints; one is written at the end anyway.
        keep: How many checkpoints stay.
        log_every: Iterations between two lines of the log.
    """

    network: DaTaSegConfig
    data: tuple[DataConfig, ...]
    optimizer: OptimizerConfig
    iterations: int
    batch_size: int
    text: TextConfig = field(default_factory=TextConfig)
    backbone_weights: str | None = None
    image_size: int = FIXED_SIZE
    precision: Literal["fp32", "bf16"] = "fp32"
    accumulate: int = 1
    compile: bool = False
    workers: int = 4
    seed: int = 0
    checkpoint_every: int = 1000
    keep: int = 2
    log_every: int = 50


def find_config(given: str) -> Path:
    """The file of that name, else the shipped recipe (`model/recipes`).

    Raises:
        InputError: neither; the recipes are listed.
    """
    shipped = RECIPES / f"{given}.toml"
    if Path(given).is_file() or not shipped.is_file():
        if not Path(given).is_file() and not given.endswith(".toml"):
            names = ", ".join(sorted(path.stem for path in RECIPES.glob("*.toml")))
            raise InputError(f"no such file, and no recipe; there are {names}", file=given)
        return Path(given)
    return shipped


def read_train_config(path: str | Path) -> TrainConfig:
    """Read a run's configuration.

    Raises:
        InputError: no such file, not TOML, or a field is missing, unknown, of the wrong type or out
            of range; it is named.
    """
    try:
        data = tomllib.loads(Path(path).read_text("utf-8"))
    except FileNotFoundError:
        raise InputError("no such file", file=path) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot be read: {error}", file=path) from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"is not TOML: {error}", file=path) from None
    return train_config_from_dict(data, str(path))


def train_config_from_dict(data: Mapping[str, Any], source: str | None = None) -> TrainConfig:
    """Read a configuration from the tables of a TOML file; `source` is the file errors name.

    Raises:
        InputError: as `read_train_config`.
    """
    tables = dict(data)
    network = _read_network(tables.pop("model", None), source)
    backbone_weights = network.pop("backbone_weights", None)
    entries = tables.pop("data", None)
    if not isinstance(entries, list) or not entries:
        raise InputError("needs a [[data]] table for each data set", file=source, field="data")
    tables["data"] = [_split_entry(entry, i, source) for i, entry in enumerate(entries)]
    for name, kind in (("text", TextConfig), ("optimizer", OptimizerConfig)):
        _refuse_unknown(tables.get(name, {}), kind, name, source)
    _refuse_unknown(tables, TrainConfig, "", source, hidden=("network", "backbone_weights"))
    tables |= {"network": network["config"], "backbone_weights": backbone_weights}
    try:
        config = msgspec.convert(tables, TrainConfig)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at ")
        name = path.strip("`").removeprefix("$").removeprefix(".") or None
        raise InputError(what.replace("`", ""), file=source, field=name) from None
    _check_values(config, source)
    return config


def train_config_to_dict(config: TrainConfig) -> dict[str, Any]:
    """The configuration as JSON-ready dictionaries, every field in it."""
    return msgspec.to_builtins(asdict(config))


def refuse_changes(old: Mapping[str, Any], config: TrainConfig, source: str | Path) -> None:
    """See that a run goes on as it began; `old` is the `train_config_to_dict` of its first part.

    How often is logged and saved, and how many processes load, may change.

    Raises:
        InputError: something else changed; the field and both values are named.
    """
    before, now = _flat(old), _flat(train_config_to_dict(config))
    for name in [*now, *(name for name in before if name not in now)]:
        if name in _FREE or before.get(name) == now.get(name):
            continue
        raise InputError(
            f"this run began with {before.get(name)!r}, not {now.get(name)!r}; "
            "go on with the old value, or choose another --out",
            file=source,
            field=name,
        )


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, Mapping):
        items = [(f"{path}.{key}" if path else str(key), part) for key, part in value.items()]
    elif isinstance(value, (list, tuple)):
        items = [(f"{path}[{i}]", part) for i, part in enumerate(value)]
    else:
        return {path: value}
    return {name: leaf for key, part in items for name, leaf in _flat(part, key).items()}


def _read_network(table: Any, source: str | None) -> dict[str, Any]:
    """`[model]`: a preset, changes to it, and the backbone's weights."""
    if isinstance(table, str):
        table = {"preset": table}
    if not isinstance(table, dict) or not isinstance(table.get("preset"), str):
        raise InputError("names no preset", file=source, field="model.preset")
    changes = {k: v for k, v in table.items() if k not in ("preset", "backbone_weights")}
    try:
        base = config_to_dict(preset(table["preset"]))
    except InputError as error:
        raise InputError(error.message, file=source, field="model.preset") from None
    try:
        merged = config_to_dict(config_from_dict(_merge(base, changes), source))
    except InputError as error:
        raise InputError(error.message, file=source, field=f"model.{error.field}") from None
    weights = table.get("backbone_weights")
    if merged["backbone"]["freeze_norm"] and weights is None:
        raise InputError(
            "frozen batch norm needs pretrained weights; or set backbone.freeze_norm = false",
            file=source,
            field="model.backbone_weights",
        )
    return {"config": merged, "backbone_weights": weights}


def _merge(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """`base` with `changes`, table by table."""
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        merged[key] = (
            _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
        )
    modules = merged.get("dataset_modules")
    if isinstance(modules, dict) and "datasets" in modules:  # a preset has none to take from
        merged["dataset_modules"] = {
            "queries": 10,
            "classification": True,
            "context": False,
        } | modules
    return merged


def _split_entry(entry: Any, index: int, source: str | None) -> dict[str, Any]:
    """A `[[data]]` table: our own keys, and the rest, which says what data set it is."""
    if not isinstance(entry, dict):
        raise InputError("is no table", file=source, field=f"data[{index}]")
    own = {f.name for f in fields(DataConfig)} - {"source"}
    rest = {key: value for key, value in entry.items() if key not in own}
    return {key: value for key, value in entry.items() if key in own} | {"source": rest}


def _refuse_unknown(
    table: Any, kind: type, name: str, source: str | None, hidden: tuple[str, ...] = ()
) -> None:
    known = [f.name for f in fields(kind) if f.name not in hidden]
    for key in table if isinstance(table, dict) else ():
        if key not in known:
            where = f"{name}.{key}" if name else key
            listed = ["model", *known] if hidden else known
            raise InputError(f"unknown; there are {', '.join(listed)}", file=source, field=where)


def _check_values(config: TrainConfig, source: str | None) -> None:
    """The ranges that the types do not say."""
    adam = config.optimizer
    faults = {
        "optimizer.lr": (adam.lr > 0, "must be positive"),
        "optimizer.weight_decay": (adam.weight_decay >= 0, "must not be negative"),
        "optimizer.clip_norm": (adam.clip_norm > 0, "must be positive"),
        "optimizer.warmup": (adam.warmup >= 0, "must not be negative"),
        "optimizer.drops": (all(0 < d <= 1 for d in adam.drops), "must be above 0 and at most 1"),
        "optimizer.backbone_lr": (adam.backbone_lr >= 0, "must not be negative"),
        "optimizer.layer_decay": (0 < adam.layer_decay <= 1, "must be above 0 and at most 1"),
        "image_size": (
            config.image_size >= MULTIPLE and config.image_size % MULTIPLE == 0,
            f"must be a multiple of {MULTIPLE}",
        ),
        "batch_size": (
            config.batch_size % max(config.accumulate, 1) == 0,
            "must be a multiple of accumulate",
        ),
        "workers": (config.workers >= 0, "must not be negative"),
        "seed": (config.seed >= 0, "must not be negative"),
    }
    for name in ("iterations", "batch_size", "accumulate", "checkpoint_every", "keep", "log_every"):
        if getattr(config, name) < 1:
            raise InputError("must be at least 1", file=source, field=name)
    for i, data in enumerate(config.data):
        faults[f"data[{i}].share"] = (data.share > 0, "must be positive")
        faults[f"data[{i}].lr"] = (data.lr > 0, "must be positive")
        low, high = data.scale
        faults[f"data[{i}].scale"] = (0 < low <= high, "must be two positive numbers, rising")
        faults[f"data[{i}].flip"] = (0 <= data.flip <= 1, "must be 0 to 1")
    for name, (sound, message) in faults.items():
        if not sound:
            raise InputError(message, file=source, field=name)
