"""Compare DaTaSeg's network with Hugging Face's Mask2Former: time and peak memory.

    pip install 'o365seg[model]' transformers
    python tests/performance/model/network_speed.py --rounds 3  # CPU, one thread, 512 x 512
    python tests/performance/model/network_speed.py --device cuda --size 1024  # bfloat16, compiled

Both have a ResNet-50, 100 queries, random weights and a backbone with frozen batch norm; except for
the backbone, Mask2Former has its default configuration. `forward` is inference under
`torch.inference_mode`. `step` is a training step without the optimiser: forward, the network's own
matching and losses for the same segments, and backward. Each measurement runs in its own process,
so that peak memory is its own. Each round runs all measurements, so that a busy machine affects
them equally. Prints medians over rounds of the fastest repeat in each process. This script tests
nothing.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from typing import Any

CLASSES, SEGMENTS = 133, 12


def segments(size: int):
    """(SEGMENTS, size, size) float masks, strips of the image, and their classes."""
    import torch

    masks = torch.zeros(SEGMENTS, size, size)
    step = size // SEGMENTS
    for i in range(SEGMENTS):
        masks[i, :, i * step : (i + 1) * step] = 1
    return masks, torch.arange(SEGMENTS) * 11


def dataseg(size: int, device: str, compiled: bool, batch: int = 1, name: str = "dataseg_r50"):
    """DaTaSeg, a preset: the network, its forward pass and its loss."""
    import torch

    from model.network.config import preset
    from model.network.dataseg import build_dataseg
    from model.objective.criterion import training_losses
    from model.objective.loss_weights import COCO_PANOPTIC
    from model.objective.targets import MaskTarget, join_targets
    from o365seg.formats.task import Task

    model = build_dataseg(preset(name)).to(device)
    run = torch.compile(model) if compiled else model
    text = torch.randn(CLASSES, model.config.text_dim, device=device)
    masks, labels = (x.to(device) for x in segments(size))
    targets = join_targets([MaskTarget(labels, masks[:, ::4, ::4] > 0)] * batch)
    is_thing = torch.arange(CLASSES, device=device) < 80

    def loss(images):
        return training_losses(
            run(images, text), targets, Task.PANOPTIC, is_thing, COCO_PANOPTIC
        ).total

    return model, lambda images: run(images, text), loss


def mask2former(size: int, device: str, compiled: bool, batch: int = 1):
    """Mask2Former: the network, its forward pass and its loss."""
    import torch
    import transformers

    peer: Any = transformers  # its types leave out parameters that it takes
    stages = ["stage1", "stage2", "stage3", "stage4"]
    config = peer.Mask2FormerConfig(
        backbone_config=peer.ResNetConfig(out_features=stages),
        num_queries=100,
        num_labels=CLASSES,
    )
    model = peer.Mask2FormerForUniversalSegmentation(config).to(device)
    for part in model.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.requires_grad_(False)
            part.train = lambda mode=True, part=part: part  # stays in eval mode
            part.training = False
    run = torch.compile(model) if compiled else model
    masks, labels = (x.to(device) for x in segments(size))

    def call(images):
        return run(pixel_values=(images - 116.0) / 58.0, output_auxiliary_logits=False)

    def loss(images):
        return run(
            pixel_values=(images - 116.0) / 58.0,
            mask_labels=[masks] * batch,
            class_labels=[labels] * batch,
        ).loss

    return model, call, loss


def measure(arguments: argparse.Namespace) -> None:
    """Measure one network in one mode in this process; prints JSON."""
    import torch

    from model.runtime.allocator import keep_freed_memory

    torch.set_num_threads(1)
    torch.manual_seed(0)
    if arguments.network == "dataseg":
        keep_freed_memory()  # as the command `dataseg` does
    cuda = arguments.device == "cuda"
    build = {"dataseg": dataseg, "mask2former": mask2former}[arguments.network]
    training = arguments.mode == "step"
    model, call, loss = build(arguments.size, arguments.device, arguments.compile)
    model.train(training)
    images = torch.rand(1, 3, arguments.size, arguments.size, device=arguments.device) * 255

    def once() -> None:
        with torch.autocast("cuda", torch.bfloat16, enabled=cuda):
            if not training:
                with torch.inference_mode():
                    call(images)
            else:
                loss(images).sum().backward()
                model.zero_grad()
        if cuda:
            torch.cuda.synchronize()

    once()
    wall, processor = [], []
    for _ in range(arguments.repeats):
        start, start_cpu = time.perf_counter(), time.process_time()
        once()
        wall.append(time.perf_counter() - start)
        processor.append(time.process_time() - start_cpu)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if cuda:
        peak = torch.cuda.max_memory_allocated() / 2**20
    parameters = sum(p.numel() for p in model.parameters()) / 1e6
    print(json.dumps([min(wall), min(processor), peak, parameters]))


def compare(arguments: argparse.Namespace) -> None:
    """Run all measurements in interleaved rounds and print the table."""
    found: dict[tuple[str, str], list[list[float]]] = {}
    options = [f"--device={arguments.device}", f"--size={arguments.size}"]
    options += [f"--repeats={arguments.repeats}"] + ["--compile"] * arguments.compile
    for _ in range(arguments.rounds):
        for mode in ("forward", "step"):
            for network in ("dataseg", "mask2former"):
                command = [sys.executable, __file__, "--network", network, "--mode", mode]
                done = subprocess.run([*command, *options], capture_output=True, text=True)
                if done.returncode:
                    sys.exit(f"{network}, {mode}: {done.stderr.strip().splitlines()[-1]}")
                row = json.loads(done.stdout.strip().splitlines()[-1])
                found.setdefault((mode, network), []).append(row)
    print(
        "| mode | network | wall s | CPU s | peak MiB | parameters, M |\n|---|---|---|---|---|---|"
    )
    for mode in ("forward", "step"):
        rows = {}
        for network in ("dataseg", "mask2former"):
            rows[network] = [statistics.median(c) for c in zip(*found[mode, network], strict=True)]
            wall, cpu, peak, size = rows[network]
            print(f"| {mode} | {network} | {wall:.3f} | {cpu:.3f} | {peak:.0f} | {size:.1f} |")
        ours, theirs = rows["dataseg"], rows["mask2former"]
        ratios = [theirs[0] / ours[0], theirs[1] / ours[1], ours[2] / theirs[2]]
        print(f"| {mode} | ratio | {ratios[0]:.2f}x | {ratios[1]:.2f}x | {ratios[2]:.2f} | |")


def main() -> None:
    """Read the arguments; without --network, compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=2, help="calls in each process")
    parser.add_argument("--compile", action="store_true", help="use torch.compile on both")
    parser.add_argument("--network", choices=("dataseg", "mask2former"), help=argparse.SUPPRESS)
    parser.add_argument("--mode", choices=("forward", "step"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    measure(arguments) if arguments.network else compare(arguments)


if __name__ == "__main__":
    main()
