"""Train the missing runs of a table, score them, and store the scores.

In the folder, `runs/NAME/seedN` is one training (`model.training.loop` resumes it),
and `scores.json` in it what it scored so far. Tables share runs, so a second table only trains what
the first has not.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from model.data.samples import Dataset
from model.datasets.opening import open_from_table
from model.evaluation.evaluate import default_confidence, evaluate_dataset
from model.evaluation.scores import Scores
from model.experiments.columns import Column
from model.experiments.recipe import Recipe, Scored, run_config
from model.experiments.tables import Run, Table
from model.inference.predictor import load_predictor
from model.runtime.checkpoint import read_header
from model.runtime.distributed import Ranks, join_ranks
from model.training.config import TrainConfig
from model.training.loop import train_run
from model.training.mixture import dataset_text_embeddings
from model.training.resume import find_changes
from model.training.saving import MODEL_FILE
from o365seg.errors import InputError
from o365seg.formats.json_files import read_json, write_json_atomic

SCORES_FILE = "scores.json"


@dataclass(frozen=True)
class Place:
    """The folder and the device of experiments.

    Attributes:
        folder: Folder of all runs.
        device: Name of the device; None for a GPU if there is one.
    """

    folder: Path
    device: str | None = None

    def of(self, run: Run, seed: int) -> Path:
        """Return the folder of one run."""
        return self.folder / "runs" / run.name / f"seed{seed}"


def wanted_columns(table: Table, recipe: Recipe) -> dict[Run, list[Column]]:
    """Return the runs of a table that the recipe can train, and the columns that each is scored by.

    Raises:
        InputError: the recipe cannot score any column of the table.
    """
    found: dict[Run, list[Column]] = {}
    for row in table.rows:
        for column, run in row.runs.items():
            columns = found.setdefault(run, [])
            if column in recipe.scored and column not in columns:
                columns.append(column)
    found = {r: c for r, c in found.items() if c and r.backbone in recipe.networks}
    if not found:
        raise InputError(f"the recipe {recipe.name} has no data for table {table.number}")
    return found


def run_table(
    table: Table, recipe: Recipe, seeds: Sequence[int], place: Place
) -> dict[Run, list[dict[Column, float | None]]]:
    """Train and score the missing runs.

    Returns:
        The scores of each run, fractions, for each seed.

    Raises:
        InputError: a file is invalid, or a run began with another configuration.
    """
    wanted = wanted_columns(table, recipe)
    found: dict[Run, list[dict[Column, float | None]]] = {run: [] for run in wanted}
    for seed in seeds:  # seed by seed, so that the first seed gives a whole table
        for run, columns in wanted.items():
            found[run].append(train_and_score(recipe, run, columns, seed, place))
    return found


def scored_so_far(
    table: Table, recipe: Recipe, seeds: Sequence[int], place: Place
) -> dict[Run, list[dict[Column, float | None]]]:
    """Return the scores of finished runs, without training.

    Returns:
        The scores of each run, fractions, for each scored seed.

    Raises:
        InputError: a run began with another configuration.
    """
    found: dict[Run, list[dict[Column, float | None]]] = {}
    for run in wanted_columns(table, recipe):
        folders = [place.of(run, s) for s in seeds if _is_scored(recipe, run, s, place)]
        found[run] = [read_json(f / SCORES_FILE, dict[Column, float | None]) for f in folders]
    return found


def _is_scored(recipe: Recipe, run: Run, seed: int, place: Place) -> bool:
    folder = place.of(run, seed)
    return is_trained(folder, run_config(recipe, run, seed)) and (folder / SCORES_FILE).is_file()


def is_trained(folder: Path, config: TrainConfig) -> bool:
    """Whether the run in the folder is finished.

    Raises:
        InputError: it began with another configuration; the field is named.
    """
    file = folder / "config.json"
    if not file.is_file():
        return False
    find_changes(read_json(file, dict), config, file)
    model = folder / MODEL_FILE
    if not model.is_file():
        return False
    return read_header(model)[1].get("trained", {}).get("iterations") == config.iterations


def train_and_score(
    recipe: Recipe, run: Run, columns: Sequence[Column], seed: int, place: Place
) -> dict[Column, float | None]:
    """Train a run to its end and score it, as far as that is not done yet.

    Returns:
        The scores of the columns, fractions; None for those without a value, and for all of them
        in every process but the first.

    Raises:
        InputError: a file is invalid, or the run began with another configuration.
    """
    folder = place.of(run, seed)
    config = run_config(recipe, run, seed)
    if not is_trained(folder, config):
        sys.stderr.write(f"training {run.name}, seed {seed}: {config.iterations} iterations\n")
        train_run(config, recipe.base, str(folder / "config.json"), folder, place.device)
    file = folder / SCORES_FILE
    scores = read_json(file, dict[Column, float | None]) if file.is_file() else {}
    missing = [column for column in columns if column not in scores]
    if missing:
        sys.stderr.write(f"scoring {run.name}, seed {seed}\n")
        with join_ranks(place.device) as ranks:
            scores |= _score(recipe, run, missing, folder, config, ranks)
            if ranks.is_first:
                write_json_atomic(file, {str(column): value for column, value in scores.items()})
            ranks.wait()
    return {column: scores.get(column) for column in columns}


def _score(
    recipe: Recipe, run: Run, columns: Sequence[Column], folder: Path, config: TrainConfig,
    ranks: Ranks,
) -> dict[Column, float | None]:  # fmt: skip
    """Scores of columns; a data set of several columns is predicted once. Empty unless first."""
    found: dict[Column, float | None] = {}
    by_source: dict[bytes, Scores] = {}
    for column in columns:
        scored = recipe.scored[column]
        key = msgspec.json.encode(scored.source)
        if key not in by_source:
            dataset = open_from_table(scored.source, recipe.base, f"recipe {recipe.name}")
            scores = _evaluate(recipe, run, scored, dataset, folder, config, ranks)
            if scores is None:
                continue
            by_source[key] = scores
        found[column] = _value(by_source[key], scored)
    return found


def _evaluate(
    recipe: Recipe, run: Run, scored: Scored, dataset: Dataset, folder: Path, config: TrainConfig,
    ranks: Ranks,
) -> Scores | None:  # fmt: skip
    words = dataset.vocabulary
    text_embeddings = dataset_text_embeddings(
        config.text, words, config.network.text_dim, recipe.base, str(ranks.device)
    )
    confidence = recipe.confidence
    predictor = load_predictor(
        folder / MODEL_FILE, words, text_embeddings, size=recipe.image_size,
        device=str(ranks.device),
        confidence=default_confidence(dataset.name) if confidence is None else confidence,
    )  # fmt: skip
    modules = config.network.dataset_modules
    if modules is not None:
        own = recipe.sets[scored.role].name
        # A set that was not trained on has no modules; use those of the first.
        index = modules.datasets.index(own) if own in modules.datasets else 0
        predictor = replace(predictor, dataset_index=index)
    return evaluate_dataset(predictor, dataset, folder / "scored" / dataset.name, ranks=ranks)


def _value(scores: Scores, scored: Scored) -> float | None:
    """Return the column's number, a fraction."""
    if not scored.only:
        return scores.metrics[scored.metric]
    rows = {row["name"]: row["IoU"] for row in scores.details["per_class"]}
    values = [rows[name] for name in scored.only if rows[name] is not None]
    return sum(values) / len(values) if values else None
