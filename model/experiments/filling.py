"""Train, score and print a table of the paper: what `dataseg table` runs."""

import sys
from collections.abc import Sequence
from pathlib import Path

from model.experiments.recipe import Recipe, run_config
from model.experiments.run import Place, is_trained, run_table, scored_so_far, wanted_columns
from model.experiments.table_text import as_json, markdown, rich_table
from model.experiments.tables import TABLES, Table
from model.runtime.distributed import join_ranks
from o365seg.errors import InputError, unknown
from o365seg.formats.json_files import write_bytes_atomic
from o365seg.terminal import output

RECIPES = ("small", "small-resnet18", "real", "real-256", "real-tenth", "paper")


def find_recipe(name: str, data_root: Path | None, out: Path) -> Recipe:
    """Return the recipe with that name.

    Args:
        name: One of `RECIPES`.
        data_root: Folder of the data, except for generated data.
        out: Folder of the experiment, in which the recipes of photographs keep derived data.

    Raises:
        InputError: the recipe is unknown, or its data is missing.
    """
    if name not in RECIPES:
        raise InputError(unknown("recipe", name, RECIPES))
    if name.startswith("small"):
        from model.experiments.synthetic_recipe import small_recipe, with_resnet18

        return small_recipe() if name == "small" else with_resnet18(small_recipe())
    if data_root is None:
        raise InputError(f"missing; the recipe {name} needs data", field="--data-root")
    if name.startswith("real"):
        from model.experiments.real_recipe import at_256_pixels, real_recipe, tenth_of_camvid

        recipe = real_recipe(data_root, out / "derived")
        if name == "real-tenth":
            return tenth_of_camvid(recipe, data_root, out / "derived")
        return at_256_pixels(recipe) if name == "real-256" else recipe
    from model.experiments.paper_recipe import paper_recipe

    return paper_recipe(data_root)


def list_runs(table: Table, recipe: Recipe, seeds: Sequence[int], place: Place) -> None:
    """Print the runs that the table needs, and whether they are done."""
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
    """Train and score a table's runs, print it with the paper's numbers, and write it to a file.

    With `scored_only` nothing is trained or scored: the table of an unfinished sweep has the number
    of seeds beside each mean of fewer than `seeds`.

    Raises:
        InputError: a file is invalid, or a run started with another configuration.
    """
    table = TABLES[number]
    fill = scored_so_far if scored_only else run_table
    with join_ranks(place.device) as ranks:
        values = fill(table, recipe, seeds, place)
        first = ranks.is_first
    from rich.text import Text

    if not first:
        return
    written = place.folder / f"table_{number}.md"
    write_bytes_atomic(written, markdown(table, recipe, values, seeds).encode())
    about = [Text(recipe.about)] if recipe.about else []
    shown = rich_table(table, recipe, values, seeds)
    output.show(as_json(table, recipe, values, seeds), json_file, shown, *about)
    output.say_written(written)
