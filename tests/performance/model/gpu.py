"""What is to be known on a GPU, in one run of about ten minutes: prints tables in Markdown.

    pip install 'o365seg[model]' transformers
    python tests/performance/model/gpu.py --out gpu.md
    python tests/performance/model/gpu.py --device cpu --minutes 1   # the same code at toy sizes

1. Agreement of a training step with the CPU: outputs, losses, gradients; float32 and bfloat16.
2. Waits of the host in a step, counted by the profiler: the matcher's copy should be the only one.
3. Time and memory of `dataseg_r50` and `dataseg_vitdet_b` at 1024×1024, batches of 1 to 8, beside
   Hugging Face's Mask2Former, with `torch.compile` and without.
4. Images per second of loading beside those of training.
5. The synthetic trio at 256×256 with a ResNet-50 and ten times the images, trained for the time
   that is left, and its scores.

Each part has a share of the time; what does not fit is left out, and the table says so.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import network_speed
import torch
from torch.profiler import ProfilerActivity, profile

from model.data.loader import Batch, load_batches
from model.data.sampler import dataset_plan, rank_draws
from model.network.config import PRESETS
from model.network.dataseg import DaTaSeg
from model.training.config import TrainConfig, train_config_from_dict
from model.training.loop import add_gradients, make_network
from model.training.mixture import Part, make_parts, make_sources, open_datasets
from model.training.optimizer import make_optimizer, trained

sys.path.append(str(Path(__file__).parents[2] / "helpers"))
from small_run import as_toml

KINDS = ("semantic", "panoptic", "boxes")
SHARES = {"agreement": 0.1, "waits": 0.05, "speed": 0.45, "loading": 0.05, "training": 0.35}
WAITS = (  # what makes the host wait, as the profiler names it
    "cudaStreamSynchronize",
    "cudaDeviceSynchronize",
    "cudaEventSynchronize",
    "Memcpy DtoH",
)


@dataclass(frozen=True)
class Sizes:
    """Sizes of all parts: those of a GPU, or toy ones that show that the code runs."""

    pixels: int
    batches: tuple[int, ...]
    networks: tuple[str, ...]
    trained: dict[str, Any]
    trained_pixels: int
    trained_batch: int
    images: dict[str, int]
    workers: int


GPU = Sizes(
    pixels=1024,
    batches=(1, 2, 4, 8),
    networks=("dataseg_r50", "dataseg_vitdet_b", "mask2former"),
    trained={"preset": "dataseg_r50", "text_dim": 64, "num_queries": 50},
    trained_pixels=256,
    trained_batch=24,
    images={"semantic": 320, "panoptic": 10_000, "boxes": 10_000},
    workers=max((os.cpu_count() or 2) - 1, 1),
)
TOY = Sizes(
    pixels=64,
    batches=(1, 2),
    networks=("tiny",),
    trained={"preset": "tiny", "text_dim": 64},
    trained_pixels=64,
    trained_batch=4,
    images=dict.fromkeys(KINDS, 8),
    workers=0,
)


class Report:
    """Text that is printed as it comes, and kept for `--out`."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, line: str = "") -> None:
        self.lines.append(line)
        print(line, flush=True)

    def table(self, title: str, *columns: str) -> None:
        """Begin a table."""
        self(f"\n## {title}\n")
        self(f"| {' | '.join(columns)} |")
        self("|---" * len(columns) + "|")

    def row(self, *cells: object) -> None:
        """Add a row to it."""
        self(f"| {' | '.join(map(str, cells))} |")


def config(sizes: Sizes, pixels: int, batch: int, **changes: Any) -> TrainConfig:
    """A run on the synthetic trio, its network not pretrained."""
    return train_config_from_dict(tables(sizes, pixels, batch) | changes)


def tables(sizes: Sizes, pixels: int, batch: int) -> dict[str, Any]:
    """The tables of its configuration."""
    data = [
        {"layout": "synthetic", "which": which, "size": pixels, "images": sizes.images[which]}
        | {"sampling_ratio": ratio, "scale": [0.75, 1.5]}
        for which, ratio in zip(KINDS, (3, 10, 10), strict=True)
    ]
    name = PRESETS[sizes.trained["preset"]].backbone.name
    return {
        "iterations": 10_000,
        "batch_size": batch,
        "image_size": pixels,
        "workers": sizes.workers,
        "model": sizes.trained | {"backbone": {"name": name, "freeze_norm": False}},
        "text": {"synthetic": True},
        "optimizer": {"lr": 4e-4, "clip_norm": 1.0, "warmup": 50},
        "data": data,
    }


