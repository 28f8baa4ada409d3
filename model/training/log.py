"""What a run tells of itself: lines of JSON, TensorBoard, and whether its numbers are finite."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import msgspec
import torch
from torch import distributed

from model.objective.criterion import Losses
from o365seg.errors import InputError
from o365seg.formats.json_files import write_bytes_atomic

_LOSSES = tuple(field.name for field in fields(Losses))
_FILES = 8  # that a message names


class TrainLog:
    """Means over `every` iterations: losses a data set, gradient norm, learning rate, images/s.

    Sums stay on the device, and are read once a line.

    Args:
        folder: Of the run; None in the processes that do not write.
        names: Of the data sets.
        start: Iterations done before; lines after them, of a part that was lost, are dropped.
        every: Iterations a line.
        images: Of an iteration, all processes together.
        device: Of the losses.
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
        self._since, self._begun = start, time.perf_counter()
        self._file = self._board = None
        if folder is None:
            return
        from torch.utils.tensorboard import SummaryWriter

        path = folder / "metrics.jsonl"
        _drop_after(path, start)
        self._file = path.open("ab")
        self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=start + 1)

    def add(
        self, done: int, dataset: int, losses: torch.Tensor, norm: torch.Tensor, rate: float
    ) -> None:
        """Count an iteration; `done` are done now, `losses` are in the order of `Losses`."""
        row = torch.cat([losses, torch.stack([norm, torch.ones_like(norm)])])
        self._sums[dataset] += row
        if done % self._every == 0:
            self._write(done, rate)

    def close(self) -> None:
        """Close the files."""
        if self._file is not None and self._board is not None:
            self._file.close()
            self._board.close()

    def _write(self, done: int, rate: float) -> None:
        sums = self._sums
        if distributed.is_available() and distributed.is_initialized():
            distributed.all_reduce(sums)
        rows = sums.tolist()  # waits for the device, once a line
        now = time.perf_counter()
        speed = (done - self._since) * self._images / (now - self._begun)
        self._since, self._begun = done, now
        self._sums = torch.zeros_like(sums)
        if self._file is None or self._board is None:
            return
        line: dict[str, object] = {"iteration": done, "lr": rate, "images_per_second": speed}
        self._board.add_scalar("lr", rate, done)
        self._board.add_scalar("images_per_second", speed, done)
        for name, row in zip(self._names, rows, strict=True):
            if row[-1]:
                means = {
                    k: v / row[-1] for k, v in zip((*_LOSSES, "gradient_norm"), row, strict=False)
                }
                line[name] = means
                for key, value in means.items():
                    self._board.add_scalar(f"{name}/{key}", value, done)
        self._file.write(msgspec.json.encode(line) + b"\n")
        self._file.flush()
        if not sys.stderr.isatty():
            totals = ", ".join(
                f"{name} {row[0] / row[-1]:.3f}"
                for name, row in zip(self._names, rows, strict=True)
                if row[-1]
            )
            sys.stderr.write(f"{done}: loss {totals}; {speed:.1f} images/s\n")


def _drop_after(path: Path, iteration: int) -> None:
    """Keep the lines up to an iteration; a last one that was cut short goes, too."""
    if not path.exists():
        return
    kept = []
    for line in path.read_bytes().splitlines(keepends=True):
        try:
            known = msgspec.json.decode(line)["iteration"] <= iteration
        except (msgspec.DecodeError, KeyError, TypeError):
            known = False
        if known:
            kept.append(line)
    write_bytes_atomic(path, b"".join(kept))


@dataclass(frozen=True)
class _Watched:
    iteration: int
    dataset: str
    files: tuple[str, ...]
    values: torch.Tensor


class FiniteGuard:
    """Stops a run whose loss or gradient is no number, and says at which images.

    Asking the device at once would make the host wait for it. So an iteration's numbers set out for
    the host at its end, and are looked at after the next one's matching, which has waited for the
    device anyway; and before anything is saved, so that a bad network never is.
    """

    def __init__(self) -> None:
        self._last: _Watched | None = None

    def watch(
        self, iteration: int, dataset: str, files: tuple[str, ...], loss: torch.Tensor,
        norm: torch.Tensor,
    ) -> None:  # fmt: skip
        """Look at the iteration before, and keep this one's numbers for the next call."""
        self._look()
        values = torch.stack([loss, norm])
        if values.is_cuda:
            host = torch.empty(2, pin_memory=True)
            host.copy_(values, non_blocking=True)
            values = host
        self._last = _Watched(iteration, dataset, files, values)

    def settle(self) -> None:
        """Wait for the device and look at the last iteration.

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
            f"{', '.join(last.files[:_FILES])}{more}"
        )
