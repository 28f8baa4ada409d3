"""The configuration of a training run, read from a TOML file (docs/training.md)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from model.datasets.configured import data_tables, read_toml
from model.datasets.names_0_1 import current_names
from model.evaluation.requests import AskedTable, read_asked
from model.network.config import DaTaSegConfig, config_from_dict, config_to_dict, preset
from model.network.names_0_1 import report_renamed
from model.network.preprocess import FIXED_SIZE, MULTIPLE
from model.objective.loss_weights import (
    ADE20K_SEMANTIC,
    COCO_PANOPTIC,
    OBJECTS365_BOXES,
    LossWeights,
)
from model.runtime.checkpoint import read_header
from model.text.encoder import embedding_length
from model.text.prompts import DEFAULT_TEMPLATES
from model.training.settings import with_settings
from o365seg.errors import InputError
from o365seg.formats.convert import convert, refuse_unknown
from o365seg.formats.json_files import read_json

Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
Fraction = Annotated[float, Meta(gt=0, le=1)]
Count = Annotated[int, Meta(ge=1)]

Row = Literal["ade20k_semantic", "coco_panoptic", "objects365_boxes"]
TABLE_10: dict[str, LossWeights] = {
    "ade20k_semantic": ADE20K_SEMANTIC,
    "coco_panoptic": COCO_PANOPTIC,
    "objects365_boxes": OBJECTS365_BOXES,
}
RECIPES = Path(__file__).parent / "recipes"


@dataclass(frozen=True)
class DataConfig:
    """One data set of the mixture.

    Attributes:
        source: The keys that say which data set it is, for `model.datasets.opening`.
        sampling_ratio: How often it is drawn relative to the others, > 0 (paper: 1, 4, 4).
        lr: Learning rate multiplier in its iterations, > 0 (paper: 3, 5, 2).
        scale: Smallest and largest random scale, > 0 (paper: 0.1 to 2.0; ADE20K 0.5 to 2.0).
        flip: Probability of a horizontal flip, 0 to 1.
        weights: A row of Table 10, or all its numbers; None for that of its kind of ground truth.
    """

    source: dict[str, Any]
    sampling_ratio: Positive = 1.0
    lr: Positive = 1.0
    scale: tuple[Positive, Positive] = (0.1, 2.0)
    flip: Annotated[float, Meta(ge=0, le=1)] = 0.5
    weights: Row | LossWeights | None = None


@dataclass(frozen=True)
class TextConfig:
    """Source of the text embeddings: a file, the synthetic data sets, or else a text encoder.

    Attributes:
        file: File with the embeddings (`model.text.embedding_files`) of every data set's classes.
        synthetic: Use those of `model.datasets.synthetic`.
        model: Name of the encoder in open_clip.
        pretrained: Its weights: a tag of open_clip, or a file.
        prompts: Prompt templates with `{}` for the class name.
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
        lr: Learning rate before all multipliers, > 0 (paper: 3e-5 for ResNet-50, batch size 384).
        weight_decay: Weight decay, ≥ 0; applied to matrices and kernels only.
        clip_norm: Maximum norm of the whole network's gradient, > 0.
        warmup: Iterations of linear warm-up, ≥ 0 (the paper mentions none).
        drops: Fractions of the run, above 0 and up to 1; after each the rate is multiplied by 0.1.
        backbone_lr: Learning rate multiplier of the backbone, ≥ 0 (ResNet-50: 0.1, as Mask2Former).
        layer_decay: Multiplier per layer of a plain transformer, from the last to the first, above
            0 and up to 1 (ViTDet-B: 0.7, ViTDet-L: 0.8).
    """

    lr: Positive
    weight_decay: NotNegative = 0.05
    clip_norm: Positive = 0.1
    warmup: Annotated[int, Meta(ge=0)] = 0
    drops: tuple[Fraction, ...] = (0.9, 0.95)
    backbone_lr: NotNegative = 1.0
    layer_decay: Fraction = 1.0


@dataclass(frozen=True)
class ValidationConfig:
    """Scores during training (`model.training.validation`).

    Attributes:
        data: The data sets to score, of the mixture or others.
        every: Iterations between validations, ≥ 1; there is one after the last iteration, too.
        images: Images of each data set, ≥ 1, evenly spread over it; None for all.
        best: The metric whose highest value decides the best checkpoint, as `NAME/METRIC`; None for
            the main metric of the first data set.
        patience: Validations, ≥ 1, after which the run ends if none of them had a better value;
            None to train to the end.
    """

    data: tuple[AskedTable, ...]
    every: Count
    images: Count | None = None
    best: str | None = None
    patience: Count | None = None


@dataclass(frozen=True)
class TrainConfig:
    """A training run.

    Attributes:
        network: The network to train.
        data: The data sets of the mixture; each iteration draws one of them (section 3.5).
        optimizer: The optimizer and its schedule.
        iterations: Number of iterations, ≥ 1.
        batch_size: Images per iteration over all processes and accumulated steps, ≥ 1.
        text: Source of the text embeddings.
        backbone_weights: Pretrained weights: a file or a name in timm; None for random weights.
        start: A checkpoint whose weights the run starts from (`model.runtime.start`); None for
            random weights.
        freeze: Parts of the network that are not trained, such as `backbone`
            (`model.training.freezing`).
        image_size: Side of the network's input in pixels, a multiple of 32.
        precision: `bf16` for autocast to bfloat16.
        accumulate: Forward passes per iteration and process, ≥ 1, whose gradients are summed.
        compile: Whether to use `torch.compile`.
        activation_checkpointing: Whether to compute activations again in the backward pass instead
            of keeping them (`model.network.activation_checkpointing`); the result is the same.
        workers: Processes that load images, per training process, ≥ 0.
        seed: Seed of all random numbers, ≥ 0.
        checkpoint_every: Iterations between checkpoints, ≥ 1; the last iteration writes one, too.
        keep: Number of saved states to keep, ≥ 1.
        log_every: Iterations between lines of the log, ≥ 1.
        skip: Iterations to pass over, from 1: their images are not read; all others stay the same.
        average: Decay of the moving average of the weights, which is what is then validated and
            written, 0 to below 1 (`model.training.averaging`); None for the weights themselves.
        validation: Scores during training; None for none.
    """

    network: DaTaSegConfig
    data: tuple[DataConfig, ...]
    optimizer: OptimizerConfig
    iterations: Count
    batch_size: Count
    text: TextConfig = field(default_factory=TextConfig)
    backbone_weights: str | None = None
    start: str | None = None
    freeze: tuple[str, ...] = ()
    image_size: Annotated[int, Meta(gt=0, multiple_of=MULTIPLE)] = FIXED_SIZE
    precision: Literal["fp32", "bf16"] = "fp32"
    accumulate: Count = 1
    compile: bool = False
    activation_checkpointing: bool = False
    workers: Annotated[int, Meta(ge=0)] = 4
    seed: Annotated[int, Meta(ge=0)] = 0
    checkpoint_every: Count = 1000
    keep: Count = 2
    log_every: Count = 50
    skip: tuple[Count, ...] = ()
    average: Annotated[float, Meta(ge=0, lt=1)] | None = None
    validation: ValidationConfig | None = None


def find_config(given: str) -> Path:
    """The file of that name, else the shipped recipe (`model/recipes`).

    Raises:
        InputError: there is neither; lists the recipes.
    """
    shipped = RECIPES / f"{given}.toml"
    if Path(given).is_file() or not shipped.is_file():
        if not Path(given).is_file() and not given.endswith(".toml"):
            names = ", ".join(sorted(path.stem for path in RECIPES.glob("*.toml")))
            raise InputError(f"no such file or recipe; the recipes are {names}", file=given)
        return Path(given)
    return shipped


def read_train_config(
    path: str | Path, settings: Mapping[str, Any] | None = None, begun: Path | None = None
) -> TrainConfig:
    """Read a run's configuration.

    Args:
        path: A TOML file.
        settings: By name (`optimizer.lr`, `data[0].lr`), values that replace the file's.
        begun: `config.json` of the run to go on with, whether it exists or not.

    Raises:
        InputError: no such file, not TOML, or a field is missing, unknown, of the wrong type or out
            of range; it is named.
    """
    tables = with_settings(read_toml(path), settings or {}, path)
    return train_config_from_dict(tables, str(path), base_folder(Path(path)), begun)


def base_folder(path: Path) -> Path:
    """The folder that paths in a configuration are relative to: the file's, or for a shipped recipe
    the current one."""
    return Path() if path.parent == RECIPES else path.parent


def train_config_from_dict(
    data: Mapping[str, Any],
    source: str | None = None,
    base: Path | None = None,
    begun: Path | None = None,
) -> TrainConfig:
    """Read a configuration from the tables of a TOML file.

    Args:
        data: The tables.
        source: The file that errors name.
        base: Folder for relative paths; the current one by default.
        begun: `config.json` of the run to go on with, whether it exists or not. It has the network
            where `start` is gone.

    Raises:
        InputError: as `read_train_config`; or `start` is not a checkpoint.
    """
    tables, renamed = current_names(data)
    report_renamed(source, renamed)
    start = tables.get("start")
    network = _read_network(
        _with_text_dim(tables.pop("model", None), tables.get("text"), source), source,
        (base or Path()) / start if isinstance(start, str) else None, begun,
    )  # fmt: skip
    backbone_weights = network.pop("backbone_weights", None)
    entries = data_tables(tables, source)
    for entry in entries:
        entry.refuse_unknown(_keys(DataConfig), source)
    tables["data"] = [entry.settings | {"source": entry.source} for entry in entries]
    for name, kind in (("text", TextConfig), ("optimizer", OptimizerConfig)):
        if isinstance(tables.get(name), dict):
            refuse_unknown(tables[name], _keys(kind), file=source, field=name)
    refuse_unknown(tables, _keys(TrainConfig), file=source)
    if "validation" in tables:
        tables["validation"] = _read_validation(tables["validation"], source)
    tables |= {"network": network["config"], "backbone_weights": backbone_weights}
    config = convert(tables, TrainConfig, file=source)
    _check_values(config, source)
    return config


def _read_validation(table: Any, source: str | None) -> dict[str, Any]:
    """`[validation]` and its `[[validation.data]]` tables."""
    if not isinstance(table, dict):
        raise InputError("must be a table", file=source, field="validation")
    names = [field.name for field in fields(ValidationConfig)]
    refuse_unknown(table, names, file=source, field="validation")
    entries = data_tables(table, source, "validation.data")
    return table | {"data": [asdict(read_asked(entry, source)) for entry in entries]}


def _keys(kind: type) -> list[str]:
    """The keys of a table in a TOML file; `model` and `data` are read before."""
    hidden = ("source", "network", "backbone_weights")
    return [field.name for field in fields(kind) if field.name not in hidden]


def train_config_to_dict(config: TrainConfig) -> dict[str, Any]:
    """The configuration as JSON-ready dictionaries, every field in it."""
    return msgspec.to_builtins(asdict(config))


def _with_text_dim(model: Any, text: Any, source: str | None) -> Any:
    """`[model]` with the length of the embeddings of the encoder that `[text]` names.

    A `text_dim` of its own stays; so do tables that are not valid, which are refused later.
    """
    if isinstance(model, str):
        model = {"preset": model}
    if not isinstance(model, dict) or not isinstance(text, dict) or "text_dim" in model:
        return model
    if "file" in text or text.get("synthetic") or not isinstance(text.get("model"), str):
        return model
    try:
        return model | {"text_dim": embedding_length(text["model"])}
    except InputError as error:
        raise InputError(error.message, file=source, field="text.model") from None


def _read_network(
    table: Any, source: str | None, start: Path | None, begun: Path | None
) -> dict[str, Any]:
    """`[model]`: a preset, or the network of the checkpoint `start`; changes to it; and the
    backbone's weights."""
    if isinstance(table, str):
        table = {"preset": table}
    table = {} if table is None and start is not None else table
    if not isinstance(table, dict):
        raise InputError("missing; name a preset", file=source, field="model.preset")
    changes = {k: v for k, v in table.items() if k not in ("preset", "backbone_weights")}
    base = config_to_dict(_base_network(table, source, start, begun))
    try:
        merged = config_to_dict(config_from_dict(_merge(base, changes), source))
    except InputError as error:
        raise InputError(error.message, file=source, field=f"model.{error.field}") from None
    weights = table.get("backbone_weights")
    if merged["backbone"]["freeze_norm"] and weights is None and start is None:
        raise InputError(
            "frozen batch norm needs pretrained weights; or set backbone.freeze_norm = false",
            file=source,
            field="model.backbone_weights",
        )
    return {"config": merged, "backbone_weights": weights}