def prepared(run: TrainConfig, device: str) -> tuple[DaTaSeg, list[Part], Iterator[Batch]]:
    """The network on the device, the data sets' parts, and the batches of a run."""
    datasets = open_datasets(run, Path(), "gpu.py")
    network = make_network(run, Path()).to(device).train()
    plan = dataset_plan([entry.sampling_ratio for entry in run.data], run.iterations, run.seed)
    draws = rank_draws(
        plan, [len(one) for one in datasets], start=0, batch_size=run.batch_size, accumulate=1,
        rank=0, ranks=1, seed=run.seed,
    )  # fmt: skip
    batches = load_batches(
        make_sources(run, datasets), draws, seed=run.seed, workers=run.workers, pin=device == "cuda"
    )
    return network, make_parts(run, datasets, Path(), "gpu.py", device), batches


def synchronize(device: str) -> None:
    """Wait for the device."""
    if device == "cuda":
        torch.cuda.synchronize()


# 1


def agreement(report: Report, device: str, sizes: Sizes, seconds: float) -> None:
    """Compare a step on the device with the same step on the CPU in float32."""
    del seconds  # as long as it takes
    report.table(
        "A step beside the CPU's in float32", "data set", "precision", "outputs, relative error",
        "loss, relative error", "gradient, relative error", "gradient, cosine",
    )  # fmt: skip
    run = config(sizes, 64, 4, workers=0)
    for index, kind in enumerate(KINDS):
        _, _, batches = prepared(run, "cpu")
        batch = next(batch for batch in batches if batch.dataset == index)
        wanted = one_step(run, batch, index, "cpu", "fp32")
        for precision in ("fp32", "bf16"):
            found = one_step(run, batch, index, device, precision)
            errors = [
                ((a - b).norm() / b.norm()).item() for a, b in zip(found, wanted, strict=True)
            ]
            cosine = torch.nn.functional.cosine_similarity(found[2], wanted[2], dim=0).item()
            report.row(kind, precision, *(f"{error:.1e}" for error in errors), f"{cosine:.4f}")


