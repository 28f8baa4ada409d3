"""What `dataseg evaluate` does, apart from reading the command line."""

import json
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from model.data.samples import Dataset
from model.datasets.opening import open_dataset, open_from_table
from model.evaluation.evaluate import default_confidence, evaluate_dataset
from model.evaluation.scores import Scores, scores_csv, scores_json, scores_tables
from model.inference.predictor import load_predictor
from model.network.config import DatasetModulesConfig
from model.runtime.checkpoint import read_header
from model.runtime.distributed import Ranks, join_ranks
from model.text.choice import TextChoice, find_embeddings
from o365seg.errors import InputError
from o365seg.formats.json_files import read_bytes, write_bytes_atomic
from o365seg.terminal import command_line


@dataclass(frozen=True)
class Asked:
    """A data set to be evaluated.

    Attributes:
        dataset: The data set, opened.
        confidence: Class probability that a panoptic segment must exceed; None for the paper's.
        modules_of: The data set whose own modules to use, where the network has such; None for
            the one of the same name.
    """

    dataset: Dataset
    confidence: float | None = None
    modules_of: str | None = None


@dataclass(frozen=True)
class Settings:
    """How to evaluate.

    Attributes:
        out: Folder of the results, a folder a data set in it.
        size: Pixels of the input's sides; None for the image's own.
        batch: Images a forward pass.
        limit: Only the first so many images; None for all.
        device: None for a GPU where there is one.
    """

    out: Path
    size: int | None
    batch: int = 1
    limit: int | None = None
    device: str | None = None


def asked_on_command_line(given: Sequence[str]) -> list[Asked]:
    """`NAME=ROOT` each: validation splits of the catalogue.

    Raises:
        InputError: not of that form, or see `open_dataset`.
    """
    found = []
    for text in given:
        name, equals, root = text.partition("=")
        if not (name and equals and root):
            raise InputError(f"{text!r} is not NAME=ROOT", field="--data")
        found.append(Asked(open_dataset(name, Path(root), "val")))
    return found


def asked_in_file(path: Path) -> list[Asked]:
    """The entries `[[data]]` of a TOML file, as in a training configuration, the split `val`.

    An entry may also have `confidence` and `modules_of`; see `Asked`.

    Raises:
        InputError: no TOML, no entry, an unknown key or a wrong value; or see `open_from_table`.
    """
    try:
        content = tomllib.loads(read_bytes(path).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"is not TOML: {error}", file=path) from None
    tables = content.pop("data", None)
    if not isinstance(tables, list) or not tables or content:
        wrong = next(iter(content), "data")
        raise InputError("must hold [[data]] entries and nothing else", file=path, field=wrong)
    return [
        _asked(dict(table), path.parent, f"{path}: data[{number}]")
        for number, table in enumerate(tables)
    ]


def _asked(table: dict[str, Any], base: Path, source: str) -> Asked:
    confidence, modules_of = table.pop("confidence", None), table.pop("modules_of", None)
    if confidence is not None and not (isinstance(confidence, float) and 0 <= confidence <= 1):
        raise InputError("a number from 0.0 to 1.0", file=source, field="confidence")
    if modules_of is not None and not isinstance(modules_of, str):
        raise InputError("a data set's name", file=source, field="modules_of")
    if "layout" not in table:
        table.setdefault("split", "val")
    return Asked(open_from_table(table, base, source), confidence, modules_of)


def with_confidence(one: Asked, confidence: float | None) -> Asked:
    """The same with another threshold, unless it has its own or none is given."""
    return (
        one
        if confidence is None or one.confidence is not None
        else replace(one, confidence=confidence)
    )


def evaluate_all(
    checkpoint: Path, asked: Sequence[Asked], text: TextChoice, settings: Settings
) -> list[Scores] | None:
    """Evaluate data sets one after the other, in all processes that torchrun started.

    Args:
        checkpoint: The model.
        asked: What to evaluate, each of another name.
        text: Where text embeddings come from.
        settings: How.

    Returns:
        Their scores, in order; None in every process but the first.

    Raises:
        InputError: the checkpoint, a data set or the text is at fault.
    """
    _check_names(asked)
    modules = read_header(checkpoint)[0].dataset_modules
    # All of them first, so that nobody waits for the first data set to be told about the last.
    indices = [_modules_index(modules, one, checkpoint) for one in asked]
    embeddings = [find_embeddings(one.dataset.vocabulary, text) for one in asked]
    with join_ranks(settings.device) as ranks:
        scores = [
            _evaluate(checkpoint, one, rows, index, settings, ranks)
            for one, rows, index in zip(asked, embeddings, indices, strict=True)
        ]
    return [found for found in scores if found is not None] if ranks.is_first else None


def _evaluate(
    checkpoint: Path, one: Asked, embeddings: np.ndarray, modules: int | None,
    settings: Settings, ranks: Ranks,
) -> Scores | None:  # fmt: skip
    dataset = one.dataset
    confidence = one.confidence
    predictor = load_predictor(
        checkpoint, dataset.vocabulary, embeddings, size=settings.size, device=str(ranks.device),
        confidence=default_confidence(dataset.name) if confidence is None else confidence,
    )  # fmt: skip
    return evaluate_dataset(
        replace(predictor, modules=modules), dataset, settings.out / dataset.name,
        batch=settings.batch, limit=settings.limit, ranks=ranks,
    )  # fmt: skip


def report(
    scores: Sequence[Scores], checkpoint: Path, json_file: Path | None, csv_file: Path | None
) -> None:
    """Print the scores, and write them where asked; with `-` print the JSON and nothing else."""
    text = json.dumps(scores_json(scores, checkpoint), indent=2, ensure_ascii=False) + "\n"
    if csv_file is not None:
        write_bytes_atomic(csv_file, scores_csv(scores).encode())
    if json_file == Path("-"):
        sys.stdout.write(text)
        return
    console = command_line.output_console()
    for table in scores_tables(scores):
        console.print(table)
    for one in scores:
        for note in one.details["notes"]:
            console.print(f"{one.data}: {note}", soft_wrap=True, markup=False, highlight=False)
        sys.stderr.write(f"the same numbers: {' '.join(one.command)}\n")
    if json_file is not None:
        write_bytes_atomic(json_file, text.encode())
    for path in (json_file, csv_file):
        if path is not None:
            sys.stderr.write(f"written: {path}\n")


def _check_names(asked: Sequence[Asked]) -> None:
    seen: set[str] = set()
    for one in asked:
        if one.dataset.name in seen:
            raise InputError(f"two data sets are called {one.dataset.name!r}; name them apart")
        seen.add(one.dataset.name)


def _modules_index(
    modules: DatasetModulesConfig | None, one: Asked, checkpoint: Path
) -> int | None:
    """Which of the network's dataset-specific modules; None where it has none.

    For a data set it was not trained on "it's hard to decide" (appendix D): the user must.
    """
    if modules is None:
        return None
    name = one.modules_of or one.dataset.name
    if name not in modules.datasets:
        raise InputError(
            f"has modules of its own for {', '.join(modules.datasets)}, and none for {name!r}: "
            "say by modules_of whose to use",
            file=checkpoint,
        )
    return modules.datasets.index(name)
