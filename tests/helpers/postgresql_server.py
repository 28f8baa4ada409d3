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


class Cluster:
    """A database cluster in a folder, whose server can be stopped and started."""

    def __init__(
        self, programs: Path, folder: Path, port: int, settings: tuple[str, ...] = ()
    ) -> None:
        self.url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        self._programs, self._folder, self._port = programs, folder, port
        self._settings = settings
        self._process: subprocess.Popen | None = None

    @property
    def pid(self) -> int:
        """Of the running server's first process."""
        assert self._process is not None
        return self._process.pid

    def run_options(self) -> dict[str, Any]:
        """How its programs are run: as a user of their own, knowing nothing of ours."""
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        return {"cwd": self._folder, "env": environment, **_as_postgres()}

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        self._process = subprocess.Popen(
            [
                self._programs / "postgres", "-D", self._folder / "cluster",
                "-p", str(self._port), "-k", self._folder,
                "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=120",
                *(word for setting in self._settings for word in ("-c", setting)),
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self.run_options(),
        )  # fmt: skip
        _wait(self._programs, self._port)

    def stop(self) -> None:
        """End the server and every session at once."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=30)
            self._process = None


@contextmanager
def postgresql_cluster(*settings: str) -> Iterator[Cluster]:
    """Start a server of an empty database, with `settings`, and end it after the block."""
    programs = find_programs()
    assert programs is not None
    with tempfile.TemporaryDirectory(prefix="o365seg-pg-", dir="/tmp") as folder:
        if identity := _as_postgres():
            os.chown(folder, identity["user"], identity["group"])
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        cluster = Cluster(programs, Path(folder), port, settings)
        place = Path(folder) / "cluster"
        subprocess.run(
            [programs / "initdb", "-D", place, "-U", "postgres", "-A", "trust", "-E", "UTF8"],
            check=True, capture_output=True, **cluster.run_options(),
        )  # fmt: skip
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


def _wait(programs: Path, port: int) -> None:
    for _ in range(300):
        ready = subprocess.run(
            [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)], check=False
        )
        if ready.returncode == 0:
            return
        time.sleep(0.1)
    raise RuntimeError("the PostgreSQL server did not start in 30 seconds")
