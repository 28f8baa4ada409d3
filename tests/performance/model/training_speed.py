"""Compare training with Hugging Face's Mask2Former: whole steps, and loading images.

    pip install 'o365seg[model]' transformers
    python tests/performance/model/training_speed.py step --rounds 3
    python tests/performance/model/training_speed.py step --device cuda --size 1024 --compile
    python tests/performance/model/training_speed.py load data.toml --images 100

`step` is the step of `network_speed.py` (same networks, segments and losses, same processes and
rounds) with gradient clipping and AdamW; DaTaSeg uses the functions that `dataseg train` runs.
`load` takes the first `[[data]]` entry of a file and times, on one thread, decoding a sample, our
augmentation, and Mask2Former's image processor on the same decoded sample at the same size. The
processor resizes and makes the masks but does no random augmentation, so it does less. This script
tests nothing.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import network_speed


def measure_step(arguments: argparse.Namespace) -> None:
    """Measure one network in this process; prints seconds, processor seconds and peak MiB."""
    import resource

    import torch

    from model.runtime.allocator import keep_freed_memory
    from model.training.config import OptimizerConfig
    from model.training.optimizer import make_optimizer

    torch.set_num_threads(1)
    torch.manual_seed(0)
    cuda = arguments.device == "cuda"
    ours = arguments.network == "dataseg"
    if ours:
        keep_freed_memory()  # as the command `dataseg` does
    build = network_speed.dataseg if ours else network_speed.mask2former
    network, _, loss = build(arguments.size, arguments.device, arguments.compile)
    network.train()
    parameters = [p for p in network.parameters() if p.requires_grad]
    if ours:
        optimizer = make_optimizer(network, OptimizerConfig(lr=1e-5))  # type: ignore[arg-type]
    else:
        optimizer = torch.optim.AdamW(parameters, lr=1e-5, weight_decay=0.05)
    shape = (1, 3, arguments.size, arguments.size)
    images = torch.rand(shape, device=arguments.device) * 255

    def once() -> None:
        with torch.autocast("cuda", torch.bfloat16, enabled=cuda):
            loss(images).sum().backward()
        torch.nn.utils.clip_grad_norm_(parameters, 0.1)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if cuda:
            torch.cuda.synchronize()

    once()
    rows = []
    for _ in range(arguments.repeats):
        start, start_cpu = time.perf_counter(), time.process_time()
        once()
        rows.append((time.perf_counter() - start, time.process_time() - start_cpu))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if cuda:
        peak = torch.cuda.max_memory_allocated() / 2**20
    print(json.dumps([*(min(column) for column in zip(*rows, strict=True)), peak]))


def compare_steps(arguments: argparse.Namespace) -> None:
    """Measure both networks in interleaved rounds and print medians."""
    found: dict[str, list[list[float]]] = {"dataseg": [], "mask2former": []}
    options = [f"--device={arguments.device}", f"--size={arguments.size}"]
    options += [f"--repeats={arguments.repeats}"] + ["--compile"] * arguments.compile
    for _ in range(arguments.rounds):
        for network, rows in found.items():
            command = [sys.executable, __file__, "step", "--network", network, *options]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"{network}: {done.stderr.strip().splitlines()[-1]}")
            rows.append(json.loads(done.stdout.strip().splitlines()[-1]))
    print("| step with optimiser | wall s | CPU s | peak MiB |\n|---|---|---|---|")
    for network, rows in found.items():
        wall, cpu, peak = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"| {network} | {wall:.2f} | {cpu:.2f} | {peak:.0f} |")


def compare_loading(arguments: argparse.Namespace) -> None:
    """Time decoding, augmentation and Mask2Former's processor on the same samples."""
    import tomllib

    import cv2
    import numpy as np
    import torch

    from model.data.augment import Augmentation, augment
    from model.data.samples import BoxGroundTruth, ClassGroundTruth, Sample
    from model.datasets.opening import DATA_KEYS, open_from_table
    from model.objective.merge import mergeable_classes

    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    table = tomllib.loads(arguments.config.read_text())["data"][0]
    keys = {key: value for key, value in table.items() if key in DATA_KEYS}
    dataset = open_from_table(keys, arguments.config.parent, str(arguments.config))
    things = torch.tensor(dataset.vocabulary.is_thing)
    mergeable = mergeable_classes(dataset.task, things).numpy()
    size = arguments.size
    places = [i % len(dataset) for i in range(arguments.images)]
    samples: list[Sample] = []

    def decode() -> None:
        samples.extend(dataset[place] for place in places)

    def ours(scale: tuple[float, float]) -> None:
        for number, sample in enumerate(samples):
            rng = np.random.default_rng(number)
            augment(sample, Augmentation(size, scale), mergeable, rng)

    steps = {
        "decode a sample": decode,
        "our augmentation, scale 0.1 to 2.0": lambda: ours((0.1, 2.0)),
        "our augmentation, scale 1.0": lambda: ours((1.0, 1.0)),
    }
    if not isinstance(dataset[0].ground_truth, BoxGroundTruth):
        import transformers

        processor: Any = transformers.Mask2FormerImageProcessor(
            size={"height": size, "width": size}, ignore_index=255
        )

        def peer() -> None:
            for sample in samples:
                truth = sample.ground_truth
                if isinstance(truth, ClassGroundTruth):
                    maps, names = truth.classes.astype(np.uint8), None
                else:
                    assert not isinstance(truth, BoxGroundTruth)
                    # The processor expects small ids, and 255 for ignored pixels.
                    maps = np.full(truth.ids.shape, 255, np.uint8)
                    names = {}
                    for number, segment in enumerate(truth.segments):
                        maps[truth.ids == segment.id] = number
                        names[number] = segment.label
                processor(
                    images=[sample.image],
                    segmentation_maps=[maps],
                    instance_id_to_semantic_id=names,
                    return_tensors="pt",
                )

        steps["Mask2FormerImageProcessor"] = peer
    print(f"{dataset.name}, {len(places)} images, {size} pixels, one thread\n")
    print("| | wall ms per image | CPU ms per image | images/s by CPU |\n|---|---|---|---|")
    for what, step in steps.items():
        start, start_cpu = time.perf_counter(), time.process_time()
        step()
        wall = (time.perf_counter() - start) / len(places)
        cpu = (time.process_time() - start_cpu) / len(places)
        print(f"| {what} | {1e3 * wall:.1f} | {1e3 * cpu:.1f} | {1 / cpu:.0f} |")


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    what = parser.add_subparsers(required=True)
    step = what.add_parser("step")
    step.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    step.add_argument("--size", type=int, default=512)
    step.add_argument("--rounds", type=int, default=3)
    step.add_argument("--repeats", type=int, default=2, help="steps in each process")
    step.add_argument("--compile", action="store_true", help="use torch.compile on both")
    step.add_argument("--network", choices=("dataseg", "mask2former"), help=argparse.SUPPRESS)
    step.set_defaults(run=lambda a: measure_step(a) if a.network else compare_steps(a))
    load = what.add_parser("load")
    load.add_argument("config", type=Path, help="a file with a [[data]] entry")
    load.add_argument("--images", type=int, default=100)
    load.add_argument("--size", type=int, default=1024)
    load.set_defaults(run=compare_loading)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
