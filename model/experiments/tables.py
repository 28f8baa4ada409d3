"""The paper's tables: the runs to train, and the run that each number comes from.

A `Run` is one training. Tables share runs: table 1's co-trained R50 is a row of tables 2, 4, 5, 8
and 9, and is trained once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from model.experiments.columns import TRAINED_ON, Column, Role

ALL = (Role.ADE, Role.COCO, Role.O365)
FOUR = tuple(TRAINED_ON)


class Backbone(StrEnum):
    """The paper's backbones; a recipe chooses the networks for them."""

    R50 = "R50"
    VITDET_B = "ViTDet-B"
    VITDET_L = "ViTDet-L"


@dataclass(frozen=True)
class Modules:
    """Dataset-specific modules (figure 8).

    Attributes:
        queries: Number of queries of each data set, Q_d of table 7.
        classification: Whether each has its own class heads and background classifier.
    """

    queries: int
    classification: bool


ALL_MODULES = Modules(10, True)
"""What tables 5 and 9 add: figure 8's three, with table 7's least number of queries."""


@dataclass(frozen=True)
class Run:
    """One training run.

    Attributes:
        sets: The training sets.
        backbone: The backbone.
        queries: Number of shared queries; None for the recipe's (paper: 100).
        modules: Dataset-specific modules, or None.
    """

    sets: tuple[Role, ...]
    backbone: Backbone = Backbone.R50
    queries: int | None = None
    modules: Modules | None = None

    @property
    def name(self) -> str:
        """Name of its folder: `r50-ade-coco-o365`, `r50-ade-coco-o365-q50`, `…-own10-heads`."""
        parts = [self.backbone.lower(), *(role.lower() for role in self.sets)]
        if self.queries is not None:
            parts.append(f"q{self.queries}")
        if self.modules is not None:
            parts.append(f"own{self.modules.queries}")
            parts += ["heads"] if self.modules.classification else []
        return "-".join(parts)


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Attributes:
        name: Its name in `paper_numbers.PAPER`.
        runs: The run that each column's number comes from.
    """

    name: str
    runs: dict[Column, Run]


@dataclass(frozen=True)
class Table:
    """A table of the paper.

    Attributes:
        number: Its number in the paper.
        title: What it compares.
        columns: Its columns.
        rows: DaTaSeg's rows; other methods are only in `paper_numbers`.
    """

    number: int
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def _row(name: str, run: Run, columns: Sequence[Column] = FOUR) -> Row:
    return Row(name, dict.fromkeys(columns, run))


def _separate(backbone: Backbone) -> Row:
    runs = {column: Run((role,), backbone) for column, role in TRAINED_ON.items()}
    return Row(f"{backbone} separate", runs)


def _co_trained(backbone: Backbone, columns: Sequence[Column] = FOUR) -> Row:
    return _row(f"{backbone} co-trained", Run(ALL, backbone), columns)


_SETS = (
    (Role.ADE,), (Role.COCO,), (Role.O365,), (Role.ADE, Role.O365), (Role.COCO, Role.O365),
    (Role.ADE, Role.COCO), ALL,
)  # fmt: skip
_TRANSFER = (
    Column.CONTEXT_59,
    Column.CONTEXT_459,
    Column.COCO_SEMANTIC,
    Column.CITYSCAPES_PANOPTIC,
)
_VOC = (Column.VOC, Column.VOC_UNSEEN, Column.VOC_SEEN)

TABLES = {
    table.number: table
    for table in (
        Table(1, "Separate and co-trained models", FOUR, (
            _separate(Backbone.R50), _co_trained(Backbone.R50),
            _separate(Backbone.VITDET_B), _co_trained(Backbone.VITDET_B),
            _co_trained(Backbone.VITDET_L),
        )),
        Table(2, "Combinations of training sets", FOUR, tuple(
            _row(" + ".join(sets), Run(sets)) for sets in _SETS
        )),
        Table(3, "Direct transfer", _TRANSFER, tuple(
            _co_trained(backbone, _TRANSFER) for backbone in Backbone
        )),
        Table(4, "Queries", FOUR, (
            _row("50 queries", Run(ALL, queries=50)), _row("100 queries", Run(ALL)),
            _row("150 queries", Run(ALL, queries=150)),
        )),
        Table(5, "Dataset-specific modules", FOUR, (
            _row("shared", Run(ALL)), _row("D-S modules", Run(ALL, modules=ALL_MODULES)),
        )),
        Table(6, "Direct transfer to PASCAL VOC", _VOC, tuple(
            _co_trained(backbone, _VOC) for backbone in Backbone
        )),
        # Row 0 is the run of table 8: figure 8 names no other module than these two kinds. (The
        # paper's two numbers for it differ by up to 0.4.)
        Table(7, "Dataset-specific queries", FOUR, tuple(
            _row(f"{count} D-S queries", Run(ALL, modules=Modules(count, True)))
            for count in (0, 10, 20, 30)
        )),
        Table(8, "Dataset-specific classification", FOUR, (
            _row("D-S classification", Run(ALL, modules=Modules(0, True))),
            _row("shared", Run(ALL)),
        )),
        Table(9, "Dataset-specific modules by backbone", FOUR, tuple(
            row for backbone in Backbone for row in (
                _row(f"{backbone} D-S modules", Run(ALL, backbone, modules=ALL_MODULES)),
                _row(f"{backbone} shared", Run(ALL, backbone)),
            )
        )),
    )
}  # fmt: skip