def one_step(
    run: TrainConfig, batch: Batch, index: int, device: str, precision: str
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Mask logits of the last layer, the losses, and all gradients, as vectors on the CPU."""
    network, parts, _ = prepared(run, device)
    seen: list[torch.Tensor] = []
    hook = network.register_forward_hook(lambda *call: seen.append(call[2].final.masks.detach()))
    losses = add_gradients(network, network, parts[index], [batch], precision, torch.device(device))
    hook.remove()
    gradients = [p.grad.flatten() for p in network.parameters() if p.grad is not None]
    vectors = (seen[0].flatten(), losses, torch.cat(gradients))
    return tuple(vector.float().cpu() for vector in vectors)  # type: ignore[return-value]


# 2


def waits(report: Report, device: str, sizes: Sizes, seconds: float) -> None:
    """Count what makes the host wait in a step."""
    del seconds  # as long as it takes
    report.table("Waits of the host in a step", "data set", *WAITS)
    run = config(sizes, sizes.trained_pixels, 4, workers=0)
    network, parts, batches = prepared(run, device)
    optimizer = make_optimizer(network, run.optimizer)
    activities = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * (device == "cuda")

    def step(batch: Batch) -> None:
        add_gradients(
            network, network, parts[batch.dataset], [batch], run.precision, torch.device(device)
        )
        torch.nn.utils.clip_grad_norm_(trained(network), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    for index, kind in enumerate(KINDS):
        batch = next(batch for batch in batches if batch.dataset == index)
        batch = batch.pin_memory() if device == "cuda" else batch
        step(batch)  # the first one allocates and chooses algorithms
        synchronize(device)
        with profile(activities=activities) as profiled:
            step(batch)
        events = profiled.key_averages()
        counts = [sum(e.count for e in events if e.key.startswith(name)) for name in WAITS]
        report.row(kind, *counts)


# 3


def speed(report: Report, device: str, sizes: Sizes, seconds: float) -> None:
    """Time forward passes and steps, in bfloat16 on a GPU."""
    report.table(
        f"{sizes.pixels}×{sizes.pixels}, milliseconds a batch and peak memory", "network", "batch",
        "compiled", "forward", "forward MiB", "step", "step MiB",
    )  # fmt: skip
    end = time.monotonic() + seconds
    middle = sizes.batches[len(sizes.batches) // 2]
    plan = [(name, batch, False) for batch in sizes.batches for name in sizes.networks]
    plan += [(name, middle, True) for name in sizes.networks] * (device == "cuda")
    plan.sort(key=lambda row: (row[1] != middle, row[2]))  # the most telling rows first
    for name, batch, compiled in plan:
        cells = ["no time left", "", "", ""]
        if time.monotonic() < end:
            try:
                cells = measured(name, batch, compiled, device, sizes.pixels)
            except ModuleNotFoundError as error:
                cells = [f"{error.name} is not installed", "", "", ""]
        report.row(name, batch, "yes" if compiled else "no", *cells)


def measured(name: str, batch: int, compiled: bool, device: str, pixels: int) -> list[str]:
    """Median milliseconds of five calls and peak memory, of the forward pass and of the step."""
    cuda = device == "cuda"
    if name == "mask2former":
        model, call, loss = network_speed.mask2former(pixels, device, compiled, batch)
    else:
        model, call, loss = network_speed.dataseg(pixels, device, compiled, batch, name)
    images = torch.rand(batch, 3, pixels, pixels, device=device) * 255

    def forward() -> None:
        with torch.inference_mode():
            call(images)

    def step() -> None:
        loss(images).sum().backward()
        model.zero_grad(set_to_none=True)

    cells: list[str] = []
    for run in (forward, step):
        model.train(run is step)
        try:
            with torch.autocast(device, torch.bfloat16, enabled=cuda):
                seconds = median_seconds(run, device)
        except torch.OutOfMemoryError:
            cells += ["out of memory", ""]
        else:
            peak = f"{torch.cuda.max_memory_allocated() / 2**20:,.0f}" if cuda else "–"
            cells += [f"{1000 * seconds:.1f}", peak]
        if cuda:
            torch.cuda.empty_cache()
    return cells


def median_seconds(run: Callable[[], None], device: str) -> float:
    """The median time of five calls after two others; peak memory is counted from then on."""
    times = []
    for number in range(7):
        if number == 2 and device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        synchronize(device)
        start = time.perf_counter()
        run()
        synchronize(device)
        times.append(time.perf_counter() - start)
    return statistics.median(times[2:])


# 4


def loading(report: Report, device: str, sizes: Sizes, seconds: float) -> None:
    """Compare the rate of loading with that of steps."""
    report.table(
        f"Images per second at {sizes.trained_pixels}×{sizes.trained_pixels}", "workers", "loading",
        "training", "ratio",
    )  # fmt: skip
    run = config(sizes, sizes.trained_pixels, sizes.trained_batch)
    batches = prepared(run, "cpu")[2]
    list(islice(batches, 3))  # workers start
    rate = repeated(lambda: next(batches), seconds / 2)
    steps = steps_per_second(run, device, seconds / 2)
    rates = [rate * run.batch_size, steps * run.batch_size]
    report.row(run.workers, *(f"{each:.1f}" for each in rates), f"{rates[0] / rates[1]:.2f}")


def repeated(call: Callable[[], Any], seconds: float) -> float:
    """Calls per second, over at least two calls and about that time."""
    start, count = time.monotonic(), 0
    while count < 2 or time.monotonic() - start < seconds:
        call()
        count += 1
    return count / (time.monotonic() - start)


def precision(device: str) -> str:
    """The precision of training on a device."""
    return "bf16" if device == "cuda" else "fp32"


# 5


def training(report: Report, device: str, sizes: Sizes, seconds: float) -> None:
    """Train on the trio for the time that is left, and score each task."""
    pixels, batch = sizes.trained_pixels, sizes.trained_batch
    rate = steps_per_second(config(sizes, pixels, batch), device, min(seconds / 20, 5))
    iterations = max(int(0.6 * seconds * rate), 2) if device == "cuda" else 2
    run = tables(sizes, pixels, batch) | {"iterations": iterations, "checkpoint_every": 100_000}
    run["precision"] = precision(device)
    scored = [
        {"layout": "synthetic", "which": which, "split": "val", "size": pixels, "images": images}
        for which, images in zip(
            ("semantic", "panoptic", "instances"),
            (min(200, sizes.images[kind]) for kind in KINDS),
            strict=True,
        )
    ]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        (out / "train.toml").write_text(as_toml(run))
        (out / "scored.toml").write_text(as_toml({"data": scored}))
        start = time.monotonic()
        command(out, device, "train", "train.toml", "--out", "run")
        took = time.monotonic() - start
        command(
            out, device, "evaluate", "run/model.safetensors", "--config", "scored.toml",
            "--embeddings", "run/text.npz", "--batch", "8", "--confidence", "0.5",
            "--json", "scores.json",
        )  # fmt: skip
        scores = json.loads((out / "scores.json").read_text())
    report.table(
        f"The trio together: {iterations:,} iterations of {batch} images in {took:.0f} s",
        "data set",
        "scores",
    )
    for name, found in scores["data"].items():
        metrics = [f"{key} {value:.4f}" for key, value in found["metrics"].items() if value]
        report.row(name, ", ".join(metrics) or "all 0")


def steps_per_second(run: TrainConfig, device: str, seconds: float) -> float:
    """The rate of steps on one batch that is loaded already."""
    network, parts, batches = prepared(run, device)
    batch = next(batches)

    def step() -> None:
        add_gradients(
            network, network, parts[batch.dataset], [batch], precision(device), torch.device(device)
        )
        network.zero_grad(set_to_none=True)
        synchronize(device)

    step()
    return repeated(step, seconds)


def command(folder: Path, device: str, *arguments: str) -> None:
    """Run a command of `dataseg`.

    Raises:
        RuntimeError: it failed; has the end of its messages.
    """
    paths = os.pathsep.join((str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")))
    done = subprocess.run(
        [sys.executable, "-m", "model", *arguments, "--device", device],
        cwd=folder, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"dataseg {arguments[0]}: {done.stderr.strip()[-500:]}")


PARTS: dict[str, Callable[[Report, str, Sizes, float], None]] = {
    "agreement": agreement,
    "waits": waits,
    "speed": speed,
    "loading": loading,
    "training": training,
}


def main() -> int:
    """Run the parts; one that fails is reported, and the others run. Returns their number."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--only", choices=PARTS, action="append", help="a part; repeatable")
    parser.add_argument("--out", type=Path, help="write the tables to this file")
    arguments = parser.parse_args()
    if arguments.device == "cuda" and not torch.cuda.is_available():
        sys.exit("no GPU; --device cpu runs the same code at toy sizes")
    torch.backends.cuda.matmul.allow_tf32 = False  # float32 is to be float32
    torch.backends.cudnn.allow_tf32 = False
    sizes = GPU if arguments.device == "cuda" else TOY
    name = torch.cuda.get_device_name() if arguments.device == "cuda" else "CPU, toy sizes"
    report, failed = Report(), 0
    report(f"# {name}, PyTorch {torch.__version__}")
    chosen = arguments.only or list(PARTS)
    began, total = time.monotonic(), sum(SHARES[part] for part in chosen)
    for part in chosen:
        left = 60 * arguments.minutes - (time.monotonic() - began)
        seconds = max(left * SHARES[part] / total, 0.0)  # time that a part saves is the next one's
        total -= SHARES[part]
        try:
            PARTS[part](report, arguments.device, sizes, seconds)
        except Exception as error:  # the other parts are worth having
            failed += 1
            report(f"\n{part} failed: {type(error).__name__}: {error}")
    report(f"\n{time.monotonic() - began:.0f} s in all")
    if arguments.out:
        arguments.out.write_text("\n".join(report.lines) + "\n")
    return failed


if __name__ == "__main__":
    sys.exit(main())
