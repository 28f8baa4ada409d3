"""The project's secret, with which its servers sign sessions."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from o365seg.errors import InputError

KEY_FILE = "secret.key"


def signing_key(project_folder: Path) -> str:
    """The project's secret, readable by the folder's owner only; made where there is none.

    A new project has one from the start, so that a copy of its folder signs as the original does.

    Raises:
        InputError: the file is damaged.
    """
    path = project_folder / KEY_FILE
    if not path.exists():
        # Whole or absent, and never over another server's: written aside, then linked in.
        with tempfile.NamedTemporaryFile("w", dir=project_folder, prefix=".secret.") as file:
            file.write(secrets.token_urlsafe(32))
            file.flush()
            with contextlib.suppress(FileExistsError):
                os.link(file.name, path)
    secret = path.read_text(errors="replace")
    if len(secret) < 32:
        raise InputError("damaged; delete it, and everybody must sign in again", file=path)
    return secret
