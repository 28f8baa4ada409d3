"""The paper's tables: what each trains, on how many images, and a whole one from end to end."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from model.commands.main import app
from model.evaluation.scores import Scores
from model.experiments.columns import TRAINED_ON, Column, Role
from model.experiments.filling import fill_table, list_runs
from model.experiments.paper_numbers import PAPER
from model.experiments.paper_recipe import paper_recipe
from model.experiments.recipe import for_iterations, run_config
from model.experiments.run import Place, _value, run_table, wanted_columns
from model.experiments.synthetic_recipe import small_recipe, with_resnet18
from model.experiments.table_text import cells, markdown
from model.experiments.tables import ALL, TABLES, Backbone, Modules, Run
from model.objective.loss_weights import COCO_PANOPTIC
from model.text.shipped_vocabularies import shipped_vocabulary
from model.training.mixture import loss_weights
from o365seg.errors import InputError
from o365seg.formats.task import Task

PAPERS = paper_recipe(Path("data"))


@pytest.mark.parametrize("number", TABLES)
def test_every_row_stands_beside_the_papers(number: int) -> None:
    """Whatever a row of ours is called, the paper's has that name, and its columns."""
    table, paper = TABLES[number], PAPER[number]
    assert {row.name for row in table.rows} <= set(paper)
    for numbers in paper.values():
        assert set(numbers) == set(table.columns)
        assert all(value is None or 0 <= value <= 100 for value in numbers.values())
    others = set(paper) - {row.name for row in table.rows}
    assert not others or number in (3, 6)  # the two that quote other authors' models


@pytest.mark.parametrize("number", TABLES)
def test_the_papers_recipe_fills_every_cell(number: int) -> None:
    table = TABLES[number]
    wanted = wanted_columns(table, PAPERS)
    for row in table.rows:
        for column, run in row.runs.items():
            assert column in wanted[run]


def test_table_2_is_every_combination_once() -> None:
    (runs,) = zip(*({*row.runs.values()} for row in TABLES[2].rows), strict=True)
    sets = {frozenset(run.sets) for run in runs}
    assert len(sets) == len(TABLES[2].rows) == 7
    assert frozenset() not in sets


def test_a_longer_run_is_longer_for_every_set(tmp_path: Path) -> None:
    command = ["table", "1", "--iterations", "230", "--list", "--out", str(tmp_path)]
    lines = CliRunner().invoke(app, command).stdout.splitlines()
    counts = sorted(int(line.split(": ")[1].split()[0].replace(",", "")) for line in lines)
    assert counts == [30, 100, 100, 230]  # 3 : 10 : 10


@pytest.mark.parametrize(
    ("sets", "iterations"),
    [((Role.ADE,), 55_556), ((Role.COCO,), 222_222), ((Role.O365,), 222_222), (ALL, 500_000),
     ((Role.ADE, Role.COCO), 277_778)],
)  # fmt: skip
def test_each_set_is_seen_as_often_alone_as_together(
    sets: tuple[Role, ...], iterations: int
) -> None:
    """Section 4.1: "the same number of images"; of 1:4:4, one ninth and four ninths of 500,000."""
    config = run_config(PAPERS, Run(sets), 0)
    assert (config.iterations, config.batch_size) == (iterations, 384)
    together = run_config(PAPERS, Run(ALL), 0)
    share = {entry.source["name"]: entry.sampling_ratio for entry in together.data}
    for entry in config.data:
        own = (
            config.iterations
            * entry.sampling_ratio
            / sum(one.sampling_ratio for one in config.data)
        )
        assert own == pytest.approx(500_000 * share[entry.source["name"]] / 9, abs=1)


def test_the_papers_settings_are_appendix_f() -> None:
    config = run_config(PAPERS, Run(ALL), 0)
    assert [entry.sampling_ratio for entry in config.data] == [1, 4, 4]
    assert [entry.lr for entry in config.data] == [3, 5, 2]
    assert [entry.scale for entry in config.data] == [(0.5, 2.0), (0.1, 2.0), (0.1, 2.0)]
    adam = config.optimizer
    assert (adam.lr, adam.weight_decay, adam.clip_norm, adam.drops) == (
        3e-5,
        0.05,
        0.1,
        (0.9, 0.95),
    )
    assert adam.backbone_lr == 0.1
    assert (config.image_size, config.network.num_queries) == (1024, 100)
    assert loss_weights(config.data[1], Task.PANOPTIC, boxes=False) == COCO_PANOPTIC
    for backbone, lr, batch, iterations in (
        (Backbone.VITDET_B, 6e-5, 384, 600_000),
        (Backbone.VITDET_L, 4e-5, 256, 540_500),
    ):
        larger = run_config(PAPERS, Run(ALL, backbone), 0)
        assert (larger.optimizer.lr, larger.batch_size) == (lr, batch)
        assert larger.iterations == iterations
        assert larger.optimizer.layer_decay < 1


