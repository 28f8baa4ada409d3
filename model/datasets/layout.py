"""What a data set's folder must hold, said once where it does not."""

from dataclasses import dataclass
from pathlib import Path

from o365seg.errors import InputError


@dataclass(frozen=True)
class Layout:
    """The folder of a data set.

    Attributes:
        name: The data set's.
        tree: A short picture of the folder, a line a place.
    """

    name: str
    tree: str

    def file(self, *candidates: Path) -> Path:
        """The first that is a file.

        Raises:
            InputError: none is; names the first, and shows what is expected.
        """
        return self._first([path for path in candidates if path.is_file()], candidates, "file")

    def folder(self, *candidates: Path) -> Path:
        """The first that is a folder; raises likewise."""
        return self._first([path for path in candidates if path.is_dir()], candidates, "folder")

    def fault(self, message: str, path: Path) -> InputError:
        """An error about a place in the folder, with the picture."""
        picture = "\n".join(f"    {line}" for line in self.tree.strip().splitlines())
        return InputError(f"{message}; {self.name} is expected like this:\n{picture}", file=path)

    def _first(self, found: list[Path], candidates: tuple[Path, ...], what: str) -> Path:
        if found:
            return found[0]
        others = "".join(f" (nor {path})" for path in candidates[1:])
        raise self.fault(f"no such {what}{others}", candidates[0])
