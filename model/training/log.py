"""The log of a run (JSON lines and TensorBoard), and the check that its numbers are finite."""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import msgspec
import torch
from torch import distributed

from model.objective.criterion import Losses
from model.training.resume import skip_option
from o365seg.errors import InputError
from o365seg.formats.json_files import write_bytes_atomic

_LOSSES = tuple(field.name for field in fields(Losses))
_FILES = 8  # that a message names


class TrainLog:
    """Logs means over `every` iterations: losses of each data set, gradient norm, rate, images/s.

    Sums stay on the device and are read once per line.

    Args:
        folder: Folder of the run; None in processes that do not write.
        names: Names of the data sets.
        start: Iterations done before; later lines in the file, whose state is lost, are deleted.
        every: Iterations per line.
        images: Images per iteration over all processes.
        device: Device of the losses.
    """

    def __init__(
        self,
        folder: Path | None,
        names: Sequence[str],
        start: int,
        every: int,
        images: int,
        device: torch.device,
    ) -> None:
        self._names, self._every, self._images = names, every, images
        self._sums = torch.zeros(len(names), len(_LOSSES) + 2, device=device)
        self._since, self._begun, self._paused = start, time.perf_counter(), 0.0
        self._curves = None if folder is None else _Curves(folder, "metrics", "tensorboard", start)

    def add(
        self, done: int, dataset: int, losses: torch.Tensor, norm: torch.Tensor, rate: float
    ) -> None:
        """Add an iteration, after which `done` are finished; `losses` has the order of `Losses`."""
        row = torch.cat([losses, torch.stack([norm, torch.ones_like(norm)])])
        self._sums[dataset] += row
        if done % self._every == 0:
            self._write(done, rate)

    def pause(self) -> None:
        """Leave the time until `go_on` out of images/s."""
        self._paused = time.perf_counter()

    def go_on(self) -> None:
        """End a `pause`."""
        self._begun += time.perf_counter() - self._paused

    def close(self) -> None:
        """Close the files."""
        if self._curves is not None:
            self._curves.close()

    def _write(self, done: int, rate: float) -> None:
        sums = self._sums
        if distributed.is_available() and distributed.is_initialized():
            distributed.all_reduce(sums)
        rows = sums.tolist()  # waits for the device, once a line
        now = time.perf_counter()
        speed = (done - self._since) * self._images / (now - self._begun)
        self._since, self._begun = done, now
        self._sums = torch.zeros_like(sums)
        if self._curves is None:
            return
        curves = {"lr": rate, "images_per_second": speed}
        line: dict[str, object] = {"iteration": done, **curves}
        for name, row in zip(self._names, rows, strict=True):
            if row[-1]:
                means = {
                    k: v / row[-1] for k, v in zip((*_LOSSES, "gradient_norm"), row, strict=False)
                }
                line[name] = means
                curves |= {f"{name}/{key}": value for key, value in means.items()}
        self._curves.write(line, curves, done)
        if not sys.stderr.isatty():
            totals = ", ".join(
                f"{name} {row[0] / row[-1]:.3f}"
                for name, row in zip(self._names, rows, strict=True)
                if row[-1]
            )
            sys.stderr.write(f"{done}: loss {totals}; {speed:.1f} images/s\n")


class ValidationLog:
    """Logs the metrics of each validation, in `validation.jsonl` and TensorBoard.

    Args:
        folder: Folder of the run.
        start: Iterations done before; later lines, whose state is lost, are deleted.

    Attributes:
        iterations: Finished iterations at each validation in the file.
    """

    def __init__(self, folder: Path, start: int) -> None:
        self._curves = _Curves(folder, "validation", "tensorboard/validation", start)
        self.iterations: list[int] = [line["iteration"] for line in self._curves.lines]

    def add(self, done: int, metrics: Mapping[str, Mapping[str, float | None]]) -> None:
        """Add a validation's metrics by data set and name; None if undefined."""
        curves = {
            f"validation/{name}/{key}": value
            for name, values in metrics.items()
            for key, value in values.items()
            if value is not None
        }
        self._curves.write({"iteration": done, **metrics}, curves, done)

    def close(self) -> None:
        """Close the files."""
        self._curves.close()


