"""Processor seconds of everything people run the evaluator for, beside other tools, row by row.

    python -m venv /tmp/peers
    /tmp/peers/bin/pip install numpy==2.4.6 pycocotools==2.0.11 faster-coco-eval==1.8.0 \
        hotcoco==1.3.0 vernier==0.5.4
    python tests/performance/benchmark/make_workload.py objects365 /tmp/objects365
    python tests/performance/benchmark/evaluator_rows.py /tmp/objects365 \
        --peers /tmp/peers/bin/python

Every tool is a whole process, from a cold interpreter to its printed numbers; a row's tools run in
turn, so that a busy machine affects them equally. The row "drop-in calls" counts what a training
loop waits for: the calls, without the interpreter and its imports. Prints medians of processor
time, how many times the best other tool needs, and the number that each tool found. The other tools
read the ground truth without skipped objects. A tool that is not installed or fails is named and
left out. Modules are compiled first, as pip does when it installs; `--ours` names a Python in which
this project is installed from a wheel. This script tests nothing.
"""

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from compare import CALLS, PEERS, START, run, with_boxes, without_skipped
from panoptic_and_semantic import CATEGORIES, write

COMMAND = "from benchmark.commands.fast_path import console; console()"
COMPILE = """
import compileall, benchmark, o365seg
for package in (benchmark, o365seg):
    compileall.compile_dir(package.__path__[0], quiet=1)
"""
CLASSES = "from benchmark import COCO, COCOeval\n"
VERNIER = "import sys, vernier\nfrom pathlib import Path\nfrom vernier import instance\n"
TIDE = f"""{VERNIER}
truth, results = (Path(name).read_bytes() for name in sys.argv[1:])
print(instance.error_decomposition(truth, results, iou=instance.Segm()))
"""
HOTCOCO_TIDE = (
    START
    + PEERS["hotcoco"]
    + """
coco = COCO(truth)
evaluation = COCOeval(coco, coco.loadRes(results), "segm")
evaluation.evaluate()
print(evaluation.tide_errors())
"""
)
HOTCOCO_PANOPTIC = """
import sys
from hotcoco.panoptic import pq_compute
print("AP", 100 * pq_compute(sys.argv[1], sys.argv[2])["All"]["pq"])
"""
VERNIER_SEMANTIC = f"""
import sys
from pathlib import Path
from vernier.semantic import evaluate_semantic_from_pngs
truth, found = (
    {{i: str(path) for i, path in enumerate(sorted(Path(name).glob("*.png")))}}
    for name in sys.argv[1:]
)
print("AP", 100 * evaluate_semantic_from_pngs(
    truth, found, {CATEGORIES + 1}, "strict", ignore_label=255).miou)
"""


@dataclass(frozen=True)
class Row:
    """One thing that people run: our command and other tools' programs.

    `counted`: whether the programs print the seconds that count, after the word CALLS.
    """

    name: str
    ours: list[str]
    peers: dict[str, list[str]] = field(default_factory=dict)
    counted: bool = False


def classes(start: str, iou: str = "segm") -> str:
    """A program that uses pycocotools' classes, as `start` imports them."""
    return START + start + CALLS.replace('"segm"', f'"{iou}"')


def timed_classes(start: str) -> str:
    """As `classes`, printing the processor seconds of the calls."""
    clock = "from time import process_time\nbegun = process_time()\n"
    return START + start + clock + CALLS + 'print("CALLS", process_time() - begun)\n'


def instance_rows(
    truth: str, results: str, stock: str, boxed: str, ours: str, peers: str
) -> list[Row]:
    """The rows that read results files."""
    command = [ours, "-c", COMMAND]
    files = {name: [stock, boxed if name == "vernier" else results] for name in PEERS}
    tools = {name: [peers, "-c", classes(start), *files[name]] for name, start in PEERS.items()}
    calls = {
        name: [peers, "-c", timed_classes(start), *files[name]] for name, start in PEERS.items()
    }
    boundary = [peers, "-c", classes(PEERS["vernier"], "boundary"), *files["vernier"]]
    tide = {
        "vernier": [peers, "-c", TIDE, *files["vernier"]],
        "hotcoco": [peers, "-c", HOTCOCO_TIDE, *files["hotcoco"]],
    }
    given = [results, "--gt", truth]
    with_report = [*given, "--report", str(Path(truth).with_name("report.html"))]
    return [
        Row("evaluate", [*command, "evaluate", *given], tools),
        Row("drop-in classes", [ours, "-c", classes(CLASSES), truth, results], tools),
        Row("drop-in calls", [ours, "-c", timed_classes(CLASSES), truth, results], calls, True),
        Row("boundary", [*command, "evaluate", *given, "--iou", "boundary"], {"vernier": boundary}),
        Row("errors", [*command, "errors", *given], tide),
        Row("by size", [*command, "evaluate", *given, "--by", "size"]),
        Row("report", [*command, "evaluate", *with_report]),
    ]


