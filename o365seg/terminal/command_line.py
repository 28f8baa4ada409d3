"""What all commands share: the app and error handling."""

import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from types import FrameType
from typing import Annotated

import typer

from o365seg.errors import InputError
from o365seg.terminal.exit_codes import with_exit_codes

DatabaseUrl = Annotated[
    str,
    typer.Option(
        "--database",
        metavar="URL",
        help="PostgreSQL database for the answers, as postgresql://NAME@HOST/DATABASE; default: "
        "the environment variable O365SEG_DATABASE. Set the password in PGPASSWORD or ~/.pgpass.",
        show_default=False,
    ),
]

MOST = 2**31 - 1  # that PostgreSQL holds as an id or a limit; SQLite holds more


def utf8(text: str | None) -> str | None:
    """Typer callback that refuses text that is not UTF-8, which no database can hold."""
    if text is not None and not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise typer.BadParameter("must be UTF-8 text") from None
    return text


def make_app(about: str) -> typer.Typer:
    """Create a Typer app; `about` is the first text of its help.

    It has `--version`, and Typer's `--install-completion` and `--show-completion` for the shell.
    """
    app = typer.Typer(
        help=about,
        no_args_is_help=True,
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,
    )

    @app.callback()
    def common(
        show_version: Annotated[
            bool,
            typer.Option(
                "--version", callback=_print_version, is_eager=True, help="Print the version."
            ),
        ] = False,
    ) -> None: ...

    # The callback's own docstring would stand in place of `about`.
    app.info.help = about
    return app


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"o365seg {version('o365seg')}")
        raise typer.Exit


def run(app: typer.Typer, extras: Mapping[str, str] | None = None) -> None:
    """Run a Typer app with the project's exit codes.

    Those of `with_exit_codes`, 2 for an invalid command line (Typer's own), and 143 when the
    command was ended by SIGTERM or SIGHUP: it deletes its unfinished files first.

    Args:
        app: The app.
        extras: The extra of this package that installs each library; see `needed`.
    """

    def command() -> None:
        with needed(extras or {}), _database_errors():
            app()

    for name in ("SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
            signal.signal(number, _end)
    with_exit_codes(command)


def _end(_number: int, _frame: FrameType | None) -> None:
    sys.exit(143)


@contextmanager
def _database_errors() -> Iterator[None]:
    """Turn what a project's database refuses into one line; it is loaded by few commands."""
    try:
        yield
    except Exception as error:
        exceptions = sys.modules.get("sqlalchemy.exc")
        if exceptions is None or not isinstance(error, exceptions.DBAPIError):
            raise
        said = str(getattr(error, "orig", error)).strip().splitlines()
        reason = said[0] if said else "unknown reason"
        raise InputError(f"the project's database cannot be used: {reason}") from None


@contextmanager
def needed(extras: Mapping[str, str]) -> Iterator[None]:
    """Turn a missing optional library into one line that says how to install it.

    Args:
        extras: The extra of this package that installs each library.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in extras:
            raise
        raise InputError(
            f"this needs {package}, which is not installed: "
            f"pip install 'o365seg[{extras[package]}]'"
        ) from None
