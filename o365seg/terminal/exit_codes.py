"""How a command ends: its exit code, and one line on stderr for what the user got wrong."""

import io
import sys

from o365seg.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def with_exit_codes(command: "Callable[[], object]") -> None:
    """Run `command` with the project's exit codes.

    0: done. 1: the input is at fault (one line on stderr, never a traceback), or nobody reads the
    output any more. 130: interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # an ASCII terminal gets "?" for "×"
    try:
        command()
    except InputError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()  # the reader went away (`| head`): nothing left to tell anyone
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
