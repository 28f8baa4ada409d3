"""`annotate-app settings`, `gold` and `agreement`: how the work is checked, by command line."""

import json
from pathlib import Path

import numpy as np
import pytest
from filled_project import fill
from serving import annotate_app
from small_project import SmallSource

from o365seg.formats.masks import encode_rle
from o365seg.project.folder import Project, read_about
from o365seg.store.settings import DEFAULT_GUIDELINES, ProjectSettings, read_settings


def settings_of(project: Project) -> ProjectSettings:
    with project.store.read() as db:
        return read_settings(db)


def run(*arguments: object) -> str:
    """What a command says that must succeed."""
    done = annotate_app(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_settings_are_shown_and_changed(project: Project) -> None:
    shown = run("settings", "show", project.folder)
    assert "pass_mark = 0.8\n" in shown
    assert DEFAULT_GUIDELINES.strip() in shown
    assert run("settings", "set", project.folder, "pass_mark", "0.9") == "pass_mark = 0.9\n"
    assert run("settings", "set", project.folder, "guidelines_required", "yes") == (
        "guidelines_required = true\n"
    )
    assert settings_of(project) == ProjectSettings(pass_mark=0.9, guidelines_required=True)
    told = json.loads(run("settings", "show", project.folder, "--json", "-"))
    assert told == {**vars(ProjectSettings()), "pass_mark": 0.9, "guidelines_required": True}


def test_the_place_of_the_images_is_stored(project: Project, source: SmallSource) -> None:
    moved = source.images.rename(source.images.with_name("moved"))
    refused = annotate_app("settings", "images", project.folder, source.images)
    told = f"error: {source.images}: no such image folder\n"
    assert (refused.returncode, refused.stderr) == (1, told)
    assert run("settings", "images", project.folder, moved) == f"images: {moved}\n"
    assert read_about(project.folder).image_root == str(moved)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("pass_mark", "2", "field 'pass_mark': must be between 0 and 1, not 2.0"),
        ("seed", "abc", "field 'seed': must be a whole number, not 'abc'"),
        ("gold", "1", "unknown setting 'gold'; choose from guidelines, "),
    ],
)
def test_a_setting_that_makes_no_sense_changes_nothing(
    project: Project, name: str, value: str, why: str
) -> None:
    refused = annotate_app("settings", "set", project.folder, name, value)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(f"error: {why}")
    assert settings_of(project) == ProjectSettings()


def test_guidelines_come_from_a_file(project: Project, tmp_path: Path) -> None:
    file = tmp_path / "guidelines.md"
    file.write_text("Paint **everything**.\n")
    assert run("settings", "guidelines", project.folder, file) == "guidelines: 2 words\n"
    assert settings_of(project).guidelines == "Paint **everything**.\n"
    file.write_bytes(b"\xff\xfe")
    refused = annotate_app("settings", "guidelines", project.folder, file)
    assert (refused.returncode, refused.stderr) == (1, f"error: {file}: not UTF-8 text (byte 0)\n")
    assert settings_of(project).guidelines == "Paint **everything**.\n"


def masks_file(source: SmallSource, path: Path) -> list[int]:
    """Masks made elsewhere for the first two questions; gives these."""
    sizes = {image["id"]: (image["height"], image["width"]) for image in source.content["images"]}
    boxes = [box for box in source.content["annotations"] if not box["iscrowd"]][:2]
    made = []
    for box in boxes:
        mask = np.zeros(sizes[box["image_id"]], np.uint8)
        x, y, width, height = (int(n) for n in box["bbox"])
        mask[y : y + height, x : x + width] = 1
        rle = encode_rle(mask)
        made.append({**box, "segmentation": {"size": list(rle.size), "counts": rle.counts}})
    path.write_text(json.dumps({**source.content, "annotations": made}))
    return [box["id"] for box in boxes]


def test_gold_is_imported_listed_and_removed(
    project: Project, source: SmallSource, tmp_path: Path
) -> None:
    first, second = masks_file(source, tmp_path / "masks.json")
    said = run("gold", "import", project.folder, tmp_path / "masks.json")
    assert said == "2 questions are gold\n"
    listed = json.loads(run("gold", "list", project.folder, "--json", "-"))
    assert [one["question_id"] for one in listed] == sorted([first, second])
    assert {one["purpose"] for one in listed} == {"gold"}
    assert "mean IoU" in run("gold", "list", project.folder)
    said = run("gold", "remove", project.folder, first)
    assert said == f"question {first} is no longer gold\n"
    said = run(
        "gold", "import", project.folder, tmp_path / "masks.json",
        "--for", "qualification", "--id", first,
    )  # fmt: skip
    assert said == "1 questions are qualification\n"
    listed = json.loads(run("gold", "list", project.folder, "--json", "-"))
    assert {one["question_id"]: one["purpose"] for one in listed} == {
        first: "qualification",
        second: "gold",
    }


def test_what_cannot_be_gold_is_named(project: Project, tmp_path: Path) -> None:
    missing = tmp_path / "none.json"
    for arguments, why in (
        (
            ("add", project.folder, 99_999),
            "question 99999: has no mask to use as the reference",
        ),
        (("remove", project.folder, 1), "question 1: is not gold"),
        (("import", project.folder, missing), f"{missing}: no such file"),
    ):
        refused = annotate_app("gold", *arguments)
        assert (refused.returncode, refused.stderr) == (1, f"error: {why}\n")


def test_agreement_is_told_by_pair_category_and_size(project: Project) -> None:
    fill(project, "x", share=1.0)
    report = json.loads(run("agreement", project.folder, "--json", "-"))
    pairs = report["overall"]["pairs"]
    assert pairs > 0
    assert sum(group["pairs"] for group in report["by_raters"]) == pairs
    assert sum(group["pairs"] for group in report["by_size"].values()) == pairs
    table = run("agreement", project.folder)
    [pair, *_] = report["by_raters"]
    assert " – ".join(pair["raters"]) in table
    assert f"{report['overall']['mean_iou']:.3f}" in table


def test_no_project_is_told(tmp_path: Path) -> None:
    for command in (["settings", "show"], ["gold", "list"], ["agreement"]):
        refused = annotate_app(*command, tmp_path)
        assert refused.returncode == 1
        assert refused.stderr == f"error: {tmp_path}: not a project: project.json is missing\n"
