"""Time an evaluation and the AP of 1,000 resamples of its images.

python tests/performance/benchmark/resample.py /tmp/objects365
"""

import sys
import time
from pathlib import Path

import numpy as np

from benchmark import evaluate


def main() -> None:
    folder = Path(sys.argv[1])
    start, cpu = time.perf_counter(), time.process_time()
    result = evaluate(folder / "results.json", folder / "truth.json")
    images = len(result.image_ids)
    print(f"evaluation: {time.perf_counter() - start:.2f} s, {time.process_time() - cpu:.2f} s CPU")
    random = np.random.default_rng(0)
    weights = random.multinomial(images, np.full(images, 1 / images), size=1000)
    start, cpu = time.perf_counter(), time.process_time()
    found = result.resampled_precision(weights)
    print(f"resampling: {time.perf_counter() - start:.2f} s, {time.process_time() - cpu:.2f} s CPU")
    with np.errstate(invalid="ignore"):
        ap = np.nanmean(np.where(found < 0, np.nan, found), axis=1)
    low, high = np.quantile(ap, [0.025, 0.975])
    print(f"AP {result.numbers[0]:.4f}, 95 % of resamples {low:.4f} to {high:.4f}")


if __name__ == "__main__":
    main()
