"""The commands as a user meets them: their output, files, exit codes and one-line errors."""

import csv
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import forked
import pytest
from evaluation_cases import Case, Guess, Thing, rectangle

from benchmark import evaluate

REAL = rectangle(0, 0, 40, 40)
SKIPPED = (50.0, 50.0, 40.0, 40.0)
PRELOAD = ("benchmark.commands.main", "benchmark.report.gather", "o365seg.statistics.figures")


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The installed command in a process of its own."""
    return forked.run("benchmark.commands.fast_path:main", *arguments, preload=PRELOAD, cwd=cwd)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A release of one real and one skipped object, and predictions of both."""
    case = Case(
        [Thing(REAL), Thing(box=SKIPPED), Thing(box=(0, 60, 20, 20), crowd=True)],
        [Guess(rectangle(50, 50, 40, 40), 0.9), Guess(REAL, 0.5)],
    )
    truth, results = case.write(tmp_path)
    truth.rename(tmp_path / "o365_instance_seg_val.json")
    results.rename(tmp_path / "preds.json")
    return tmp_path


def test_evaluate_prints_the_table_and_ap_under_every_rule(folder: Path) -> None:
    done = run("evaluate", "preds.json", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "o365_instance_seg_val.json (found in the current folder)" in done.stderr
    for row in (r"AP +│ 0.50:0.95 +│ all +│ +100 │ 100.00", r"APs .*│ +– │", r"AR1 .*│ +0.00 │"):
        assert re.search(row, done.stdout), row
    lines = done.stdout.splitlines()
    assert "1 instances, 1 skipped, 1 crowds; 2 predictions; 2 images, 2 categories" in lines
    assert "Mask AP by skip rule: box 100.00 (above), box50 100.00, ioa 100.00, none 50.00" in lines
    assert any(
        "1 at IoU 0.50, 1 at 0.75; 10 summed over the ten thresholds" in line for line in lines
    )


def test_evaluate_prints_no_control_characters(folder: Path) -> None:
    hostile = "gt\x1b]0;owned\x07\x9b.json"
    (folder / "o365_instance_seg_val.json").rename(folder / hostile)
    notes = json.loads((folder / hostile).read_text())
    notes["categories"][0]["name"] = hostile
    (folder / hostile).write_text(json.dumps(notes))
    for more in ([], ["--json", "-"], ["--json", hostile + ".out"]):
        done = run("evaluate", "preds.json", "--gt", hostile, *more, cwd=folder)
        assert done.returncode == 0, done.stderr
        assert not set("\x1b\x07\x9b") & set(done.stdout + done.stderr)


def test_evaluate_writes_the_very_numbers_of_the_python_function(folder: Path) -> None:
    done = run("evaluate", "preds.json", "--skip-rule", "none", "--json", "out.json", cwd=folder)
    assert done.returncode == 0, done.stderr
    numbers = json.loads((folder / "out.json").read_text())
    result = evaluate(
        folder / "preds.json", folder / "o365_instance_seg_val.json", skip_rule="none"
    )
    assert numbers["metrics"] == result.metrics
    assert numbers["skip_rule"] == "none"
    assert numbers["ap_by_skip_rule"] == {str(r): ap for r, ap in result.ap_by_rule.items()}
    assert numbers["counts"]["skipped"] == 1
    assert numbers["absorbed"]["0.50"] == 0
    to_stdout = run("evaluate", "preds.json", "--skip-rule", "none", "--json", "-", cwd=folder)
    assert json.loads(to_stdout.stdout) == numbers


def test_evaluate_boxes(folder: Path) -> None:
    done = run("evaluate", "preds.json", "--iou", "bbox", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "For box AP, skipped instances are ordinary ground truth." in done.stdout
    assert re.search(r"AR100 .*│ 100.00 │", done.stdout)


def test_evaluate_finds_the_release_by_the_variable(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = (folder / "o365_instance_seg_val.json").rename(folder / "other.json")
    monkeypatch.delenv("O365SEG_RELEASE", raising=False)
    done = run("evaluate", "preds.json", cwd=folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert "--gt" in done.stderr
    monkeypatch.setenv("O365SEG_RELEASE", str(release))
    done = run("evaluate", "preds.json", cwd=folder)
    assert done.returncode == 0
    assert f"ground truth: {release} (from O365SEG_RELEASE)" in done.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("not json", "error: preds.json: not valid JSON"),
        (
            '[{"image_id": 1, "category_id": 1, "score": 1,'
            ' "segmentation": {"size": [110, 100], "counts": "oooo1"}}]',
            "error: preds.json: record [0] (image_id 1, category_id 1), field 'segmentation': ",
        ),
        (
            '[{"image_id": 1, "category_id": 1, "score": NaN, "segmentation": []}]',
            "error: preds.json: record [0] (image_id 1, category_id 1), field 'score': must be a "
            "finite number",
        ),
    ],
)
def test_bad_predictions_end_in_one_line_and_status_1(
    folder: Path, content: str, message: str
) -> None:
    (folder / "preds.json").write_text(content)
    done = run("evaluate", "preds.json", cwd=folder)
    assert done.returncode == 1
    assert done.stdout == ""
    last = done.stderr.splitlines()[-1]
    assert last.startswith(message)
    assert "Traceback" not in done.stderr


def test_files_that_are_not_there_are_named(folder: Path) -> None:
    for arguments in (["absent.json"], ["preds.json", "--gt", "absent.json"]):
        done = run("evaluate", *arguments, cwd=folder)
        assert done.returncode == 1
        assert done.stderr.endswith("error: absent.json: no such file\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["evaluate", "preds.json", "--json", "preds.json"],
        ["evaluate", "preds.json", "--by", "size", "--csv", "./preds.json"],
        ["compare", "preds.json", "preds.json", "--json", "o365_instance_seg_val.json"],
        ["errors", "preds.json", "--json", "preds.json"],
        ["stats", "o365_instance_seg_val.json", "--json", "o365_instance_seg_val.json"],
    ],
)
def test_no_input_is_overwritten(folder: Path, arguments: list[str]) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = run(*arguments, cwd=folder)
    assert done.returncode == 1
    assert "would overwrite an input file; choose another file" in done.stderr
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_wrong_command_line_ends_in_status_2(folder: Path) -> None:
    for arguments in (
        ["evaluate"],
        ["evaluate", "preds.json", "--skip-rule", "some"],
        ["stats", "o365_instance_seg_val.json", "--compare", "COCO"],
        ["stats", "o365_instance_seg_val.json", "--compare", "o365_instance_seg_val=x.json"],
    ):
        assert run(*arguments, cwd=folder).returncode == 2


def test_stats_writes_figures_and_tells_the_numbers(folder: Path) -> None:
    release = "o365_instance_seg_val.json"
    done = run("stats", release, "--compare", f"Twin={release}", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert re.search(r"rater hours +│ +not recorded │ +not recorded", done.stdout)
    assert re.search(r"too blurry +│ +1 │ +1 │", done.stdout)
    figures = ("masks_per_category", "masks_per_image", "relative_mask_size", "masks_by_area",
               "skip_rate_by_category", "skip_rate_by_size")  # fmt: skip
    assert {path.name for path in (folder / "stats").iterdir()} == {
        *(f"{figure}.{kind}" for figure in figures for kind in ("png", "svg", "pdf", "csv")),
        *(f"statistics.{kind}" for kind in ("png", "svg", "pdf")),
    }
    rates = (folder / "stats" / "skip_rate_by_category.csv").read_text().splitlines()
    assert rates[1].startswith("1,")
    assert ",2,1,0.500000," in rates[1]  # one mask, one skipped; the crowd is no question
    assert re.search(r"medium, 32² to 96² +│ +1 │ +1 │", done.stdout)
    table = (folder / "stats" / "relative_mask_size.csv").read_text().splitlines()
    assert table[0] == "set,from,to,masks,share"
    assert "Twin,0.35,0.40,1,1.0" in table  # the root of 1600 / 11000 is 0.38


def test_a_set_may_have_any_name(folder: Path) -> None:
    release = "o365_instance_seg_val.json"
    names = ["[/x]", "[red]", r"$\foo$", "100 % {x}"]
    compared = [word for name in names for word in ("--compare", f"{name}={release}")]
    done = run("stats", release, *compared, cwd=folder)
    assert done.returncode == 0, done.stderr
    for name in names:
        assert name in done.stdout


def test_stats_by_the_plain_ratio_and_as_json(folder: Path) -> None:
    done = run(
        "stats", "o365_instance_seg_val.json", "--relative-size", "ratio", "--json", "-",
        "--out", "a/b", "--name", "Mine", cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (numbers,) = json.loads(done.stdout)["sets"]
    assert numbers["name"] == "Mine"
    assert (numbers["questions"], numbers["masks"], numbers["crowds"]) == (2, 1, 1)
    assert numbers["skipped_by_reason"] == {"too blurry": 1}
    assert numbers["rater_hours"] is None
    assert numbers["masks_by_area"] == {"small": 0, "medium": 1, "large": 0}
    assert numbers["skips_by_category"][0]["skipped"] == 1
    table = (folder / "a" / "b" / "relative_mask_size.csv").read_text().splitlines()
    assert "Mine,0.10,0.15,1,1.0" in table


def test_stats_draws_times_and_published_points_where_there_are_any(folder: Path) -> None:
    path = folder / "o365_instance_seg_val.json"
    release = json.loads(path.read_text())
    for seconds, annotation in enumerate(release["annotations"], start=30):
        annotation["active_seconds"] = seconds
    path.write_text(json.dumps(release))
    (folder / "p.csv").write_text("curve,x,y,source\nrelative_mask_size,0.4,0.2,Paper\n")
    done = run("stats", path.name, "--reference", "p.csv", "--json", "stats.json", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert re.search(r"median active seconds, skipped: too blurry +│ +3\d.0 │", done.stdout)
    written = {one.name for one in (folder / "stats").iterdir()}
    assert {"rater_time_by_size.pdf", "rater_time_by_answer.csv"} <= written
    assert "Paper (published)" in (folder / "stats" / "statistics.svg").read_text()
    (numbers,) = json.loads((folder / "stats.json").read_text())["sets"]
    assert [one["answers"] for one in numbers["active_seconds_by_answer"]] == [1, 1]
    (folder / "p.csv").write_text("curve,x,y\nrelative_mask_size,2,0.2\n")
    done = run("stats", path.name, "--reference", "p.csv", cwd=folder)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        "error: p.csv: line 2, field 'x': must be between 0 and 1, not 2"
    )


def test_stats_of_an_unsound_file_ends_in_one_line(folder: Path) -> None:
    (folder / "file").write_text("in the way")
    (folder / "bad.json").write_text('{"images": []}')
    for arguments, message in (
        (["bad.json"], "error: bad.json: field 'annotations': missing"),
        (["o365_instance_seg_val.json", "--out", "file"], "error: file: cannot be created"),
    ):
        done = run("stats", *arguments, cwd=folder)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1].startswith(message)


def test_help_has_examples_and_loads_nothing_heavy(folder: Path) -> None:
    for command in ("evaluate", "stats", "compare", "errors", "curves"):
        assert f"benchmark {command} " in run(command, "--help", cwd=folder).stdout
    heavy = "numpy pycocotools matplotlib pandas torch gradio"
    loaded = f"[name for name in '{heavy}'.split() if name in sys.modules]"
    code = f"import sys, benchmark, benchmark.commands.main; print({loaded})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_evaluate_by_category_and_size_with_intervals_and_csv(folder: Path) -> None:
    done = run(
        "evaluate", "preds.json", "--by", "category", "--by", "supercategory", "--by", "size",
        "--interval", "--resamples", "20", "--csv", "table.csv", "--json", "out.json", cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "95% intervals over images: none, fewer than 10 images have objects" in done.stdout
    assert re.search(r"category 1 +100.00 ", done.stdout)
    assert re.search(r"0.2 – 0.4 +│ +1 │ 100.00 ", done.stdout)
    numbers = json.loads((folder / "out.json").read_text())
    assert [row["absorbed"] for row in numbers["by_category"]] == [1, 0]
    assert numbers["by_supercategory"][0]["skipped"] == 1
    assert [one["instances"] for one in numbers["by_size"]] == [0, 0, 0, 1, 0]
    assert numbers["intervals"]["metrics"] is None
    table = (folder / "table.csv").read_text().splitlines()
    assert table[0].startswith("category_id,name,supercategory,ap,ap50,")
    assert len(table) == 3
    assert "written: table.csv" in done.stderr


def test_evaluate_prints_intervals_where_enough_images_have_objects(tmp_path: Path) -> None:
    images = list(range(1, 13))
    case = Case(
        [Thing(REAL, image=i) for i in images], [Guess(REAL, 0.5, image=i) for i in images], images
    )
    truth, results = case.write(tmp_path)
    done = run(
        "evaluate", results, "--gt", truth, "--interval", "--resamples", "20", "--json", "out.json",
        cwd=tmp_path,
    )  # fmt: skip
    assert re.search(
        r"95% intervals over images \(20 resamples, seed 0\): AP 100.00 \[", done.stdout
    )
    numbers = json.loads((tmp_path / "out.json").read_text())
    assert numbers["intervals"]["metrics"]["AP"]["low"] == pytest.approx(1)


def test_compare_tells_differences_and_no_p_value_of_one_image(folder: Path) -> None:
    case = Case([], [Guess(rectangle(50, 50, 40, 40), 0.9)])
    (folder / "worse.json").write_text(json.dumps(case.results()))
    done = run(
        "compare", "preds.json", "worse.json", "preds.json",
        "--resamples", "50", "--json", "d.json", "--csv", "d.csv", cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert re.search(r"worse.json.*AP .* 0.00 .* -100.00 ", done.stdout)
    assert re.search(r"category 1 .* 100.00 .* 0.00 .* -100.00", done.stdout)
    numbers = json.loads((folder / "d.json").read_text())
    assert [m["metrics"]["AP"] for m in numbers["models"]] == pytest.approx([1, 0, 1])
    assert numbers["differences"][0]["metrics"]["AP"]["estimate"] == pytest.approx(-1)
    assert numbers["differences"][0]["categories"][0]["name"] == "category 1"
    assert numbers["differences"][1]["metrics"]["AP"]["p_value"] is None  # from one image
    table = list(csv.DictReader((folder / "d.csv").read_text().splitlines()))
    assert [(row["predictions"], row["name"]) for row in table] == [
        ("worse.json", "category 1"), ("preds.json", "category 1"),
    ]  # fmt: skip
    assert float(table[0]["difference"]) == pytest.approx(-1)
    assert table[0]["low"] == table[0]["p_value"] == ""  # its objects lie in one image
    assert numbers["differences"][0]["categories"][0]["interval"] is None
    assert run("compare", "preds.json", cwd=folder).returncode == 2


def test_a_dash_prints_csv_instead_of_the_tables(folder: Path) -> None:
    rows = run("evaluate", "preds.json", "--csv", "-", "--by", "size", cwd=folder)
    assert rows.stdout.splitlines()[0].startswith("category_id,name,supercategory,ap,ap50,")
    assert len(rows.stdout.splitlines()) == 3
    assert "written" not in rows.stderr
    for option, first in (("--images-csv", "image_id"), ("--detections-csv", "prediction")):
        assert run("evaluate", "preds.json", option, "-", cwd=folder).stdout.startswith(first)
    compared = run("compare", "preds.json", "preds.json", "--csv", "-", cwd=folder).stdout
    assert next(csv.DictReader(compared.splitlines()))["name"] == "category 1"
    matrix = run("confusion", "preds.json", "--csv", "-", cwd=folder).stdout
    assert len({line.count(",") for line in matrix.splitlines()}) == 1
    both = run("evaluate", "preds.json", "--csv", "-", "--json", "-", cwd=folder)
    assert both.returncode == 1
    assert "--json and --csv are both '-'; only one can be printed" in both.stderr
    assert not (folder / "-").exists()


def test_confusion_of_any_names_and_numbers(folder: Path) -> None:
    truth = folder / "o365_instance_seg_val.json"
    content = json.loads(truth.read_text())
    for one in content["categories"]:
        one["name"] = "true"
    truth.write_text(json.dumps(content))
    for csv_file in ("c.csv", "c.parquet"):
        done = run("confusion", "preds.json", "--csv", csv_file, cwd=folder)
        assert done.returncode == 0, done.stderr
    assert (folder / "c.csv").read_text().startswith("true,true (id 1),true (id 2),")
    for score in ("nan", "inf"):
        done = run("confusion", "preds.json", "--score", score, cwd=folder)
        assert done.returncode == 2
        assert "must be a number" in done.stderr
    truth.write_text(json.dumps(content | {"categories": [], "annotations": []}))
    (folder / "preds.json").write_text("[]")
    done = run("confusion", "preds.json", "--csv", "-", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "true,(nothing)\n(nothing),0\n")


def test_ids_that_are_text_are_written_as_they_are(folder: Path) -> None:
    truth, predictions = folder / "o365_instance_seg_val.json", folder / "preds.json"
    content, records = json.loads(truth.read_text()), json.loads(predictions.read_text())
    for one in (*content["annotations"], *records):
        one["category_id"] = f"class {one['category_id']}"
    for one in content["categories"]:
        one["id"] = f"class {one['id']}"
    truth.write_text(json.dumps(content))
    predictions.write_text(json.dumps(records))
    known = {one["id"] for one in content["categories"]}
    printed = json.loads(run("confusion", "preds.json", "--json", "-", cwd=folder).stdout)
    assert set(printed["category_ids"]) == known
    twice = ("compare", "preds.json", "preds.json")
    categories = json.loads(run(*twice, "--json", "-", cwd=folder).stdout)["differences"][0]
    assert {one["category_id"] for one in categories["categories"]} <= known
    rows = csv.DictReader(run(*twice, "--csv", "-", cwd=folder).stdout.splitlines())
    assert {one["category_id"] for one in rows} <= known
    assert run("curves", "preds.json", cwd=folder).returncode == 0
    with (folder / "curves" / "precision_recall.csv").open() as file:
        assert {one["category_id"] for one in csv.DictReader(file)} <= known | {""}


def test_a_folder_cannot_be_printed(folder: Path) -> None:
    done = run("curves", "preds.json", "--out", "-", cwd=folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("error: a folder cannot be printed; give its name instead of '-'\n")
    assert not (folder / "-").exists()


def feed(pipe: Path, content: bytes) -> threading.Thread:
    """Write to a named pipe once, as a shell's `<(…)` does."""
    os.mkfifo(pipe)
    thread = threading.Thread(target=pipe.write_bytes, args=(content,), daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize(
    "command",
    [("evaluate", "preds.json"), ("evaluate", "preds.json", "--by", "category"),
     ("evaluate", "preds.json", "--detections-csv", "d.csv"), ("errors", "preds.json"),
     ("compare", "preds.json", "preds.json"), ("confusion", "preds.json")],
)  # fmt: skip
def test_ground_truth_may_be_a_pipe(folder: Path, command: tuple[str, ...]) -> None:
    truth = folder / "o365_instance_seg_val.json"
    by_file = run(*command, "--gt", truth.name, cwd=folder)
    thread = feed(folder / "pipe", truth.read_bytes())
    by_pipe = run(*command, "--gt", "pipe", cwd=folder)
    thread.join(5)
    assert by_pipe.returncode == by_file.returncode == 0, by_pipe.stderr
    assert by_pipe.stdout == by_file.stdout


def test_predictions_may_be_a_pipe_that_is_needed_twice(folder: Path) -> None:
    thread = feed(folder / "pipe", (folder / "preds.json").read_bytes())
    done = run("evaluate", "pipe", "--detections-csv", "-", cwd=folder)
    thread.join(5)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 3


def test_files_that_are_not_printed_refuse_a_dash(folder: Path) -> None:
    for command in (
        ("evaluate", "preds.json", "--report", "-"), ("evaluate", "preds.json", "--save", "-"),
        ("suspects", "preds.json", "--images", ".", "--page", "-"),
    ):  # fmt: skip
        done = run(*command, cwd=folder)
        assert done.returncode == 1
        assert f"{command[-2]} cannot be printed; give a file instead of '-'" in done.stderr
    assert not (folder / "-").exists()


def test_only_what_merge_has_is_advised_for_it(folder: Path) -> None:
    for option, advised in (("--csv", False), ("--by", False), ("--json", True)):
        value = "category" if option == "--by" else "x"
        done = run("evaluate", "preds.json", "--save", "s.part", option, value, cwd=folder)
        assert done.returncode == 2
        assert ("merge" in done.stderr) == advised


def test_brackets_in_names_are_no_markup(folder: Path) -> None:
    marked = folder / "[" / "v]" / "preds.json"
    marked.parent.mkdir(parents=True)
    marked.write_bytes((folder / "preds.json").read_bytes())
    (folder / "p[best].json").write_text("[]")
    for other, shown in (("[/v]/preds.json", "[/v]/preds.json"), ("p[best].json", "p[best]")):
        done = run("compare", "preds.json", other, cwd=folder)
        assert done.returncode == 0, done.stderr
        assert shown in done.stdout
    assert "losses of p[best] over preds" in " ".join(done.stdout.split())
    area = ("--area", "[/r]=0:100", "--by", "category")
    done = run("evaluate", "preds.json", *area, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "[/r]" in done.stdout.split("By category")[1]


def test_paths_that_are_not_utf8(folder: Path) -> None:
    name = "p\udcff.json"
    (folder / name).write_bytes((folder / "preds.json").read_bytes())
    for command in (
        ("evaluate", "--json", "-"), ("evaluate", "--json", "o.json"), ("evaluate", "--save", "s"),
        ("evaluate", "--csv", "c.csv"), ("errors", "--json", "-"),
    ):  # fmt: skip
        done = run(command[0], name, *command[1:], cwd=folder)
        assert done.returncode == 0, done.stderr
    assert json.loads((folder / "o.json").read_text())["predictions"] == r"p\udcff.json"
    done = run("compare", "preds.json", name, "--csv", "-", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert r"p\udcff.json" in done.stdout


def test_thresholds_areas_and_limits_are_options(folder: Path) -> None:
    done = run(
        "evaluate", "preds.json", "--max-dets", "1,300", "--iou-thresholds", "0.4:0.6:0.1",
        "--area", "tiny=0:256", "--area", "huge=65536:", "--json", "out.json", "--csv", "c.csv",
        cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    numbers = json.loads((folder / "out.json").read_text())
    assert list(numbers["metrics"]) == [
        "AP", "AP50", "AP-tiny", "AP-huge", "AR1", "AR300", "AR-tiny", "AR-huge"
    ]  # fmt: skip
    assert (numbers["iou_thresholds"], numbers["max_dets"]) == ([0.4, 0.5, 0.6], [1, 300])
    assert numbers["areas"] == {"tiny": [0, 256], "huge": [65536, 1e10]}
    assert (
        (folder / "c.csv")
        .read_text()
        .startswith("category_id,name,supercategory,ap,ap50,ap_tiny,ap_huge,ar300,")
    )
    for wrong in (
        ("--max-dets", "0"), ("--max-dets", "a"), ("--area", "x"), ("--area", "all=0:5"),
        ("--iou-thresholds", "0.5:0.4:0.1"), ("--max-dets", "5", "--interval"),
        ("--iou-thresholds", "0.5:inf:0.1"), ("--iou-thresholds", "nan:0.9:0.1"),
        ("--iou-thresholds", "0.5:0.95:0.0004"), ("--area", "x=inf:inf"), ("--area", "x=nan:5"),
        ("--max-dets", "5", "--by", "size"), ("--max-dets", "5", "--save", "x"),
        ("--max-dets", "5", "--task", "semantic"),
    ):  # fmt: skip
        assert run("evaluate", "preds.json", *wrong, cwd=folder).returncode == 2


def test_close_thresholds_stay_apart_and_areas_are_numbers_of_json(folder: Path) -> None:
    close = ("--iou-thresholds", "0.5:0.52:0.002", "--area", "huge=100:inf")
    done = run("evaluate", "preds.json", *close, "--json", "out.json", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "11 summed over the 11 thresholds" in done.stdout
    text = (folder / "out.json").read_text()
    numbers = json.loads(text)
    assert list(numbers["absorbed"])[:3] == ["0.50", "0.502", "0.504"]
    assert len(numbers["absorbed"]) == 11
    assert numbers["areas"] == {"huge": [100, 1e10]}
    assert "Infinity" not in text
    plain = run("evaluate", "preds.json", "--json", "-", cwd=folder)
    assert list(json.loads(plain.stdout)["absorbed"]) == [f"0.{n}" for n in range(50, 100, 5)]
    many = run("evaluate", "preds.json", "--iou-thresholds", "0.5:0.95:0.0004", cwd=folder)
    assert "at most 1,001 thresholds, not 1,126" in many.stderr


def test_the_size_of_boxes_is_that_of_boxes(folder: Path) -> None:
    sizes = [
        run("evaluate", "preds.json", "--by", "size", "--iou", iou, cwd=folder).stdout
        for iou in ("segm", "bbox")
    ]
    assert "By size, √(mask area / image area)" in sizes[0]
    assert "By size, √(box area / image area)" in sizes[1]


def test_check_ends_with_1_where_there_is_a_fault(folder: Path) -> None:
    done = run("check", "preds.json", "--gt", "o365_instance_seg_val.json", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "predictions: 2 predictions, 1 images, 1 categories; faults: 0, notes: 1" in done.stdout
    records = json.loads((folder / "preds.json").read_text())
    records[0]["image_id"] = 7
    (folder / "preds.json").write_text(json.dumps(records))
    done = run(
        "check", "preds.json", "--gt", "o365_instance_seg_val.json", "--json", "-", cwd=folder
    )
    assert done.returncode == 1
    (fault, *_) = json.loads(done.stdout)["findings"]
    assert (fault["what"], fault["is_fault"]) == ("unknown image_id", True)


def test_evaluate_writes_tables_and_reports_on_slices(folder: Path) -> None:
    (folder / "ids.txt").write_text("1\n")
    done = run(
        "evaluate", "preds.json", "--slice", "first=ids.txt", "--images-csv", "i.csv",
        "--detections-csv", "d.csv", "--json", "out.json", cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert re.search(r"first +│ +1 │ +1 │ 100.00 ", done.stdout)
    numbers = json.loads((folder / "out.json").read_text())
    assert numbers["by_slice"][0]["ap"] == pytest.approx(1)
    table = list(csv.DictReader((folder / "d.csv").read_text().splitlines()))
    assert [row["outcome"] for row in table] == ["ignored", "true positive"]
    assert (folder / "i.csv").read_text().splitlines()[1] == "1,1.jpg,100,110,1,1,0,0,1"
    for wrong in (("--slice", "first"), ("--slice", "a=ids.txt", "--slice", "a=ids.txt")):
        assert run("evaluate", "preds.json", *wrong, cwd=folder).returncode == 2
    same = run("evaluate", "preds.json", "--slice", "a=ids.txt", "--images-csv", "ids.txt",
               cwd=folder)  # fmt: skip
    assert same.returncode == 1
    assert "--images-csv would overwrite an input file" in same.stderr


def test_calibration_confusion_and_suspects_print_and_write(folder: Path) -> None:
    done = run("calibration", "preds.json", "--json", "c.json", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "Expected calibration error: 50.00%" in done.stdout
    assert json.loads((folder / "c.json").read_text())["bins"][0]["precision"] is None
    done = run("confusion", "preds.json", "--csv", "m.csv", "--json", "-", cwd=folder)
    assert json.loads(done.stdout)["counts"] == [[1, 0, 0], [0, 0, 0], [0, 0, 0]]
    assert (folder / "m.csv").read_text().startswith("true,category 1,category 2,(nothing)\n")
    wrong = Case([], [Guess(REAL, 0.9, category=2)])
    (folder / "preds.json").write_text(json.dumps(wrong.results()))
    done = run("suspects", "preds.json", cwd=folder)
    assert re.search(
        r"1.jpg +│ classification +│ 0.900 │ category 2 │ category 1 │ 1.00", done.stdout
    )
    assert run("suspects", "preds.json", "--page", "p.html", cwd=folder).returncode == 2


def test_errors_tells_kinds_and_gains(folder: Path) -> None:
    wrong = Case([], [Guess(rectangle(0, 50, 20, 4), 0.95), Guess(REAL, 0.9, category=2)])
    records = json.loads((folder / "preds.json").read_text()) + wrong.results()
    (folder / "preds.json").write_text(json.dumps(records))
    done = run("errors", "preds.json", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert re.search(r"AP at IoU 0.50 is 50.00", done.stdout)
    assert re.search(r"classification .*│ +1 │ +0.00 │", done.stdout)
    numbers = json.loads(run("errors", "preds.json", "--json", "-", cwd=folder).stdout)
    assert numbers["kinds"]["classification"] == {"errors": 1, "ap_gained": 0}
    assert numbers["kinds"]["missed"] == {"errors": 0, "ap_gained": 0}


def test_curves_writes_a_figure_and_a_table(folder: Path) -> None:
    done = run("curves", "preds.json", "--out", "here", cwd=folder)
    assert done.returncode == 0, done.stderr
    written = {path.name for path in (folder / "here").iterdir()}
    assert written == {f"precision_recall.{kind}" for kind in ("png", "svg", "pdf", "csv")}


def test_a_report_is_written_and_images_ask_for_one(folder: Path) -> None:
    done = run("evaluate", "preds.json", "--report", "r.html", "--resamples", "10", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "written: r.html" in done.stderr
    assert (folder / "r.html").read_text().startswith("<!doctype html>")
    assert run("evaluate", "preds.json", "--images", ".", cwd=folder).returncode == 2
    done = run("evaluate", "preds.json", "--report", "r.html", "--images", "absent", cwd=folder)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, "error: absent: no such folder")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_files_with_a_byte_order_mark_give_the_same_numbers(folder: Path, encoding: str) -> None:
    names = ["preds.json", "o365_instance_seg_val.json"]
    plain = run("evaluate", names[0], "--gt", names[1], "--json", "-", cwd=folder)
    for name in names:
        (folder / name).write_text((folder / name).read_text(), encoding=encoding)
    marked = run("evaluate", names[0], "--gt", names[1], "--json", "-", cwd=folder)
    assert (marked.returncode, marked.stdout) == (0, plain.stdout)
