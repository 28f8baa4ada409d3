"""Configuration of a DaTaSeg network: frozen data classes, presets, and their JSON form."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import Annotated, Any, Literal, get_type_hints

from msgspec import Meta

from model.network.names_0_1 import UNNAMED, current_network_names, report_renamed
from o365seg.errors import InputError, unknown
from o365seg.formats.convert import convert, field_name, refuse_unknown

Positive = Annotated[int, Meta(ge=1)]
NotNegative = Annotated[int, Meta(ge=0)]
Rate = Annotated[float, Meta(ge=0, lt=1)]


@dataclass(frozen=True)
class BackboneConfig:
    """The backbone.

    Attributes:
        name: `vitdet_b`, `vitdet_l`, `vitdet_tiny` (`model.network.backbones.vitdet`), or a name
            in timm: of a plain vision transformer (`….plain_vit`), or of any other model that
            supports `features_only` at strides 4, 8, 16 and 32 (paper: `resnet50`).
        freeze_norm: Keep the statistics, scale and shift of batch norm as loaded (A16). For
            pretrained weights only; without them batch norm must be trained.
        drop_path: Rate of stochastic depth in the last block, 0 to below 1; it grows linearly from
            0 in the first block (A14).
    """

    name: str
    freeze_norm: bool = False
    drop_path: Rate = 0.0


@dataclass(frozen=True)
class DatasetModulesConfig:
    """The dataset-specific modules of section 4.7 and figure 8: an ablation, off by default.

    Attributes:
        datasets: Names of the data sets; `dataset_index` of the forward pass is an index into them.
        num_queries: Queries of each data set in addition to the shared ones, ≥ 0 (Q_d of table 7).
        classification: Whether each data set has its own class heads and background classifier
            (table 8).
        context: Whether each data set has a learned vector that is added to every text embedding:
            the prompts that section 4.7 mentions without giving details.
    """

    datasets: Annotated[tuple[str, ...], Meta(min_length=1)]
    num_queries: NotNegative = 10
    classification: bool = True
    context: bool = False


@dataclass(frozen=True)
class DaTaSegConfig:
    """A whole network; the defaults are the paper's, or those of design notes A1–A18.

    Attributes:
        backbone: The backbone. A plain transformer includes the simple feature pyramid as the
            pixel decoder; others get the transformer encoder and feature pyramid (section 4).
        hidden_dim: Channels of the pixel decoder, the queries and the mask features; a multiple of
            4 and of `num_heads`.
        num_heads: Attention heads, ≥ 1.
        dim_feedforward: Hidden channels of the transformer layers' feedforward networks, ≥ 1.
        encoder_layers: Transformer encoder layers of the convolutional pixel decoder, ≥ 0.
        decoder_layers: Transformer decoder layers, ≥ 1, each of them supervised.
        num_queries: Segment queries shared by all data sets, ≥ 1 (N of section 3.1).
        text_dim: Length of a text embedding, ≥ 1 (D; CLIP ViT-L/14: 768).
        classifier: `cosine` (normalised, with a learned scale) or `dot` (as in section 3.4).
        dropout: Dropout rate in the transformers, 0 to below 1.
        mask_padding: Where the padding of an image has no effect: `always`; at `inference` only, as
            in version 0.1.0; or `never`: the padded canvas counts as the image.
        share_heads: Whether all decoder layers share one class head and one mask head (appendix E).
        dataset_modules: The dataset-specific modules, or None (as the paper proposes).
    """

    backbone: BackboneConfig
    hidden_dim: Positive = 256
    num_heads: Positive = 8
    dim_feedforward: Positive = 2048
    encoder_layers: NotNegative = 6
    decoder_layers: Positive = 9
    num_queries: Positive = 100
    text_dim: Positive = 768
    classifier: Literal["cosine", "dot"] = "cosine"
    dropout: Rate = 0.0
    mask_padding: Literal["always", "inference", "never"] = "always"
    share_heads: bool = False
    dataset_modules: DatasetModulesConfig | None = None


PRESETS: dict[str, DaTaSegConfig] = {
    "dataseg_r50": DaTaSegConfig(BackboneConfig("resnet50", freeze_norm=True)),
    "dataseg_vitdet_b": DaTaSegConfig(BackboneConfig("vitdet_b", drop_path=0.1)),
    "dataseg_vitdet_l": DaTaSegConfig(BackboneConfig("vitdet_l", drop_path=0.4)),
    "tiny": DaTaSegConfig(  # for tests and demonstrations on a CPU
        BackboneConfig("test_resnet"),
        hidden_dim=64,
        num_heads=4,
        dim_feedforward=128,
        encoder_layers=1,
        decoder_layers=3,
        num_queries=20,
    ),
}


def preset(name: str) -> DaTaSegConfig:
    """The configuration of that name.

    Raises:
        InputError: unknown name; the message lists the presets.
    """
    if name not in PRESETS:
        raise InputError(unknown("preset", name, PRESETS))
    return PRESETS[name]


def config_to_dict(config: DaTaSegConfig) -> dict[str, Any]:
    """The configuration as JSON-ready dictionaries with every field."""
    return asdict(config)


def config_from_dict(data: Any, source: str | None = None) -> DaTaSegConfig:
    """Read what `config_to_dict` wrote, in this version or in 0.1.0.

    Args:
        data: Dictionaries with every field.
        source: The file that errors name.

    Raises:
        InputError: a field is missing, unknown, of the wrong type or out of range; it is named.
    """
    if isinstance(data, Mapping):
        data, renamed = current_network_names(data)
        report_renamed(source, renamed)
        data = {**UNNAMED, **data}
    _check_keys(data, DaTaSegConfig, (), source)
    config = convert(data, DaTaSegConfig, file=source)
    if config.hidden_dim % config.num_heads or config.hidden_dim % 4:
        raise InputError(
            "must be a multiple of num_heads and of 4", file=source, field="hidden_dim"
        )
    return config


def _check_keys(data: Any, kind: type, path: tuple[str, ...], source: str | None) -> None:
    """See that every field of the data class `kind` is there and no other: no silent defaults."""
    where = field_name(path) or None
    if not isinstance(data, dict):
        raise InputError("must be an object", file=source, field=where)
    refuse_unknown(data, [f.name for f in fields(kind)], file=source, field=where)
    for name, hint in get_type_hints(kind).items():
        if name not in data:
            raise InputError("missing", file=source, field=field_name((*path, name)))
        for option in (hint, *getattr(hint, "__args__", ())):
            if is_dataclass(option) and isinstance(option, type) and data[name] is not None:
                _check_keys(data[name], option, (*path, name), source)
