"""What a leaderboard needs: bundles for EvalAI and Codabench, and two files for the hub.

    evalai.zip          upload it as the challenge's configuration
    codabench.zip       upload it as a benchmark
    eval.yaml           belongs into the published folder: the hub's entry of the benchmark
    .eval_results/      belongs into a model's repository: its score

The bundles contain the ground truth, which their servers show to nobody. Equal input gives equal
bytes.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from importlib import resources
from importlib.metadata import version
from pathlib import Path

import msgspec
from PIL import Image

from o365seg.errors import InputError
from o365seg.formats.json_files import make_folder, read_bytes, read_json, write_bytes_atomic
from o365seg.release.publication import Publication

TASK = "mask_ap"
EVAL_FILE = "eval.yaml"
METRICS = ("AP", "AP50", "AP75", "APs", "APm", "APl")
_BEGIN, _END = "2026-01-01", "2099-12-31"
_FORMAT = (
    "A submission is one JSON file in COCO's results format: a list of objects with image_id, "
    "category_id, segmentation (run lengths) and score. Mask AP is COCO's; predictions on objects "
    "that raters skipped are ignored."
)


class _Scores(msgspec.Struct):
    """The part of `benchmark evaluate --json` that an entry needs."""

    metrics: dict[str, float]


def write_leaderboards(release: Path, about: Publication, summary: str, folder: Path) -> list[Path]:
    """Write both bundles; they contain the ground truth.

    Args:
        release: The annotation file.
        about: What the publisher says.
        summary: What the set is, in a sentence.
        folder: Private; made where it is not there.

    Raises:
        InputError: the release cannot be read, or the folder cannot be written.
    """
    truth = read_bytes(release)
    make_folder(folder)
    bundles = {
        "evalai.zip": _evalai(truth, about, summary),
        "codabench.zip": _codabench(truth, about, summary),
    }
    for name, data in bundles.items():
        write_bytes_atomic(folder / name, data)
    return [folder / name for name in bundles]


def eval_yaml(about: Publication, summary: str) -> str:
    """The hub's description of a benchmark (https://huggingface.co/docs/hub/eval-results)."""
    return (
        f"name: {json.dumps(about.name, ensure_ascii=False)}\n"
        f"description: {json.dumps(summary + ' ' + _FORMAT, ensure_ascii=False)}\n"
        f"tasks:\n  - id: {TASK}\n    config: default\n    split: validation\n"
    )


def eval_results_entry(scores: Path, dataset_id: str, date: str | None) -> str:
    """The entry of a model's score in its own repository, AP in percent.

    Args:
        scores: As `benchmark evaluate --json` writes it.
        dataset_id: Of the published set on the hub, such as `ada/painted`.
        date: Of the evaluation, YYYY-MM-DD; None to leave it out.

    Raises:
        InputError: the file is not one of `benchmark evaluate --json`, or the id is invalid.
    """
    owner, slash, name = dataset_id.partition("/")
    if not (owner and slash and name) or any(one in dataset_id for one in " \n:#'\""):
        raise InputError("must be OWNER/NAME", field="hub-id")
    metrics = read_json(scores, _Scores).metrics
    if "AP" not in metrics:
        raise InputError("missing", file=scores, field="metrics.AP")
    lines = [
        f"- dataset:\n    id: {dataset_id}\n    task_id: {TASK}\n",
        f"  value: {100 * metrics['AP']:.4f}\n",
        f"  date: {json.dumps(date)}\n" if date else "",
        "  notes: mask AP in percent, skipped objects ignored (o365seg)\n",
    ]
    return "".join(lines)


def write_eval_results(scores: Path, dataset_id: str, about: Publication, folder: Path) -> Path:
    """Write `eval_results_entry` to where a model's repository has it, below `folder`.

    Raises:
        InputError: as `eval_results_entry`, or the folder cannot be written.
    """
    text = eval_results_entry(scores, dataset_id, about.date)
    path = folder / ".eval_results" / f"{dataset_id.partition('/')[2]}.yaml"
    make_folder(path.parent)
    write_bytes_atomic(path, text.encode())
    return path


