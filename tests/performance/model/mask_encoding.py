"""Time encoding the instance masks of an image, compared with resizing and encoding whole masks.

python tests/performance/model/mask_encoding.py [--masks 100] [--size 1024] [--preset dataseg_r50]

Uses one thread. The masks are random blobs with diameters up to the image's side (half of them
below about a quarter of it) or, as a hard case, up to six times that.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from pycocotools import mask as coco_mask
from torch.nn import functional

from model.inference.mask_encoding import encode_logits
from model.network.preprocess import Placement


def blobs(count: int, grid: int, largest: float) -> np.ndarray:
    """(count, grid, grid) float32 logits: discs with uneven edges, up to a fraction of the grid."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[:grid, :grid] / grid
    logits = []
    for share in np.linspace(0.02, 1, count) ** 2 * largest:
        top, left = random.uniform(0, 1, 2)
        angle = np.arctan2(y - top, x - left)
        radius = share / 2 * (1 + 0.2 * np.sin(random.integers(3, 12) * angle))
        logits.append(40 * (radius - np.hypot(y - top, x - left)))
    return np.array(logits, np.float32)


def naive(logits: np.ndarray, size: int) -> object:
    """Resize all masks at once, threshold, copy into column order, encode."""
    whole = functional.interpolate(torch.from_numpy(logits)[None], (size, size), mode="bilinear")
    pixels = (whole[0] > 0).numpy().astype(np.uint8).transpose(1, 2, 0)
    return coco_mask.encode(np.asfortranarray(pixels))


def seconds(work: Callable[[], object], rounds: int = 3) -> float:
    """Seconds of the fastest round, after one warm-up round."""
    work()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--masks", type=int, default=100)
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--preset", action="append", help="also time this network's forward pass")
    options = parser.parse_args()
    torch.set_num_threads(1)
    size = options.size
    placement = Placement((size, size), (size, size))
    for name, largest in (("up to the side", 1.0), ("up to six times the side", 6.0)):
        logits = blobs(options.masks, size // 4, largest)
        own = seconds(lambda logits=logits: [encode_logits(mask, placement) for mask in logits])
        plain = seconds(lambda logits=logits: naive(logits, size), rounds=1)
        print(f"{name}: {options.masks} masks in {own * 1e3:.0f} ms; resized whole and encoded: ")
        print(f"    {plain * 1e3:.0f} ms, {plain / own:.1f} times as long")
        for preset in options.preset or []:
            forward = forward_seconds(preset, size)
            print(
                f"    {preset} forward: {forward * 1e3:.0f} ms, {forward / own:.1f} times as long"
            )


def forward_seconds(name: str, size: int) -> float:
    """Seconds of one image through an untrained network."""
    from model.network.config import preset
    from model.network.dataseg import build_dataseg

    config = preset(name)
    network = build_dataseg(config).eval()
    text = functional.normalize(torch.randn(80, config.text_dim), dim=-1)
    image = torch.randint(256, (1, 3, size, size), dtype=torch.uint8)
    with torch.inference_mode():
        return seconds(lambda: network(image, text), rounds=1)


if __name__ == "__main__":
    main()
