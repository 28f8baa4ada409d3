"""What a DaTaSeg network is made of: frozen data classes, presets, and their JSON form."""

from dataclasses import asdict, dataclass, field, fields, is_dataclass
from typing import Any, Literal, get_type_hints

import msgspec

from o365seg.errors import InputError


@dataclass(frozen=True)
class BackboneConfig:
    """The backbone.

    Attributes:
        name: `vitdet_b`, `vitdet_l`, `vitdet_tiny` (`model.network.vitdet`), or the name of any
            convolutional timm model that has `features_only` (paper: `resnet50`).
        freeze_norm: Keep batch norm's statistics, scale and shift as they were loaded (A16). For
            pretrained weights only; from scratch they must train.
        drop_path: Rate of stochastic depth in the last block, growing linearly to it (A14).
    """

    name: str
    freeze_norm: bool = False
    drop_path: float = 0.0


@dataclass(frozen=True)
class DatasetModulesConfig:
    """The dataset-specific modules of section 4.7 and figure 8: an ablation, off by default.

    Attributes:
        datasets: The data sets' names; `dataset` of the forward pass is an index into them.
        queries: Queries that each data set has beside the shared ones (Q_d of table 7).
        classification: Class heads and a background classifier for each (table 8).
        context: A learned vector for each, added to every text vector: the prompts that section 4.7
            names without saying how they were made.
    """

    datasets: tuple[str, ...]
    queries: int = 10
    classification: bool = True
    context: bool = False


@dataclass(frozen=True)
class DaTaSegConfig:
    """The whole network; the defaults are the paper's, or what design notes A1–A18 settled on.

    Attributes:
        backbone: The backbone. A ViTDet brings its simple feature pyramid as the pixel decoder;
            any other one gets the transformer encoder and feature pyramid (section 4).
        width: Channels of the pixel decoder, the queries and the mask features.
        heads: Attention heads.
        feedforward: Hidden channels of the transformer layers' feedforward networks.
        encoder_layers: Transformer encoder layers of the convolutional pixel decoder.
        decoder_layers: Transformer decoder layers, each of them supervised.
        queries: Segment queries that all data sets share (N of section 3.1).
        text_width: Components of a text vector (CLIP ViT-L/14: 768).
        classifier: `cosine` (normalised, a learned scale) or `dot` (section 3.4 to the letter).
        dropout: Dropout in the transformers.
        share_heads: One class head and one mask head for all decoder layers, instead of one each
            (appendix E).
        dataset_modules: The dataset-specific modules, or None (the paper's proposal).
    """

    backbone: BackboneConfig
    width: int = 256
    heads: int = 8
    feedforward: int = 2048
    encoder_layers: int = 6
    decoder_layers: int = 9
    queries: int = 100
    text_width: int = 768
    classifier: Literal["cosine", "dot"] = "cosine"
    dropout: float = 0.0
    share_heads: bool = False
    dataset_modules: DatasetModulesConfig | None = field(default=None)


PRESETS: dict[str, DaTaSegConfig] = {
    "dataseg_r50": DaTaSegConfig(BackboneConfig("resnet50", freeze_norm=True)),
    "dataseg_vitdet_b": DaTaSegConfig(BackboneConfig("vitdet_b", drop_path=0.1)),
    "dataseg_vitdet_l": DaTaSegConfig(BackboneConfig("vitdet_l", drop_path=0.4)),
    "tiny": DaTaSegConfig(  # for tests and for demonstrations on a CPU
        BackboneConfig("test_resnet"),
        width=64,
        heads=4,
        feedforward=128,
        encoder_layers=1,
        decoder_layers=3,
        queries=20,
    ),
}


def preset(name: str) -> DaTaSegConfig:
    """The configuration of that name.

    Raises:
        InputError: there is none; the message lists those there are.
    """
    if name not in PRESETS:
        raise InputError(f"no preset {name!r}; there are {', '.join(PRESETS)}")
    return PRESETS[name]


def config_to_dict(config: DaTaSegConfig) -> dict[str, Any]:
    """The configuration as JSON-ready dictionaries, every field in it."""
    return asdict(config)


def config_from_dict(data: Any, source: str | None = None) -> DaTaSegConfig:
    """Read what `config_to_dict` wrote; `source` is the file that errors name.

    Raises:
        InputError: a field is missing, unknown, of the wrong type or out of range; it is named.
    """
    _check_keys(data, DaTaSegConfig, (), source)
    try:
        config = msgspec.convert(data, DaTaSegConfig)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at ")
        name = path.strip("`").removeprefix("$.") or None
        raise InputError(what.replace("`", ""), file=source, field=name) from None
    _check_values(config, source)
    return config


def _check_keys(data: Any, kind: type, path: tuple[str, ...], source: str | None) -> None:
    """Every field of the data class `kind`, and no other, must be there: no silent defaults."""
    where = ".".join(path) or None
    if not isinstance(data, dict):
        raise InputError("expected an object", file=source, field=where)
    names = [f.name for f in fields(kind)]
    for key in data:
        if key not in names:
            raise InputError(
                f"unknown; there are {', '.join(names)}",
                file=source,
                field=".".join((*path, str(key))),
            )
    for name, hint in get_type_hints(kind).items():
        if name not in data:
            raise InputError("missing", file=source, field=".".join((*path, name)))
        for option in (hint, *getattr(hint, "__args__", ())):
            if is_dataclass(option) and isinstance(option, type) and data[name] is not None:
                _check_keys(data[name], option, (*path, name), source)


def _check_values(config: DaTaSegConfig, source: str | None) -> None:
    """The ranges that the types do not say."""
    positive = ("width", "heads", "feedforward", "decoder_layers", "queries", "text_width")
    for name in positive:
        if getattr(config, name) < 1:
            raise InputError("must be at least 1", file=source, field=name)
    if config.encoder_layers < 0:
        raise InputError("must not be negative", file=source, field="encoder_layers")
    if config.width % config.heads or config.width % 4:
        raise InputError("must be a multiple of heads and of 4", file=source, field="width")
    rates = {"dropout": config.dropout, "backbone.drop_path": config.backbone.drop_path}
    for name, rate in rates.items():
        if not 0 <= rate < 1:
            raise InputError("must be at least 0 and below 1", file=source, field=name)
    if config.dataset_modules is not None and not config.dataset_modules.datasets:
        raise InputError("must name a data set", file=source, field="dataset_modules.datasets")
    if config.dataset_modules is not None and config.dataset_modules.queries < 0:
        raise InputError("must not be negative", file=source, field="dataset_modules.queries")
