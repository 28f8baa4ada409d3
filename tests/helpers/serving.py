"""The painting tool as its owner runs it: a process of its own, on a free loopback port."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_MAIN = "from annotate_app.commands.main import main; main()"


@dataclass
class Server:
    """A running server; `said` is what it has printed so far."""

    process: subprocess.Popen[str]
    url: str
    said: str

    def kill(self) -> None:
        """Kill -9: no chance to clean up."""
        self.process.kill()
        self.process.wait()

    def interrupt(self) -> tuple[int, str]:
        """Ctrl-C; returns the exit status and the rest of what it printed."""
        self.process.send_signal(signal.SIGINT)
        rest, _ = self.process.communicate(timeout=30)
        return self.process.returncode, rest


def annotate_app(*arguments: object, **options) -> subprocess.CompletedProcess[str]:
    """Run one command of `annotate-app` to its end."""
    command = [sys.executable, "-c", _MAIN, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


@contextmanager
def serving(
    project: Path,
    command: str = "serve",
    port: int = 0,
    options: tuple[str, ...] = (),
    prelude: str = "",
) -> Iterator[Server]:
    """Serve a project until the block ends; `prelude` is run before the command."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-u",
            "-c",
            f"{prelude}\n{_MAIN}",
            command,
            str(project),
            "--port",
            str(port),
            *options,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said, url = "", None
    for line in process.stdout:
        said += line
        url = url or re.search(r"http://\S+?(?=/\s)", line)
        if "Ctrl-C" in line:
            break
    assert url, said
    try:
        yield Server(process, url[0], said)
    finally:
        process.kill()
        process.communicate()