def pixel_rows(folder: Path, ours: str, peers: str) -> list[Row]:
    """Panoptic quality and mean IoU of generated images."""
    command = [ours, "-c", COMMAND, "evaluate"]
    segments = [str(folder / f"{side}.json") for side in ("true", "predicted")]
    labels = [str(folder / f"{side}_labels") for side in ("true", "predicted")]
    return [
        Row(
            "panoptic",
            [*command, segments[1], "--gt", segments[0], "--task", "panoptic"],
            {"hotcoco": [peers, "-c", HOTCOCO_PANOPTIC, *segments]},
        ),
        Row(
            "semantic",
            [*command, labels[1], "--gt", labels[0], "--task", "semantic"],
            {"vernier": [peers, "-c", VERNIER_SEMANTIC, *labels]},
        ),
    ]


def found_number(text: str) -> str:
    """The first number that a tool printed as its result."""
    match = re.search(r"(?:^AP|│ AP\s+│.*│|│ PQ\s+│|│ mIoU\s+│)\s*([\d.]+)", text, re.MULTILINE)
    return match[1] if match else ""


def measure(row: Row, rounds: int) -> None:
    """Run a row's tools in turn and print a line for each."""
    tools = {"o365seg": row.ours, **row.peers}
    times: dict[str, list[float]] = {name: [] for name in tools}
    numbers = {}
    for _ in range(rounds):
        for name, command in list(tools.items()):
            try:
                _, cpu, _, text = run(command)
            except RuntimeError as fault:
                print(f"{row.name:16} {name} is left out: {fault}")
                del tools[name], times[name]
                continue
            times[name].append(float(text.split("CALLS")[1]) if row.counted else cpu)
            numbers[name] = found_number(text)
    medians = {name: statistics.median(some) for name, some in times.items()}
    others = [cpu for name, cpu in medians.items() if name != "o365seg"]
    for name, cpu in medians.items():
        ahead = f"{min(others) / cpu:5.1f}×" if name == "o365seg" and others else ""
        print(f"{row.name:16} {name:22}{cpu:8.3f}  {ahead:7} {numbers[name]}", flush=True)


def main() -> None:
    """Run the rows."""
    parser = argparse.ArgumentParser(description="Compare with other tools, row by row.")
    parser.add_argument("workload", type=Path)
    parser.add_argument("--peers", default=sys.executable, help="Python with the other tools")
    parser.add_argument("--ours", default=sys.executable, help="Python with this project")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--images", type=int, default=600, help="for PQ and mIoU")
    parser.add_argument("--only", action="append", help="run only this row; may be repeated")
    parser.add_argument("--without", action="append", default=[], help="leave out this tool")
    arguments = parser.parse_args()
    subprocess.run([arguments.ours, "-c", COMPILE], check=True)
    folder = arguments.workload
    truth, results = folder / "truth.json", folder / "results.json"
    with tempfile.TemporaryDirectory() as name:
        # In other processes: peak memory of a child includes that of its parent.
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            stock = pool.submit(without_skipped, truth, folder).result()
            boxed = pool.submit(with_boxes, results, folder).result()
            pixels = not arguments.only or {*arguments.only} & {"panoptic", "semantic"}
            pool.submit(write, Path(name), arguments.images if pixels else 0).result()
        rows = [
            *instance_rows(
                str(truth), str(results), str(stock), str(boxed), arguments.ours, arguments.peers
            ),
            *pixel_rows(Path(name), arguments.ours, arguments.peers),
        ]
        print(f"{'row':16} {'tool':22}{'CPU s':>8}  {'ahead':7} found")
        for row in rows:
            if arguments.only and row.name not in arguments.only:
                continue
            for tool in arguments.without:
                row.peers.pop(tool, None)
            measure(row, arguments.rounds)


if __name__ == "__main__":
    main()
