"""Bundles for leaderboards, driven as their servers drive them; and what stays hidden."""

import importlib
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from painted_release import PaintedRelease, make_release
from typer.testing import CliRunner

from o365seg.commands.main import app

yaml: Any = pytest.importorskip("yaml", reason="PyYAML is not installed")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> PaintedRelease:
    return make_release(tmp_path_factory.mktemp("release"))


@pytest.fixture(scope="module")
def scores(made: PaintedRelease) -> Path:
    """What `benchmark evaluate --json` says of the first three masks as predictions."""
    from benchmark import evaluate

    path = made.path.with_name("preds.json")
    records = [one for one in truth(made)["annotations"] if "segmentation" in one][:3]
    keys = ("image_id", "category_id", "segmentation")
    path.write_text(json.dumps([{key: one[key] for key in keys} | {"score": 1} for one in records]))
    written = made.path.with_name("scores.json")
    written.write_text(json.dumps({"metrics": evaluate(path, made.path).metrics}))
    return written


@pytest.fixture(scope="module")
def published(
    made: PaintedRelease, scores: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """The public folder of a hidden test set, and the private one."""
    public, private = tmp_path_factory.mktemp("public"), tmp_path_factory.mktemp("private")
    options = ["--out", public, "--benchmark", private, "--hide-masks", "--date", "2026-01-02"]
    options += ["--scores", scores, "--hub-id", "ada/painted", "--licence", "CC-BY-4.0"]
    done = CliRunner().invoke(app, ["publish", str(made.path), *map(str, options)])
    assert done.exit_code == 0, done.output
    return public, private


def truth(made: PaintedRelease) -> dict[str, Any]:
    return json.loads(made.path.read_text())


def expected(scores: Path) -> dict[str, float]:
    metrics = json.loads(scores.read_text())["metrics"]
    names = ("AP", "AP50", "AP75", "APs", "APm", "APl")
    return {name: max(0.0, 100 * metrics[name]) for name in names}


def test_the_public_files_do_not_contain_the_truth(
    made: PaintedRelease, published: tuple[Path, Path]
) -> None:
    secrets = [
        one["segmentation"]["counts"] for one in truth(made)["annotations"] if "segmentation" in one
    ]
    secrets += [json.dumps(one["bbox"])[1:-1] for one in truth(made)["annotations"]]
    files = [path for path in published[0].rglob("*") if path.is_file()]
    assert {"README.md", "eval.yaml", "croissant.json"} <= {path.name for path in files}
    for path in files:
        data = path.read_bytes()
        for secret in secrets:
            escaped = json.dumps(secret)[1:-1].encode()
            assert secret.encode() not in data, path.name
            assert escaped not in data, path.name
            assert secret.replace(", ", ",").encode() not in data, path.name
    rows = (published[0] / "data/validation.jsonl").read_text().splitlines()
    assert all(json.loads(row)["objects"] == [] for row in rows)
    images = json.loads((published[0] / "o365_instance_seg_val.images.json").read_text())
    assert images["images"] == truth(made)["images"]
    assert images["annotations"] == []


def test_hidden_masks_are_not_published_beside_older_files(
    made: PaintedRelease, tmp_path: Path
) -> None:
    shutil.copy(made.path, tmp_path)
    done = CliRunner().invoke(
        app, ["publish", str(made.path), "--out", str(tmp_path), "--hide-masks"]
    )
    assert done.exit_code != 0
    assert not (tmp_path / "README.md").exists()


def test_bundles_are_not_written_into_the_published_folder(
    made: PaintedRelease, tmp_path: Path
) -> None:
    options = ["--out", str(tmp_path / "a"), "--benchmark", str(tmp_path / "a/b")]
    done = CliRunner().invoke(app, ["publish", str(made.path), *options])
    assert done.exit_code == 2
    assert not list(tmp_path.iterdir())


def test_evalai_scores_a_submission(
    published: tuple[Path, Path], scores: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the worker: the script becomes a package, and its `evaluate` is called by keyword."""
    with zipfile.ZipFile(published[1] / "evalai.zip") as bundle:
        bundle.extractall(tmp_path)
    config = yaml.safe_load((tmp_path / "challenge_config.yaml").read_text())
    (phase,) = config["challenge_phases"]
    (split,) = config["dataset_splits"]
    for name in ("description", "evaluation_details", "terms_and_conditions", "image"):
        assert (tmp_path / config[name]).is_file()
    assert (tmp_path / phase["description"]).is_file()
    with zipfile.ZipFile(tmp_path / config["evaluation_script"]) as script:
        script.extractall(tmp_path / "challenge_data/challenge_1")
    (tmp_path / "challenge_data/__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("challenge_data.challenge_1.evaluation_script")
    annotations = tmp_path / phase["test_annotation_file"]
    found = module.evaluate(
        test_annotation_file=str(annotations),
        user_annotation_file=str(scores.with_name("preds.json")),
        phase_codename=phase["codename"],
        submission_metadata={"submission_id": 1},
    )
    (result,) = found["result"]
    assert result == {split["codename"]: pytest.approx(expected(scores))}
    assert result[split["codename"]].keys() == set(config["leaderboard"][0]["schema"]["labels"])
    wrong = tmp_path / "wrong.json"
    wrong.write_text('[{"image_id": 1}]')
    with pytest.raises(ValueError, match="invalid submission: record") as caught:
        module.evaluate(str(annotations), str(wrong), phase["codename"])
    assert str(tmp_path) not in str(caught.value)


def test_codabench_scores_a_submission(
    published: tuple[Path, Path], scores: Path, tmp_path: Path
) -> None:
    """As the worker: the archives are unpacked, and the metadata's command is run."""
    with zipfile.ZipFile(published[1] / "codabench.zip") as bundle:
        bundle.extractall(tmp_path)
    config = yaml.safe_load((tmp_path / "competition.yaml").read_text())
    (task,) = config["tasks"]
    assert [task["index"]] == config["phases"][0]["tasks"]
    for page in [config["terms"], config["image"], *(page["file"] for page in config["pages"])]:
        assert (tmp_path / page).is_file()
    for name, folder in ((task["reference_data"], "input/ref"), (task["scoring_program"], "run")):
        with zipfile.ZipFile(tmp_path / name) as archive:
            archive.extractall(tmp_path / folder)
    (tmp_path / "input/res").mkdir()
    (tmp_path / "output").mkdir()
    submission = tmp_path / "input/res/preds.json"
    shutil.copy(scores.with_name("preds.json"), submission)
    command = yaml.safe_load((tmp_path / "run/metadata.yaml").read_text())["command"].split()
    places = {"python3": sys.executable, "/app/input": tmp_path / "input"}
    places["/app/output"] = tmp_path / "output"
    command = [str(places.get(word, word)) for word in command]
    done = subprocess.run(command, cwd=tmp_path / "run", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "output/scores.json").read_text())
    assert found == pytest.approx(expected(scores))
    assert found.keys() == {column["key"] for column in config["leaderboards"][0]["columns"]}
    submission.write_text("[{")
    done = subprocess.run(command, cwd=tmp_path / "run", capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("invalid submission: not valid JSON")


def test_the_hub_gets_a_task_and_a_score_of_it(published: tuple[Path, Path], scores: Path) -> None:
    task = yaml.safe_load((published[0] / "eval.yaml").read_text())
    head = yaml.safe_load((published[0] / "README.md").read_text().split("---\n")[1])
    (config,) = head["configs"]
    assert task["tasks"] == [
        {"id": "mask_ap", "config": config["config_name"], "split": "validation"}
    ]
    assert task["name"] and task["description"]
    ((entry),) = yaml.safe_load((published[1] / ".eval_results/painted.yaml").read_text())
    assert entry["dataset"] == {"id": "ada/painted", "task_id": "mask_ap"}
    assert entry["value"] == pytest.approx(expected(scores)["AP"], abs=1e-4)
    assert entry["date"] == "2026-01-02"


def test_equal_releases_give_equal_bundles(
    made: PaintedRelease, published: tuple[Path, Path], tmp_path: Path
) -> None:
    from o365seg.release.leaderboards import write_leaderboards
    from o365seg.release.publication import publication

    about = publication(date="2026-01-02", licence="CC-BY-4.0")
    for path in write_leaderboards(made.path, about, about.summary, tmp_path):
        assert path.read_bytes() == (published[1] / path.name).read_bytes()


def test_of_a_file_made_elsewhere_nobody_says_that_people_painted_it(
    made: PaintedRelease, tmp_path: Path
) -> None:
    from o365seg.release.publication import publication
    from o365seg.release.publish import publish

    source = tmp_path / "source.json"
    source.write_text(json.dumps(json.loads(made.path.read_text()) | {"info": {}}))
    publish(source, publication(name="Mine"), tmp_path / "out", leaderboards=tmp_path / "private")
    assert "painted by people" not in (tmp_path / "out" / "eval.yaml").read_text()
    for name in ("evalai.zip", "codabench.zip"):
        with zipfile.ZipFile(tmp_path / "private" / name) as bundle:
            for one in bundle.namelist():
                assert b"painted by people" not in bundle.read(one)
