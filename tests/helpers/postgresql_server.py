"""A PostgreSQL server of the tests' own: a temporary cluster on a free loopback port."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def find_programs() -> Path | None:
    """The folder of `initdb` and `postgres`; Debian keeps them out of the path."""
    on_path = shutil.which("initdb")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    found = [*debian, *([on_path] if on_path else [])]
    return Path(found[0]).parent if found else None


def _as_postgres() -> dict[str, Any]:
    """PostgreSQL refuses to run as root; Debian's package makes a user for it."""
    if os.getuid() != 0:
        return {}
    entry = pwd.getpwnam("postgres")
    return {"user": entry.pw_uid, "group": entry.pw_gid}


def why_not() -> str | None:
    """Why there can be no server here; None where there can."""
    if find_programs() is None:
        return "PostgreSQL is not installed (Debian: apt-get install postgresql)"
    try:
        _as_postgres()
    except KeyError:
        return "PostgreSQL does not run as root, and there is no user postgres"
    return None


@contextmanager
def postgresql_server() -> Iterator[str]:
    """Start a server; yields the URL of an empty database, and ends it after the block."""
    programs = find_programs()
    assert programs is not None
    identity = _as_postgres()
    with tempfile.TemporaryDirectory(prefix="o365seg-pg-", dir="/tmp") as folder:
        if identity:
            os.chown(folder, identity["user"], identity["group"])
        cluster = Path(folder) / "cluster"
        options: dict[str, Any] = {
            "cwd": folder,
            "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        }
        subprocess.run(
            [programs / "initdb", "-D", cluster, "-U", "postgres", "-A", "trust", "-E", "UTF8"],
            check=True, capture_output=True, **options, **identity,
        )  # fmt: skip
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = subprocess.Popen(
            [
                programs / "postgres", "-D", cluster, "-p", str(port), "-k", folder,
                "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=120",
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options, **identity,
        )  # fmt: skip
        try:
            _wait(programs, port)
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGINT)  # ends sessions too
            server.wait(timeout=30)


def _wait(programs: Path, port: int) -> None:
    for _ in range(300):
        ready = subprocess.run(
            [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)], check=False
        )
        if ready.returncode == 0:
            return
        time.sleep(0.1)
    raise RuntimeError("the PostgreSQL server did not start in 30 seconds")