def _base_network(
    table: dict[str, Any], source: str | None, start: Path | None, begun: Path | None
) -> DaTaSegConfig:
    name = table.get("preset")
    if name is None and start is not None:
        if begun is not None and begun.exists() and not start.exists():
            # The changes of `[model]` are in it already; made once more, they change nothing.
            return config_from_dict(read_json(begun, dict).get("network"), str(begun))
        return read_header(start)[0]
    if not isinstance(name, str):
        raise InputError("missing; name a preset", file=source, field="model.preset")
    try:
        return preset(name)
    except InputError as error:
        raise InputError(error.message, file=source, field="model.preset") from None


def _merge(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return `base` updated by `changes`, recursively."""
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        merged[key] = (
            _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
        )
    modules = merged.get("dataset_modules")
    if isinstance(modules, dict) and "datasets" in modules:  # presets have none to start from
        merged["dataset_modules"] = {
            "num_queries": 10,
            "classification": True,
            "context": False,
        } | modules
    return merged


def _check_values(config: TrainConfig, source: str | None) -> None:
    """Check what depends on several values."""
    if config.batch_size % config.accumulate:
        raise InputError("must be a multiple of accumulate", file=source, field="batch_size")
    for number, data in enumerate(config.data):
        low, high = data.scale
        if low > high:
            message = "must be two positive numbers in ascending order"
            raise InputError(message, file=source, field=f"data[{number}].scale")
