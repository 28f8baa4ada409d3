"""DaTaSeg's network beside Hugging Face's Mask2Former: time, processor time and peak memory.

    pip install 'o365seg[model]' transformers
    python tests/performance/network_speed.py --rounds 3                # CPU, one thread, 512 x 512
    python tests/performance/network_speed.py --device cuda --size 1024 # bfloat16, torch.compile

Both have a ResNet-50 and 100 queries and are randomly initialised; the peer's configuration is its
own default but for the backbone. `forward` is inference under `torch.inference_mode`; `step` is a
training step without the optimiser: forward, a stand-in loss (the mean of every layer's class and
mask logits, the same for both) and backward. Each measurement is a process of its own, so that peak
memory is its own; rounds go through all of them in turn, so that a slow moment hits all alike.
Reported are medians over rounds of the best of a process's repeats. Nothing here passes or fails.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time

CLASSES = 133


def dataseg(device: str, training: bool, compiled: bool):
    """This network, as a function of an image that gives the class and mask logits."""
    import torch

    from model.config import preset
    from model.dataseg import build_dataseg

    model = build_dataseg(preset("dataseg_r50")).train(training).to(device)
    run = torch.compile(model) if compiled else model
    text = torch.randn(CLASSES, model.config.text_width, device=device)

    def call(images):
        return [x for p in run(images, text).layers for x in (p.logits, p.masks)]

    return model, call


def mask2former(device: str, training: bool, compiled: bool):
    """The peer, as such a function."""
    import torch
    from transformers import Mask2FormerConfig, Mask2FormerForUniversalSegmentation, ResNetConfig

    stages = ["stage1", "stage2", "stage3", "stage4"]
    config = Mask2FormerConfig(
        backbone_config=ResNetConfig(out_features=stages),
        num_queries=100,
        num_labels=CLASSES,
    )
    model = Mask2FormerForUniversalSegmentation(config).train(training).to(device)
    run = torch.compile(model) if compiled else model

    def call(images):
        out = run(pixel_values=(images - 116.0) / 58.0, output_auxiliary_logits=training)
        tensors = [out.class_queries_logits, out.masks_queries_logits]
        for layer in (out.auxiliary_logits or ()) if training else ():
            tensors += list(layer.values())
        return tensors

    return model, call


def measure(arguments: argparse.Namespace) -> None:
    """Measure one network in one mode in this process; prints JSON."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    cuda = arguments.device == "cuda"
    build = {"dataseg": dataseg, "mask2former": mask2former}[arguments.network]
    training = arguments.mode == "step"
    model, call = build(arguments.device, training, arguments.compile)
    images = torch.rand(1, 3, arguments.size, arguments.size, device=arguments.device) * 255

    def once() -> None:
        with torch.autocast("cuda", torch.bfloat16, enabled=cuda):
            if not training:
                with torch.inference_mode():
                    call(images)
            else:
                torch.stack([x.float().mean() for x in call(images)]).sum().backward()
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
