"""The painting tool as its owner runs it: a process of its own, on a free loopback port."""

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import forked

_MAIN = "annotate_app.commands.main:main"
_PRELOAD = ("annotate_app.server", "annotate_app.serving", "annotate_app.pipeline.webhook_sender")


@dataclass
class Server:
    """A running server; `said` is what it has printed so far."""

    process: forked.Forked
    url: str
    said: str

    def kill(self) -> None:
        """Kill -9: no chance to clean up."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def interrupt(self) -> tuple[int, str]:
        """Ctrl-C; returns the exit status and the rest of what it printed."""
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(30)
        return status, self.process.stdout.read()


def annotate_app(*arguments: object, input: str = "") -> subprocess.CompletedProcess[str]:
    """Run one command of `annotate-app` to its end."""
    return forked.run(_MAIN, *arguments, preload=_PRELOAD, input=input)


@contextmanager
def serving(
    project: Path,
    command: str = "serve",
    port: int = 0,
    options: tuple[str, ...] = (),
    prelude: str = "",
) -> Iterator[Server]:
    """Serve a project until the block ends; `prelude` is run before the command."""
    process = forked.start(
        _MAIN, command, project, "--port", port, *options, preload=_PRELOAD, prelude=prelude
    )
    said, url = "", None
    for line in process.stdout:
        said += line
        url = url or re.search(r"http://\S+?(?=/\s)", line)
        if "Ctrl-C" in line:
            break
    try:
        assert url, said
        yield Server(process, url[0], said)
    finally:
        process.end()
