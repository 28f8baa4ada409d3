"""The ids of ground truth whose ids are text: numbers stand for them while it is evaluated."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

_Id = TypeVar("_Id", bound=int | str | None)


@dataclass(frozen=True)
class TextIds:
    """The texts of ids by their numbers; each empty where the ids of that kind are numbers.

    What is shown or written names records by these, as no number is in the user's files.
    """

    images: dict[Any, str] = field(default_factory=dict)
    categories: dict[Any, str] = field(default_factory=dict)
    annotations: dict[Any, str] = field(default_factory=dict)

    def image(self, number: _Id) -> _Id | str:
        """An image's id as its file has it."""
        return self.images.get(number, number)

    def category(self, number: _Id) -> _Id | str:
        """A category's id as its file has it."""
        return self.categories.get(number, number)

    def annotation(self, number: _Id) -> _Id | str:
        """An annotation's id as its file has it; None stays None."""
        return self.annotations.get(number, number)


def text_of_numbers(numbers: dict[str, int]) -> dict[int, str]:
    """From a text's number to a number's text."""
    return {number: text for text, number in numbers.items()}


def annotation_texts(content: Any) -> dict[int, str]:
    """The texts by the numbers that `rewrite_ground_truth` gives them: places, from 1.

    Args:
        content: The decoded file, before it is rewritten.
    """
    annotations = content.get("annotations") if isinstance(content, dict) else None
    if not isinstance(annotations, Sequence):
        return {}
    ids = [one.get("id") if isinstance(one, dict) else None for one in annotations]
    if not all(isinstance(one, str) for one in ids):
        return {}
    return {number: str(text) for number, text in enumerate(ids, 1)}
