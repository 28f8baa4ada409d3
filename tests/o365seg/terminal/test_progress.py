"""Progress bars: one at a time, and none where stderr is not a terminal."""

import sys

import pytest
import rich.progress

from o365seg.terminal.progress_bar import progress


@pytest.fixture
def bars(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The labels of the bars that are shown, on what looks like a terminal."""
    shown: list[str] = []

    def track(items: object, description: str, **_: object) -> object:
        shown.append(description)
        return items

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(rich.progress, "track", track)
    return shown


def test_a_bar_inside_of_another_is_not_shown(bars: list[str]) -> None:
    """rich refuses or garbles a second one; the inner items come all the same."""
    for _ in progress([1, 2], "outer"):
        assert list(progress([3, 4], "inner")) == [3, 4]
    assert list(progress([5], "next")) == [5]
    assert bars == ["outer", "next"]


def test_after_an_error_inside_of_one_the_next_is_shown(bars: list[str]) -> None:
    with pytest.raises(RuntimeError):
        for _ in progress([1], "first"):
            raise RuntimeError
    list(progress([1], "second"))
    assert bars == ["first", "second"]
