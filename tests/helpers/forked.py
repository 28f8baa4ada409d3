"""Commands in processes of their own, forked from one that has imported what they need.

A command that starts in this way is a process like any other, with its own standard streams,
folder, environment, signals and exit status, but it starts in milliseconds: importing gradio or
PyTorch takes seconds. Whether a command imports too much is a matter for tests of a real start.
"""

import atexit
import contextlib
import functools
import gc
import importlib
import io
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import IO, NoReturn


class Forked:
    """A running command; `stdout` holds its output as it comes, and its errors too if joined."""

    def __init__(self, pid: int, status: int, stdout: IO[str]) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.stdout = stdout
        self._status = status  # a pipe on which the exit status comes

    def send_signal(self, number: int) -> None:
        """Send a signal, if the process still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def poll(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._await(0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, once it is there."""
        status = self._await(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return status

    def end(self) -> None:
        """Kill it, if it still runs, and close what belongs to it."""
        self.send_signal(signal.SIGKILL)
        self.wait()
        self.stdout.close()

    def _await(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._status], [], [], timeout)[0]:
            answer = os.read(self._status, 64)
            os.close(self._status)
            assert answer, "the process that forks has died"
            self.returncode = os.waitstatus_to_exitcode(int(answer))
        return self.returncode


def start(
    entry: str,
    *arguments: object,
    preload: tuple[str, ...] = (),
    prelude: str = "",
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: IO | None = None,
    stderr: IO | None = None,
) -> Forked:
    """Start `entry` ("module:function") with `preload` imported; `prelude` is Python run before it.

    Standard input is empty unless it is given; errors go to the output unless `stderr` is given.
    """
    output, output_end = os.pipe()
    status, status_end = os.pipe()
    message = {
        "entry": entry,
        "arguments": [str(argument) for argument in arguments],
        "preload": preload,
        "prelude": prelude,
        "cwd": str(cwd or Path.cwd()),
        "env": dict(os.environ if env is None else env),
    }
    with Path(os.devnull).open() as nothing:
        given = stdin.fileno() if stdin else nothing.fileno()
        errors = stderr.fileno() if stderr else output_end
        data = json.dumps(message).encode()
        link = _forker()
        socket.send_fds(
            link, [len(data).to_bytes(8, "big")], [given, output_end, errors, status_end]
        )
        link.sendall(data)
    os.close(output_end)
    os.close(status_end)
    answer = link.recv(64)
    assert answer, "the process that forks has died"
    return Forked(int(answer), status, os.fdopen(output, encoding="utf-8", errors="replace"))


def run(
    entry: str,
    *arguments: object,
    preload: tuple[str, ...] = (),
    prelude: str = "",
    cwd: Path | None = None,
    input: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run `entry` to its end, as `subprocess.run` does with captured text."""
    with tempfile.TemporaryFile("w+") as given, tempfile.TemporaryFile("w+") as errors:
        given.write(input)
        given.seek(0)
        process = start(
            entry, *arguments, preload=preload, prelude=prelude, cwd=cwd, stdin=given, stderr=errors
        )
        with process.stdout:
            output = process.stdout.read()
        status = process.wait()
        errors.seek(0)
        return subprocess.CompletedProcess(
            [entry, *map(str, arguments)], status, output, errors.read()
        )


@functools.cache
def _forker() -> socket.socket:
    """The process that forks, one for each process of tests; it ends when its socket closes."""
    ours, its = socket.socketpair()
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import forked; "
    code += f"sys.path[0] = ''; forked._serve({its.fileno()})"
    command = [sys.executable, "-c", code]
    forker = subprocess.Popen(command, pass_fds=[its.fileno()], start_new_session=True)
    its.close()
    atexit.register(lambda: (ours.close(), forker.wait()))
    return ours


def _serve(descriptor: int) -> None:
    """Fork whenever a message comes, and say how each process ended."""
    link = socket.socket(fileno=descriptor)
    wake, wake_end = os.pipe()
    for end in (wake, wake_end):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_end)
    statuses: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([link, wake], [], [])
        if wake in ready:
            os.read(wake, 512)
            _tell(statuses)
        if link not in ready:
            continue
        head, streams, _, _ = socket.recv_fds(link, 8, 4)
        if not head:
            os._exit(0)
        message = json.loads(link.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL))
        for module in (*message["preload"], message["entry"].partition(":")[0]):
            importlib.import_module(module)
        gc.freeze()  # so that no process copies the pages of what all share
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for end in (wake, wake_end, *statuses.values()):
                os.close(end)
            link.close()
            _become(message, streams)
        statuses[pid] = streams.pop()
        for stream in streams:
            os.close(stream)
        link.sendall(str(pid).encode())


def _tell(statuses: dict[int, int]) -> None:
    """Write the status of each process that has ended into its pipe."""
    while statuses:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        end = statuses.pop(pid)
        with contextlib.suppress(BrokenPipeError):  # nobody asks any more
            os.write(end, str(status).encode())
        os.close(end)


def _become(message: dict, streams: list[int]) -> NoReturn:
    """In the new process: take the streams, the folder and the environment, and run the entry."""
    for number, stream in enumerate(streams[:3]):
        os.dup2(stream, number)
    for stream in streams:
        os.close(stream)
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False))  # type: ignore[arg-type]
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), write_through=True)  # type: ignore[arg-type]
    sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), write_through=True)  # type: ignore[arg-type]
    os.environ.clear()
    os.environ.update(message["env"])
    os.chdir(message["cwd"])
    module, _, function = message["entry"].partition(":")
    sys.argv = ["-c", *message["arguments"]]
    status = 0
    try:
        exec(message["prelude"], {})
        getattr(sys.modules[module], function)()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        status = 1
    # What an interpreter does at its end, without taking its modules apart: that takes a second.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    os._exit(status)
