"""The painter's scripts import one way: from the canvas up to the pages."""

import re
from importlib import resources
from pathlib import Path

STATIC = Path(str(resources.files("annotate_app") / "static"))
# Texts; what is painted and seen; what paints; what the hand does; questions; whole pages.
ROOMS = ["texts", "canvas", "tools", "easel", "work", "pages"]
MADE = "catalogue.js"  # by the server, of the texts in annotate_app/texts
_CODE = re.compile(r"""\bfrom\s*(['"])(.+?)\1""")
_CODE_OR_TYPE = re.compile(r"""(?:\bfrom\s*|\bimport\()(['"])(.+?)\1""")


def scripts() -> list[Path]:
    return sorted(STATIC.rglob("*.js"))


def imported(script: Path, pattern: re.Pattern[str] = _CODE_OR_TYPE) -> list[Path]:
    """The files that a script imports, those named in its types included."""
    return [(script.parent / name).resolve() for _, name in pattern.findall(script.read_text())]


def test_every_script_is_in_a_room() -> None:
    assert {script.parent.relative_to(STATIC).as_posix() for script in scripts()} == set(ROOMS)
    assert sum(bool(imported(script)) for script in scripts()) > 10


def test_every_import_names_a_file() -> None:
    missing = [
        f"{script.relative_to(STATIC)}: {target}"
        for script in scripts()
        for target in imported(script)
        if not target.is_file() and target.name != MADE
    ]
    assert missing == []


def test_rooms_import_only_rooms_below_them() -> None:
    floor = {room: i for i, room in enumerate(ROOMS)}
    back = [
        f"{script.relative_to(STATIC)} imports {target.relative_to(STATIC)}"
        for script in scripts()
        for target in imported(script)
        if floor[target.parent.name] > floor[script.parent.name]
    ]
    assert back == []


def test_no_script_imports_itself_through_others() -> None:
    above: list[Path] = []
    done: set[Path] = set()

    def visit(script: Path) -> None:
        assert script not in above, [path.name for path in [*above, script]]
        if script in done:
            return
        above.append(script)
        for target in imported(script, _CODE):
            if target.name != MADE:
                visit(target)
        done.add(above.pop())

    for script in scripts():
        visit(script)
