"""Values given by name replace those of the file, in tables and in lists."""

from typing import Any

import pytest

from model.training.settings import with_settings
from o365seg.errors import InputError

TABLES = {
    "model": "tiny",
    "optimizer": {"lr": 2, "drops": [0.8, 0.9]},
    "data": [{"root": "/a"}, {"root": "/b", "lr": 3}],
}


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("iterations", {"iterations": 7}),
        ("text.file", {"text": {"file": 7}}),
        ("optimizer.lr", {"optimizer": {"lr": 7, "drops": [0.8, 0.9]}}),
        ("optimizer.drops[1]", {"optimizer": {"lr": 2, "drops": [0.8, 7]}}),
        ("data.0.root", {"data": [{"root": 7}, {"root": "/b", "lr": 3}]}),
        ("data[1].lr", {"data": [{"root": "/a"}, {"root": "/b", "lr": 7}]}),
        ("data[0].weights.cost.dice",
         {"data": [{"root": "/a", "weights": {"cost": {"dice": 7}}}, {"root": "/b", "lr": 3}]}),
        ("model.num_queries", {"model": {"preset": "tiny", "num_queries": 7}}),
        ("model", {"model": 7}),
    ],
)  # fmt: skip
def test_a_value_is_put_where_its_name_says(name: str, changed: dict[str, Any]) -> None:
    before = repr(TABLES)
    assert with_settings(TABLES, {name: 7}, "run.toml") == TABLES | changed
    assert repr(TABLES) == before


def test_a_preset_may_be_named_and_changed() -> None:
    given = {"model": "dataseg_r50", "model.num_queries": 50}
    wanted = {"preset": "dataseg_r50", "num_queries": 50}
    assert with_settings({}, given, "run.toml")["model"] == wanted


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("optimizer.lr.x", "run.toml: field 'optimizer.lr': is 2 and has no 'x' to set"),
        ("data[1].lr.x", "run.toml: field 'data[1].lr': is 3 and has no 'x' to set"),
        ("data.2.lr", "run.toml: field 'data': has no entry '2'; there are 0 to 1"),
        ("data.coco.lr", "run.toml: field 'data': has no entry 'coco'; there are 0 to 1"),
        ("model.preset.x", "run.toml: field 'model.preset': is 'tiny' and has no 'x' to set"),
    ],
)
def test_a_name_that_leads_nowhere_is_one_line(name: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        with_settings(TABLES, {name: 7}, "run.toml")
    assert str(caught.value) == message