def _evalai(truth: bytes, about: Publication, summary: str) -> bytes:
    script = _zip(
        {
            "evaluation_script/__init__.py": _text("evalai_init"),
            "evaluation_script/main.py": _text("evalai_main"),
            "evaluation_script/scoring.py": _text("scoring"),
            "evaluation_script/requirements.txt": _requirements(),
        }
    )
    title = json.dumps(about.name, ensure_ascii=False)
    begin = about.date or _BEGIN
    labels = json.dumps(list(METRICS))
    config = f"""title: {title}
short_description: {json.dumps(summary)}
description: templates/description.html
evaluation_details: templates/evaluation_details.html
terms_and_conditions: templates/terms_and_conditions.html
submission_guidelines: templates/submission_guidelines.html
image: logo.png
leaderboard_description: Mask AP in percent
evaluation_script: evaluation_script.zip
remote_evaluation: False
start_date: {begin} 00:00:00
end_date: {_END} 23:59:59
published: True
leaderboard:
  - id: 1
    schema: {{"labels": {labels}, "default_order_by": "AP"}}
challenge_phases:
  - id: 1
    name: Test
    description: templates/challenge_phase_1_description.html
    leaderboard_public: True
    is_public: True
    is_submission_public: False
    start_date: {begin} 00:00:00
    end_date: {_END} 23:59:59
    test_annotation_file: annotations/ground_truth.json
    codename: test
    max_submissions_per_day: 2
    max_submissions_per_month: 20
    max_submissions: 100
    allowed_submission_file_types: ".json"
dataset_splits:
  - id: 1
    name: Test split
    codename: test_split
challenge_phase_splits:
  - challenge_phase_id: 1
    leaderboard_id: 1
    dataset_split_id: 1
    visibility: 3
    leaderboard_decimal_precision: 2
    is_leaderboard_order_descending: True
"""
    return _zip(
        {
            "challenge_config.yaml": config.encode(),
            "logo.png": _logo(),
            "evaluation_script.zip": script,
            "annotations/ground_truth.json": truth,
            "templates/description.html": _page(summary),
            "templates/evaluation_details.html": _page(_FORMAT),
            "templates/submission_guidelines.html": _page(_FORMAT),
            "templates/terms_and_conditions.html": _page(_terms(about)),
            "templates/challenge_phase_1_description.html": _page("Scored on all images."),
        }
    )


def _codabench(truth: bytes, about: Publication, summary: str) -> bytes:
    program = _zip(
        {
            "score.py": _text("codabench_score"),
            "scoring.py": _text("scoring"),
            "requirements.txt": _requirements(),
            "metadata.yaml": b"command: python3 score.py /app/input /app/output\n",
        }
    )
    columns = "".join(
        f"      - title: {name}\n        key: {name}\n        index: {index}\n"
        "        sorting: desc\n        precision: 2\n"
        for index, name in enumerate(METRICS)
    )
    config = f"""version: 2
title: {json.dumps(about.name, ensure_ascii=False)}
description: {json.dumps(summary)}
image: logo.png
terms: terms.md
docker_image: python:3.12
registration_auto_approve: true
enable_detailed_results: false
pages:
  - title: Overview
    file: overview.md
  - title: Evaluation
    file: evaluation.md
tasks:
  - index: 0
    name: Mask AP
    description: Score a file of masks
    is_public: false
    reference_data: reference_data.zip
    scoring_program: scoring_program.zip
phases:
  - index: 0
    name: Test
    description: Scored on all images
    start: {about.date or _BEGIN}
    end: {_END}
    max_submissions_per_day: 2
    max_submissions: 100
    tasks:
      - 0
leaderboards:
  - index: 0
    title: Mask AP
    key: main
    submission_rule: Force_Best
    columns:
{columns}"""
    return _zip(
        {
            "competition.yaml": config.encode(),
            "logo.png": _logo(),
            "overview.md": summary.encode(),
            "evaluation.md": (_FORMAT + " Submit it in a zip.").encode(),
            "terms.md": _terms(about).encode(),
            "reference_data.zip": _zip({"ground_truth.json": truth}),
            "scoring_program.zip": program,
        }
    )


def _text(name: str) -> bytes:
    return (resources.files("o365seg.release") / "bundles" / f"{name}.py.txt").read_bytes()


def _requirements() -> bytes:
    return f"o365seg=={version('o365seg')}\n".encode()


def _terms(about: Publication) -> str:
    return f"Licence of the annotations: {about.licence or 'not stated'}. Do not train on this set."


def _page(text: str) -> bytes:
    import html

    return f"<p>{html.escape(text)}</p>\n".encode()


def _logo() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (256, 256), (47, 111, 224)).save(buffer, "PNG")
    return buffer.getvalue()


def _zip(files: Mapping[str, bytes]) -> bytes:
    """An archive with the same bytes for the same files, whenever it is made."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
