"""The responsible-AI fields say of a file what holds for it."""

import json
from pathlib import Path
from typing import Any

import pytest
from painted_release import PaintedRelease, make_release

from o365seg.release.card import measure
from o365seg.release.publication import Publication
from o365seg.release.responsible_ai import responsible_ai

CORRECTED = {"corrects": {"name": "first.json", "sha256": "ab12"}, "changes": [{"id": 1}]}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> PaintedRelease:
    return make_release(tmp_path_factory.mktemp("release"))


def fields(made: PaintedRelease, folder: Path, info: dict[str, Any], *, ours: bool = True) -> Any:
    """The fields of a release that says this too; not `ours`: that says nothing else."""
    content = json.loads(made.path.read_text())
    content["info"] = (content["info"] if ours else {}) | info
    path = folder / "said.json"
    path.write_text(json.dumps(content))
    return responsible_ai(measure(path, "set"), Publication())


def test_a_plain_release_has_one_annotation_and_no_tools(
    made: PaintedRelease, tmp_path: Path
) -> None:
    found = fields(made, tmp_path, {})
    assert found["rai:machineAnnotationTools"] == ["None"]
    assert found["rai:annotationsPerItem"] == "1"
    assert "commands" not in found["rai:dataAnnotationProtocol"]
    assert "corrected" not in found["rai:dataCollection"]


def test_assistance_replicas_and_consensus_are_told(made: PaintedRelease, tmp_path: Path) -> None:
    found = fields(made, tmp_path, {"assistance": ["smoothing"], "replicas": 1200})
    [tool] = found["rai:machineAnnotationTools"]
    assert tool.endswith("smooth the edge")
    assert "commands on a whole mask: smooth the edge" in found["rai:dataAnnotationProtocol"]
    assert found["rai:annotationsPerItem"].startswith("1; 1,200 more answers")
    agreed = fields(made, tmp_path, {"replicas": 9, "consensus": {"masks": 4, "changed": 1}})
    assert agreed["rai:annotationsPerItem"] == "3 or more for 4 objects, 1 for all others"
    assert "more than half of them painted" in agreed["rai:dataAnnotationProtocol"]


def test_corrections_are_told(made: PaintedRelease, tmp_path: Path) -> None:
    found = fields(made, tmp_path, CORRECTED)
    said = "Masks of an earlier file (first.json, SHA-256 ab12) were corrected"
    for place in (
        found["rai:dataCollection"],
        found["rai:dataAnnotationProtocol"],
        found["prov:wasGeneratedBy"][0]["sc:description"],
    ):
        assert said in place


@pytest.mark.parametrize("info", [{}, CORRECTED])
def test_of_another_file_it_does_not_say_how_it_was_made(
    info: dict[str, Any], made: PaintedRelease, tmp_path: Path
) -> None:
    found = fields(made, tmp_path, info, ours=False)
    assert not found.keys() & {
        "rai:dataCollectionType", "rai:dataAnnotationProtocol", "rai:dataAnnotationPlatform",
        "rai:machineAnnotationTools", "rai:annotationsPerItem",
        "prov:wasDerivedFrom", "prov:wasGeneratedBy",
    }  # fmt: skip
    assert "painted" not in found["rai:dataCollection"]
    assert "Objects365" not in json.dumps(found)
    assert ("were corrected" in found["rai:dataCollection"]) == bool(info)