class _Curves:
    """A JSON-lines file of a run, and the same numbers in TensorBoard.

    Args:
        folder: Folder of the run.
        name: Name of the file, without `.jsonl`.
        board: Folder of TensorBoard's files, its own: a resumed run's first event removes later
            points from all files beside it.
        start: Iterations done before; later lines are deleted.

    Attributes:
        lines: The earlier lines.
    """

    def __init__(self, folder: Path, name: str, board: str, start: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._path = folder / f"{name}.jsonl"
        self.lines = _keep_until(self._path, start)
        with self._writing():
            self._file = self._path.open("ab")
            self._board = SummaryWriter(str(folder / board), purge_step=start + 1)

    def write(self, line: Mapping[str, object], curves: Mapping[str, float], done: int) -> None:
        """Add a line, and a point at iteration `done` to each curve.

        Raises:
            InputError: nothing more can be written.
        """
        with self._writing():
            self._file.write(msgspec.json.encode(line) + b"\n")
            self._file.flush()
            for name, value in curves.items():
                self._board.add_scalar(name, value, done)
            self._board.flush()

    def close(self) -> None:
        """Close both."""
        with self._writing():
            self._file.close()
            self._board.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:  # such as a full disk
            raise InputError(f"cannot be written: {error.strerror}", file=self._path) from None


def _keep_until(path: Path, iteration: int) -> list[dict[str, Any]]:
    """Delete the lines after an iteration, and a truncated last line; return the others."""
    if not path.exists():
        return []
    kept, values = [], []
    for line in path.read_bytes().splitlines(keepends=True):
        try:
            value = msgspec.json.decode(line, type=dict[str, Any])
            known = value["iteration"] <= iteration and line.endswith(b"\n")
        except (msgspec.MsgspecError, KeyError, TypeError):
            continue
        if known:
            kept.append(line)
            values.append(value)
    write_bytes_atomic(path, b"".join(kept))
    return values


@dataclass(frozen=True)
class _Watched:
    iteration: int
    dataset: str
    files: tuple[str, ...]
    values: torch.Tensor


class FiniteGuard:
    """Stops a run whose loss or gradient is not finite, and names the images.

    Reading the numbers at once would make the host wait for the device. So an iteration's numbers
    are copied to the host at its end and checked after the next one's matching, which waits for the
    device anyway; and before a checkpoint, so that a broken network is never saved.

    Args:
        skip: Iterations that the run passes over; the message says how to add one.
    """

    def __init__(self, skip: Sequence[int] = ()) -> None:
        self._skip = skip
        self._last: _Watched | None = None

    def watch(
        self, iteration: int, dataset: str, files: tuple[str, ...], loss: torch.Tensor,
        norm: torch.Tensor,
    ) -> None:  # fmt: skip
        """Check the previous iteration, and keep this one's numbers for the next call."""
        self._look()
        values = torch.stack([loss, norm])
        if values.is_cuda:
            host = torch.empty(2, pin_memory=True)
            host.copy_(values, non_blocking=True)
            values = host
        self._last = _Watched(iteration, dataset, files, values)

    def settle(self) -> None:
        """Wait for the device and check the last iteration.

        Raises:
            InputError: its loss or gradient is not finite; names iteration, data set and images.
        """
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self._look()

    def _look(self) -> None:
        last, self._last = self._last, None
        if last is None:
            return
        loss, norm = last.values.tolist()
        if abs(loss) < float("inf") and abs(norm) < float("inf"):
            return
        more = f" and {len(last.files) - _FILES} more" if len(last.files) > _FILES else ""
        raise InputError(
            f"iteration {last.iteration}, {last.dataset}: the loss is {loss}, the gradient's norm "
            f"{norm}; the last checkpoint is untouched. The images were "
            f"{', '.join(last.files[:_FILES])}{more}. To go on from the checkpoint without this "
            f"batch, more slowly: {skip_option(self._skip, last.iteration)} --set optimizer.lr=…"
        )
