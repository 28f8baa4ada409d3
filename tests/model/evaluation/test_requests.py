"""`dataseg evaluate`: what it checks before anything is predicted or written."""

import json
from pathlib import Path

import numpy as np
import pytest
from data_roots import halves, picture, png
from typer.testing import CliRunner, Result

pytest.importorskip("torch")
pytest.importorskip("timm")

from model.commands.main import app
from model.runtime.untrained import write_untrained
from model.text.embedding_files import save_embeddings


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained network of text embeddings of length 8, with `text.npz` beside it."""
    path = tmp_path_factory.mktemp("model") / "m.safetensors"
    write_untrained("tiny", 8, 0, None, path)
    rows = np.random.default_rng(0).normal(size=(2, 8))
    save_embeddings(path.with_name("text.npz"), ["a", "b"], rows, {})
    return path


def evaluate(checkpoint: Path, config: Path, out: Path, *more: object) -> Result:
    arguments = [checkpoint, "--config", config, "--out", out, "--device", "cpu", "--size", 64]
    arguments += ["--embeddings", checkpoint.with_name("text.npz"), *more]
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments)])


def label_maps(root: Path, name: str, *stems: str) -> Path:
    """A configuration beside two folders of the data set's own: `NAME/photos`, `NAME/semantic`."""
    for number, stem in enumerate(stems):
        picture(root / name / "photos" / f"{stem}.jpg", number)
        png(root / name / "semantic" / f"{stem}.png", halves(1, 2))
    config = root / "val.toml"
    config.write_text(
        f'[[data]]\nlayout = "label_maps"\nname = "{name}"\nimages = "{name}/photos"\n'
        f'labels = "{name}/semantic"\nvocabulary = ["a:stuff", "b:stuff"]\n'
    )
    return config


def test_a_data_set_s_own_folder_takes_no_results(checkpoint: Path, tmp_path: Path) -> None:
    """Folders of earlier results are deleted, and `semantic` is a name that ground truth has."""
    config = label_maps(tmp_path, "own", "x")
    done = evaluate(checkpoint, config, tmp_path)
    assert "would take the results of own, whose images it has" in str(done.exception)
    assert (tmp_path / "own" / "semantic" / "x.png").exists()
    done = evaluate(checkpoint, config, tmp_path / "evaluation")
    assert done.exit_code == 0, (done.output, done.exception)


def test_images_of_one_file_name_in_two_folders_are_scored(
    checkpoint: Path, tmp_path: Path
) -> None:
    config = label_maps(tmp_path, "own", "a/1", "b/1", "2")
    shards = ["data", "shard", str(config), "--out", str(tmp_path / "shards")]
    assert CliRunner().invoke(app, shards).exit_code == 0
    of_shards = tmp_path / "shards.toml"
    of_shards.write_text('[[data]]\nlayout = "shards"\nroot = "shards"\n')
    scores = []
    for file, out in ((config, tmp_path / "one"), (of_shards, tmp_path / "other")):
        done = evaluate(checkpoint, file, out, "--json", out.with_suffix(".json"))
        assert done.exit_code == 0, (done.output, done.exception)
        for folder in ("semantic", "truth"):
            maps = (out / "own" / folder).rglob("*.png")
            found = sorted(path.relative_to(out / "own" / folder).as_posix() for path in maps)
            assert found == ["2.png", "a/1.png", "b/1.png"]
        content = json.loads(out.with_suffix(".json").read_text())["data"]["own"]
        assert content["images"] == 3
        scores.append(content["metrics"])
    assert scores[0] == scores[1]
