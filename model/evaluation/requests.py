"""Evaluate a model on several data sets, and report the scores: what `dataseg evaluate` runs."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from msgspec import Meta

from model.data.file_dataset import FileDataset
from model.datasets.configured import DataTable, check_names, data_tables, read_toml
from model.datasets.opening import open_dataset, open_from_table
from model.evaluation.evaluate import default_confidence, evaluate_dataset
from model.evaluation.scores import Scores, scores_csv, scores_json, scores_tables
from model.inference.predictor import load_predictor
from model.network.config import DatasetModulesConfig
from model.network.dataset_modules import dataset_index
from model.runtime.checkpoint import read_header
from model.runtime.distributed import Ranks, join_ranks
from model.text.choice import TextChoice, find_embeddings
from o365seg.errors import InputError
from o365seg.formats.convert import convert
from o365seg.formats.json_files import write_bytes_atomic
from o365seg.terminal import output


@dataclass(frozen=True)
class Asked:
    """A data set to evaluate.

    Attributes:
        dataset: The data set.
        confidence: Class probability that a panoptic segment must exceed, 0 to 1; None for the
            paper's.
        modules_of: The data set whose own modules to use, if the network has such modules; None
            for the data set with the same name.
    """

    dataset: FileDataset
    confidence: float | None = None
    modules_of: str | None = None


@dataclass(frozen=True)
class AskedTable:
    """A `[[data]]` table of an evaluation, before its data set is opened.

    Attributes:
        source: The keys that say which data set it is, for `model.datasets.opening`.
        confidence: As in `Asked`.
        modules_of: As in `Asked`.
    """

    source: dict[str, Any]
    confidence: Annotated[float, Meta(ge=0, le=1)] | None = None
    modules_of: str | None = None


@dataclass(frozen=True)
class Settings:
    """Settings of an evaluation.

    Attributes:
        out: Folder of the results, with one folder for each data set.
        size: Side of the network's input in pixels; None for the image's own size.
        batch: Images per forward pass.
        limit: Number of images, from the first; None for all.
        device: Name of the device; None for a GPU if there is one.
        exact: See `model.inference.predictor.Predictor`.
    """

    out: Path
    size: int | None
    batch: int = 1
    limit: int | None = None
    device: str | None = None
    exact: bool = False


def asked_on_command_line(given: Sequence[str]) -> list[Asked]:
    """Open validation splits of the catalogue, each given as `NAME=ROOT`.

    Raises:
        InputError: a text has another form, or see `open_dataset`.
    """
    found = []
    for text in given:
        name, equals, root = text.partition("=")
        if not (name and equals and root):
            raise InputError(f"expected NAME=ROOT, not {text!r}", field="--data")
        found.append(Asked(open_dataset(name, Path(root), "val")))
    return found


def asked_in_file(path: Path) -> list[Asked]:
    """Open the data sets of a TOML file's `[[data]]` tables; see `AskedTable`.

    Raises:
        InputError: the file is not TOML or has no such table, a key is unknown or a value invalid;
            or see `open_from_table`.
    """
    content = read_toml(path)
    for key in content:
        if key != "data":
            raise InputError("unknown; only [[data]] tables are allowed", file=path, field=key)
    return [
        open_asked(read_asked(table, path), path.parent, f"{path}: {table.where}")
        for table in data_tables(content, path)
    ]


def read_asked(table: DataTable, file: str | Path | None) -> AskedTable:
    """Read what a `[[data]]` table of an evaluation says; the default split is `val`.

    Raises:
        InputError: a key is unknown or a value invalid; names it.
    """
    table.refuse_unknown(("confidence", "modules_of"), file)
    split = {} if "layout" in table.source else {"split": "val"}
    values = table.settings | {"source": split | table.source}
    return convert(values, AskedTable, file=file, field=table.where)


def open_asked(table: AskedTable, base: Path, source: str) -> Asked:
    """Open the data set of a table.

    Raises:
        InputError: as `open_from_table`.
    """
    dataset = open_from_table(table.source, base, source)
    return Asked(dataset, table.confidence, table.modules_of)


def with_confidence(one: Asked, confidence: float | None) -> Asked:
    """Set the threshold of a data set, unless it has its own or none is given."""
    return (
        one
        if confidence is None or one.confidence is not None
        else replace(one, confidence=confidence)
    )


def evaluate_all(
    checkpoint: Path, asked: Sequence[Asked], text: TextChoice, settings: Settings
) -> list[Scores] | None:
    """Evaluate data sets one by one, in all processes that torchrun started.

    Args:
        checkpoint: The model.
        asked: The data sets, whose names must differ.
        text: Source of the text embeddings.
        settings: The settings.

    Returns:
        Their scores, in order; None in every process but the first.

    Raises:
        InputError: the checkpoint, a data set or a text embedding is invalid; or results would be
            written into a data set's folder.
    """
    check_names(one.dataset for one in asked)
    for one in asked:
        _check_outside(one.dataset, settings.out / one.dataset.name)
    modules = read_header(checkpoint)[0].dataset_modules
    # Check all of them first: an error in the last one must not come after a long evaluation.
    indices = [modules_index(modules, one, checkpoint) for one in asked]
    embeddings = [find_embeddings(one.dataset.vocabulary, text) for one in asked]
    with join_ranks(settings.device) as ranks:
        scores = [
            _evaluate(checkpoint, one, rows, index, settings, ranks)
            for one, rows, index in zip(asked, embeddings, indices, strict=True)
        ]
    return [found for found in scores if found is not None] if ranks.is_first else None


def _check_outside(dataset: FileDataset, folder: Path) -> None:
    """Check that a folder of results, which are replaced, is not the data set's own folder."""
    if len(dataset) and dataset.image_path(0).resolve().is_relative_to(folder.resolve()):
        raise InputError(
            f"would take the results of {dataset.name}, whose images it has; choose another --out",
            file=folder,
        )


