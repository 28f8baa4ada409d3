"""What `dataseg table` does, apart from reading the command line."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from model.experiments.recipe import Recipe, run_config
from model.experiments.run import Place, is_trained, run_table, scored_so_far, wanted_columns
from model.experiments.table_text import as_json, markdown, rich_table
from model.experiments.tables import TABLES, Table
from model.runtime.distributed import join_ranks
from o365seg.errors import InputError
from o365seg.formats.json_files import write_bytes_atomic
from o365seg.terminal import command_line

RECIPES = ("small", "real", "paper")


def find_recipe(name: str, data_root: Path | None, out: Path) -> Recipe:
    """The recipe of that name.

    Args:
        name: One of `RECIPES`.
        data_root: Where the data is, for all but `small`.
        out: The experiment's folder, where `real` keeps what it makes of the data.

    Raises:
        InputError: no such recipe, or no data for it.
    """
    if name == "small":
        from model.experiments.synthetic_recipe import small_recipe

        return small_recipe()
    if name not in RECIPES:
        raise InputError(f"{name!r} is no recipe; there are {', '.join(RECIPES)}")
    if data_root is None:
        raise InputError(f"the recipe {name} needs data", field="--data-root")
    if name == "real":
        from model.experiments.real_recipe import real_recipe

        return real_recipe(data_root, out / "derived")
    from model.experiments.paper_recipe import paper_recipe

    return paper_recipe(data_root)


def list_runs(table: Table, recipe: Recipe, seeds: Sequence[int], place: Place) -> None:
    """Print what the table must train, and what of it is done."""
    for seed in seeds:
        for run, columns in wanted_columns(table, recipe).items():
            config = run_config(recipe, run, seed)
            done = "trained" if is_trained(place.of(run, seed), config) else "to be trained"
            sys.stdout.write(
                f"{place.of(run, seed)}: {config.iterations:,} iterations of "
                f"{config.batch_size} images, {done}; {', '.join(columns)}\n"
            )


def fill_table(
    number: int, recipe: Recipe, seeds: Sequence[int], place: Place, json_file: Path | None,
    *, scored_only: bool = False,
) -> None:  # fmt: skip
    """Train, score, print the table beside the paper's, and write it to the folder.

    With `scored_only` nothing is trained or scored: a sweep that is under way, or was stopped, has
    its table too, with the number of seeds beside each mean of fewer than were asked for.

    Raises:
        InputError: a file is at fault, or a run there began with another configuration.
    """
    table = TABLES[number]
    fill = scored_so_far if scored_only else run_table
    with join_ranks(place.device) as ranks:
        values = fill(table, recipe, seeds, place)
        first = ranks.is_first
    if not first:
        return
    written = place.folder / f"table_{number}.md"
    write_bytes_atomic(written, markdown(table, recipe, values, seeds).encode())
    console = command_line.output_console()
    console.print(rich_table(table, recipe, values, seeds))
    if recipe.about:
        console.print(recipe.about, markup=False, highlight=False)
    if json_file is not None:
        text = json.dumps(as_json(table, recipe, values, seeds), indent=2, ensure_ascii=False)
        write_bytes_atomic(json_file, (text + "\n").encode())
    for path in (written, json_file):
        if path is not None:
            sys.stderr.write(f"written: {path}\n")
