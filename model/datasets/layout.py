"""The files that a data set's folder must contain, shown in the message if one is missing."""

from dataclasses import dataclass
from pathlib import Path

from o365seg.errors import InputError


@dataclass(frozen=True)
class Layout:
    """Expected layout of a data set's folder.

    Attributes:
        name: The data set's name.
        tree: A short listing of the folder, one path a line.
    """

    name: str
    tree: str

    def file(self, *candidates: Path) -> Path:
        """Return the first path that is a file.

        Raises:
            InputError: none is; names the first and shows the expected layout.
        """
        return self._first([path for path in candidates if path.is_file()], candidates, "file")

    def folder(self, *candidates: Path) -> Path:
        """Return the first path that is a folder; raises as `file` does."""
        return self._first([path for path in candidates if path.is_dir()], candidates, "folder")

    def fault(self, message: str, path: Path) -> InputError:
        """An error about a path in the folder, with the listing."""
        listing = "\n".join(f"    {line}" for line in self.tree.strip().splitlines())
        return InputError(
            f"{message}; {self.name} is expected to look like this:\n{listing}", file=path
        )

    def _first(self, found: list[Path], candidates: tuple[Path, ...], what: str) -> Path:
        if found:
            return found[0]
        others = "".join(f" (nor {path})" for path in candidates[1:])
        raise self.fault(f"no such {what}{others}", candidates[0])
