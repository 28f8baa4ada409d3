"""Messages of the type checker become plain words that name the field."""

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
import pytest

from o365seg.errors import InputError, unknown
from o365seg.formats.convert import convert, refuse_unknown


@dataclass(frozen=True)
class Entry:
    share: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    scale: tuple[float, float] = (1.0, 1.0)


@dataclass(frozen=True)
class Run:
    iterations: Annotated[int, msgspec.Meta(ge=1)]
    size: Annotated[int, msgspec.Meta(multiple_of=32)] = 32
    name: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    on: bool = False
    data: tuple[Entry, ...] = ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"iterations": "x"}, "field 'iterations': must be a whole number, not text"),
        ({"iterations": 1.5}, "field 'iterations': must be a whole number, not a number"),
        ({"iterations": 0}, "field 'iterations': must be at least 1"),
        ({"size": 33}, "field 'size': must be a multiple of 32"),
        ({"name": 3}, "field 'name': must be text or null, not a whole number"),
        ({"name": ""}, "field 'name': must not be empty"),
        ({"on": 1}, "field 'on': must be true or false, not a whole number"),
        ({"data": [{}, {"share": 0}]}, "field 'data[1].share': must be above 0"),
        ({"data": [{"scale": [1]}]}, "field 'data[0].scale': must have 2 values, not 1"),
        ({"data": {}}, "field 'data': must be a list, not an object"),
    ],
)
def test_a_fault_names_the_field_in_plain_words(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        convert({"iterations": 1} | change, Run, file="run.toml")
    assert str(caught.value) == f"run.toml: {message}"


def test_a_missing_field_is_named() -> None:
    with pytest.raises(InputError, match=r"^field 'train.iterations': missing$"):
        convert({}, Run, field="train")


def test_an_unknown_key_names_the_one_it_is_like() -> None:
    with pytest.raises(InputError) as caught:
        refuse_unknown({"itertions": 1}, ["iterations", "size"], file="run.toml", field="train")
    assert str(caught.value) == (
        "run.toml: field 'train.itertions': unknown key 'itertions'; did you mean 'iterations'?"
    )
    assert unknown("recipe", "zzz", ["small", "real"]) == (
        "unknown recipe 'zzz'; choose from small, real"
    )
