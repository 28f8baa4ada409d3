"""The exception for invalid input, as opposed to a bug, and the message for unknown names."""

TYPE_CHECKING = False  # typing and pathlib would delay the start of an evaluation
if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class InputError(Exception):
    """Invalid input. Its text names the file, the record and the field.

    Commands print it as one line and exit with status 1 (`o365seg.terminal.command_line.run`).

    Args:
        message: What is wrong, and where it helps, what was expected.
        file: The invalid file.
        record: The record inside it, such as `annotations[17] (id 1234)`.
        field: The field of that record, such as `bbox`.
    """

    def __init__(
        self,
        message: str,
        *,
        file: "str | Path | None" = None,
        record: str | None = None,
        field: str | None = None,
    ) -> None:
        self.message = message
        self.file = None if file is None else str(file)
        self.record = record
        self.field = field
        where = ", ".join(part for part in (record, field and f"field {field!r}") if part)
        parts = [part for part in (self.file, where, message) if part]
        super().__init__(": ".join(parts))


def unknown(what: str, name: str, known: "Iterable[str]") -> str:
    """The message for an unknown name: the most similar known name, else all known names.

    `unknown data set 'coco_panoptik'; did you mean 'coco_panoptic'?`
    """
    from difflib import get_close_matches

    names = list(known)
    near = get_close_matches(name, names, 1)
    if near:
        return f"unknown {what} {name!r}; did you mean {near[0]!r}?"
    return f"unknown {what} {name!r}; choose from {', '.join(names)}"
