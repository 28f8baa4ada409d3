"""Results of a 12-megapixel image take the memory of a few maps, not of one map a query."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MOST = 320  # MB; one mask of each of 100 queries would be 4,800
SCRIPT = """
import sys, torch
from peak_memory import peak_mb
from model.inference import postprocess
from model.network.outputs import Proposals
from model.network.preprocess import Placement
torch.set_num_threads(1)
torch.manual_seed(0)
logits = torch.full((1, 100, 4), -9.0)
logits[0, torch.arange(100), torch.arange(100) % 3] = 9.0
rows = torch.arange(128.0)
masks = torch.stack([8 - (rows - 1.28 * n).abs() for n in range(100)])[None, :, :, None]
proposals = Proposals(logits, masks.expand(1, 100, 128, 128).contiguous())
place = [Placement(image=(3000, 4000), input=(384, 512))]
things = torch.tensor([True, True, False])
before = peak_mb()
if sys.argv[1] == "panoptic":
    postprocess.panoptic_results(proposals, place, things, 0.5)
elif sys.argv[1] == "semantic":
    postprocess.semantic_results(proposals, place)
else:
    postprocess.instance_results(proposals, place, things)
print(peak_mb() - before)
"""


@pytest.mark.parametrize("task", ["panoptic", "semantic", "instance"])
def test_a_large_image_takes_little_memory(task: str) -> None:
    paths = os.pathsep.join(
        (str(ROOT), str(ROOT / "tests" / "helpers"), os.environ.get("PYTHONPATH", ""))
    )
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, task], capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    assert float(done.stdout) < MOST
