"""Exit codes of commands, and one line on stderr for invalid input."""

import errno
import io
import sys

from o365seg.errors import InputError
from o365seg.terminal.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# What only the user can remedy: no room, no permission, a read-only or failing disk.
_OF_THE_DISK = frozenset(
    getattr(errno, name)
    for name in ("ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EACCES", "EPERM", "EIO")
    if hasattr(errno, name)
)


def with_exit_codes(command: "Callable[[], object]") -> None:
    """Run `command` with the project's exit codes.

    0: success. 1: invalid input, a full disk or a file that must not be read or written (one line
    on stderr, never a traceback), or the reader of the output has closed it. 130: interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # an ASCII terminal gets "?" for "×"
    try:
        command()
    except InputError as error:
        sys.stderr.write(f"error: {printable(str(error))}\n")
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()  # the reader has gone (`| head`)
        sys.exit(1)
    except OSError as error:
        if error.errno not in _OF_THE_DISK:
            raise
        where = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"error: {printable(where)}{error.strerror}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