def test_queries_and_modules_are_the_rows() -> None:
    """Tables 4 and 7 change the queries, table 8 the heads, and nothing else of the run."""
    plain = run_config(PAPERS, Run(ALL), 0)
    for count in (50, 150):
        config = run_config(PAPERS, Run(ALL, queries=count), 0)
        assert config.network == replace(plain.network, num_queries=count)
        assert replace(config, network=plain.network) == plain
    for own, heads in ((0, True), (10, True), (30, True), (10, False)):
        config = run_config(PAPERS, Run(ALL, modules=Modules(own, heads)), 0)
        modules = config.network.dataset_modules
        assert modules is not None
        assert (modules.num_queries, modules.classification) == (own, heads)
        assert modules.datasets == tuple(entry.source["name"] for entry in config.data)
        assert replace(config, network=plain.network) == plain
    names = [run.name for table in TABLES.values() for row in table.rows
             for run in {*row.runs.values()}]  # fmt: skip
    runs = {run for table in TABLES.values() for row in table.rows for run in row.runs.values()}
    assert len(set(names)) == len(runs)  # or two runs would share a folder


def test_a_separate_model_is_scored_where_it_was_trained() -> None:
    rows = {row.name: row.runs for row in TABLES[1].rows}
    for backbone in (Backbone.R50, Backbone.VITDET_B):
        for column, role in TRAINED_ON.items():
            assert rows[f"{backbone} separate"][column] == Run((role,), backbone)
            assert rows[f"{backbone} co-trained"][column] == Run(ALL, backbone)


def test_ours_and_the_papers_are_told_apart() -> None:
    recipe, table = small_recipe(), TABLES[2]
    run = table.rows[0].runs[Column.ADE_SEMANTIC]
    values = {run: [{Column.ADE_SEMANTIC: 0.25}, {Column.ADE_SEMANTIC: 0.35}]}
    cell = cells(table, values)["ADE"][Column.ADE_SEMANTIC]
    assert (cell.text(), cell.paper_text()) == ("30.0 ± 7.1", "42.0")
    text = markdown(table, recipe, values, range(2))
    assert "the paper's numbers" in text
    assert "| ADE | 30.0 ± 7.1 | 42.0 | – | 8.4 |" in text


def test_the_larger_networks_steps_see_as_many_images() -> None:
    (small,), (larger,) = (
        list(recipe.networks.values()) for recipe in (small_recipe(), with_resnet18(small_recipe()))
    )
    assert larger.iterations * larger.batch_size == small.iterations * small.batch_size


def test_a_recipe_without_a_tables_data_says_so() -> None:
    with pytest.raises(InputError, match="small has no data for table 6"):
        wanted_columns(TABLES[6], small_recipe())


def test_seen_and_unseen_are_means_over_their_classes() -> None:
    """Section B: five classes of PASCAL VOC are unseen, fifteen seen; the mean over what counts."""
    names = shipped_vocabulary("voc2012").names
    ious = {name: place / 20 for place, name in enumerate(names)}
    rows = [{"name": name, "IoU": None if name == "train" else iou} for name, iou in ious.items()]
    scores = Scores("voc2012", Task.SEMANTIC, {"mIoU": 0.5}, 1, {"per_class": rows}, [])
    unseen = ("potted plant", "sheep", "sofa", "tv monitor")  # and train, which no image has
    wanted = {
        Column.VOC: 0.5,
        Column.VOC_UNSEEN: sum(ious[name] for name in unseen) / 4,
        Column.VOC_SEEN: sum(ious[n] for n in names if n not in (*unseen, "train")) / 15,
    }
    for column, value in wanted.items():
        assert _value(scores, PAPERS.scored[column]) == pytest.approx(value)


@pytest.mark.slow
def test_a_table_from_training_to_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """So small that nothing is learned: what is there is not trained again, and numbers stay."""
    number = 5
    recipe = for_iterations(small_recipe(image_size=32, images=4, scored_images=2), 2)
    network = recipe.networks[Backbone.R50]
    recipe = replace(recipe, networks={Backbone.R50: replace(network, batch_size=2)})
    place, file = Place(tmp_path, "cpu"), tmp_path / "table.json"
    fill_table(number, recipe, range(1), place, file)
    found = json.loads(file.read_text())
    for name, row in found["rows"].items():
        for column, values in row.items():
            assert len(values["ours"]) == 1, (name, column)
            assert values["paper"] == PAPER[number][name][Column(column)]
    assert (tmp_path / f"table_{number}.md").is_file()
    states = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")}
    again = run_table(TABLES[number], recipe, range(1), place)
    assert {path: path.stat().st_mtime_ns for path in states} == states
    for row in TABLES[number].rows:
        for column, run in row.runs.items():
            (ours,) = found["rows"][row.name][column]["ours"]
            assert ours == 100 * (again[run][0][column] or 0)
    capsys.readouterr()
    list_runs(TABLES[number], recipe, range(2), place)
    lines = capsys.readouterr().out.splitlines()
    assert sum("to be trained" in line for line in lines) == len(lines) // 2
    changed = replace(recipe, queries=recipe.queries + 10)
    with pytest.raises(InputError, match=r"network\.num_queries"):
        run_table(TABLES[number], changed, range(1), place)
