"""Compare `benchmark evaluate` with other tools, each as a whole process, on a seeded workload.

    python -m venv /tmp/peers
    /tmp/peers/bin/pip install numpy==2.4.6 pycocotools==2.0.11 faster-coco-eval==1.8.0 \
        ultrafast-pycocotools==0.1.14 hotcoco==1.3.0 vernier==0.5.4
    python tests/performance/benchmark/make_workload.py objects365 /tmp/objects365
    python tests/performance/benchmark/compare.py /tmp/objects365 \
        --peers /tmp/peers/bin/python --rounds 5

The other tools do not support skipped objects and read the ground truth without them; this
evaluation applies all four skip rules. Each round runs all tools, so that a busy machine affects
them equally. Prints the medians of wall time, processor time and peak memory, and the AP of each
tool. A tool that is not installed or fails is named and left out. This script tests nothing.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

CALLS = """
coco = COCO(truth)
evaluation = COCOeval(coco, coco.loadRes(results), "segm")
evaluation.evaluate()
evaluation.accumulate()
evaluation.summarize()
print("AP", float(evaluation.stats[0]))
"""
START = "import sys\ntruth, results = sys.argv[1:]\n"
PEERS = {
    "pycocotools": "from pycocotools.coco import COCO\nfrom pycocotools.cocoeval import COCOeval\n",
    "faster-coco-eval": "from faster_coco_eval import COCO\n"
    "from faster_coco_eval import COCOeval_faster as COCOeval\n",
    "ultrafast-pycocotools": "from ultrafast_pycocotools.coco import COCO\n"
    "from ultrafast_pycocotools.cocoeval import COCOeval\n",
    "hotcoco": "from hotcoco import COCO, COCOeval\n",
    "vernier": "import vernier\nvernier.patch_pycocotools()\n"
    "from pycocotools.coco import COCO\nfrom pycocotools.cocoeval import COCOeval\n",
}


def run(command: list[str]) -> tuple[float, float, float, str]:
    """Wall seconds, processor seconds, peak megabytes and output of one process."""
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    if process.returncode:
        raise RuntimeError(text.strip().splitlines()[-1] if text.strip() else "failed")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, text


def without_skipped(truth: Path, folder: Path) -> Path:
    """The ground truth without skipped objects, for tools that do not support them."""
    data = json.loads(truth.read_bytes())
    data["annotations"] = [a for a in data["annotations"] if a.get("segmentation")]
    path = folder / "stock.json"
    path.write_text(json.dumps(data))
    return path


def with_boxes(results: Path, folder: Path) -> Path:
    """The results with arbitrary boxes: vernier requires them even when comparing masks."""
    records = json.loads(results.read_bytes())
    path = folder / "boxed.json"
    path.write_text(json.dumps([{**record, "bbox": [0, 0, 9, 9]} for record in records]))
    return path


def found_ap(text: str) -> str:
    """The AP that a tool printed."""
    for line in text.splitlines():
        if line.startswith("AP "):
            return f"{float(line.split()[1]):.12f}"
        if '"none":' in line:
            return f"{float(line.split(':')[1].strip(' ,')):.12f}"
    return "?"


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare with the peers.")
    parser.add_argument("workload", type=Path)
    parser.add_argument(
        "--peers", default=sys.executable, help="Python in which the other tools are installed"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", help="run only this tool; may be repeated")
    arguments = parser.parse_args()
    truth, results = arguments.workload / "truth.json", arguments.workload / "results.json"
    # In another process: peak memory of a child includes that of its parent.
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        stock = pool.submit(without_skipped, truth, arguments.workload).result()
        boxed = pool.submit(with_boxes, results, arguments.workload).result()
    ours = "from benchmark.commands.fast_path import console; console()"
    commands = {
        "benchmark evaluate": [
            sys.executable, "-c", ours, "evaluate", str(results), "--gt", str(truth), "--json", "-",
        ],
        **{
            name: [
                arguments.peers, "-c", START + start + CALLS, str(stock),
                str(boxed if name == "vernier" else results),
            ]
            for name, start in PEERS.items()
        },
    }  # fmt: skip
    if arguments.only:
        commands = {name: commands[name] for name in arguments.only}
    measured: dict[str, list[tuple[float, float, float, str]]] = {name: [] for name in commands}
    for _ in range(arguments.rounds):
        for name, command in list(commands.items()):
            try:
                measured[name].append(run(command))
            except RuntimeError as fault:
                print(f"{name} is left out: {fault}")
                del commands[name], measured[name]
    print(f"{'':24}{'wall s':>9}{'CPU s':>9}{'MB':>8}  AP (skip rule none)")
    for name, rounds in measured.items():
        wall = statistics.median(r[0] for r in rounds)
        cpu = statistics.median(r[1] for r in rounds)
        memory = statistics.median(r[2] for r in rounds)
        print(f"{name:24}{wall:9.3f}{cpu:9.3f}{memory:8.0f}  {found_ap(rounds[-1][3])}")


if __name__ == "__main__":
    main()