def _evaluate(
    checkpoint: Path, one: Asked, text_embeddings: np.ndarray, dataset_index: int | None,
    settings: Settings, ranks: Ranks,
) -> Scores | None:  # fmt: skip
    dataset = one.dataset
    confidence = one.confidence
    predictor = load_predictor(
        checkpoint, dataset.vocabulary, text_embeddings, size=settings.size,
        device=str(ranks.device), exact=settings.exact,
        confidence=default_confidence(dataset.name) if confidence is None else confidence,
    )  # fmt: skip
    return evaluate_dataset(
        replace(predictor, dataset_index=dataset_index), dataset, settings.out / dataset.name,
        batch=settings.batch, limit=settings.limit, ranks=ranks,
    )  # fmt: skip


def report(
    scores: Sequence[Scores], checkpoint: Path, json_file: Path | None, csv_file: Path | None
) -> None:
    """Print the scores and write the files; with `-` as `json_file`, print only the JSON."""
    from rich.text import Text

    if csv_file is not None:
        write_bytes_atomic(csv_file, scores_csv(scores).encode())
        output.say_written(csv_file)
    notes = [Text(f"{one.data}: {note}") for one in scores for note in one.details["notes"]]
    output.show(scores_json(scores, checkpoint), json_file, *scores_tables(scores), *notes)
    if json_file != output.STDOUT:
        for one in scores:
            sys.stderr.write(f"to repeat: {' '.join(one.command)}\n")


def modules_index(
    modules: DatasetModulesConfig | None, one: Asked, file: str | Path, option: str = "modules_of"
) -> int | None:
    """Return the index of the data set whose own modules to use; None for a network without.

    Args:
        modules: Those of the network.
        one: The data set to evaluate.
        file: The checkpoint or configuration that errors name.
        option: How the user names the modules, for messages.

    Raises:
        InputError: the network has no modules for the data set.
    """
    if modules is None:
        return None
    return dataset_index(modules, one.modules_of or one.dataset.name, file, option)
