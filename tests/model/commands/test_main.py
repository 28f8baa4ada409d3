"""`dataseg` as its users run it, on an untrained tiny model."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from typer.testing import CliRunner, Result

from benchmark import evaluate_panoptic, evaluate_semantic
from benchmark.pixels.png_maps import read_labels, read_segment_ids
from model.commands.main import app

torch = pytest.importorskip("torch")
pytest.importorskip("timm")

NAMES = "cat, dog, wall:stuff, sky:stuff"
RUN = "from model.commands.main import main; main()"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained checkpoint, text embeddings, two images named by number and a broken one."""
    folder = tmp_path_factory.mktemp("dataseg")
    assert run("init", "tiny", folder / "m.safetensors", "--text-width", 8).exit_code == 0
    random = np.random.default_rng(0)
    np.save(folder / "text.npy", random.normal(size=(4, 8)).astype(np.float32))
    (folder / "images").mkdir()
    for name, size in (("000000000007.png", (70, 90, 3)), ("12.jpg", (64, 50, 3))):
        Image.fromarray(random.integers(0, 256, size, np.uint8)).save(folder / "images" / name)
    (folder / "bad.png").write_text("no picture")
    return folder


def predict(folder: Path, *arguments: object) -> Result:
    options = ("--vocabulary", NAMES, "--checkpoint", folder / "m.safetensors", "--device", "cpu")
    return run("predict", *options, "--embeddings", folder / "text.npy", *arguments)


@pytest.fixture(scope="module", params=["64", "native"])
def results(folder: Path, request: pytest.FixtureRequest) -> Path:
    """All three tasks of both images."""
    out = folder / f"out_{request.param}"
    tasks = ("--task", "panoptic", "--task", "semantic", "--task", "instance")
    thresholds = ("--confidence", 0.1, "--shown-score", 0)
    done = predict(folder, folder / "images", *tasks, *thresholds, "--size", request.param,
                   "--out", out)  # fmt: skip
    assert done.exit_code == 0, (done.output, done.exception)
    return out


def test_panoptic_results_are_what_the_benchmark_reads(results: Path) -> None:
    numbers = evaluate_panoptic(results / "panoptic.json", results / "panoptic.json").rows()
    assert numbers["All"].pq == 1.0
    content = json.loads((results / "panoptic.json").read_text())
    assert [image["image_id"] for image in content["annotations"]] == [7, 12]
    for record in content["annotations"]:
        ids = read_segment_ids(results / "panoptic" / record["file_name"])
        for segment in record["segments_info"]:
            inside = ids == segment["id"]
            assert segment["area"] == inside.sum() > 0
            box = coco_mask.toBbox(coco_mask.encode(np.asfortranarray(inside, np.uint8)))
            assert segment["bbox"] == box.tolist()
        stuff = [s["category_id"] for s in record["segments_info"] if s["category_id"] > 2]
        assert len(stuff) == len(set(stuff))


def test_semantic_results_agree_in_both_forms(results: Path) -> None:
    result = evaluate_semantic(results / "semantic.json", results / "semantic")
    assert result.metrics["mIoU"] == 1.0
    assert read_labels(results / "semantic" / "12.png").shape == (64, 50)


def test_instance_results_load_into_pycocotools(results: Path) -> None:
    truth = COCO(results / "images.json")
    found = truth.loadRes(str(results / "instances.json"))
    assert sorted(found.getImgIds()) == [7, 12]
    annotations = found.loadAnns(found.getAnnIds())
    assert annotations
    for annotation in annotations:
        assert 0 < annotation["score"] <= 1  # type: ignore[typeddict-item]
        assert annotation["category_id"] in (1, 2)  # stuff is no instance
        image = truth.loadImgs(annotation["image_id"])[0]
        size = (image.get("height"), image.get("width"))
        assert found.annToMask(annotation).shape == size
    assert "bbox" not in json.loads((results / "instances.json").read_text())[0]


def test_each_task_has_its_picture(results: Path) -> None:
    names = sorted(path.name for path in (results / "overlays").iterdir())
    tasks = ("instance", "panoptic", "semantic")
    assert names == [f"{stem}.{task}.png" for stem in ("000000000007", "12") for task in tasks]
    assert all(max(Image.open(results / "overlays" / name).size) >= 720 for name in names)


def test_a_bad_image_is_named_and_the_others_are_done(folder: Path, tmp_path: Path) -> None:
    done = predict(folder, folder / "bad.png", folder / "images" / "12.jpg", "--size", 64,
                   "--out", tmp_path, "--no-overlays")  # fmt: skip
    assert done.exit_code == 1
    assert f"skipped: {folder / 'bad.png'}: not an image that Pillow can read" in done.stderr
    assert "1 of 2 images were skipped" in str(done.exception)
    assert len(json.loads((tmp_path / "panoptic.json").read_text())["annotations"]) == 1
    assert not (tmp_path / "overlays").exists()


def test_the_default_folder_may_lie_among_the_images(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "12.jpg").write_bytes((folder / "images" / "12.jpg").read_bytes())
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        done = predict(folder, ".", "--size", 64)
        assert done.exit_code == 0, (done.output, done.exception)
        assert len(json.loads(Path("predictions/images.json").read_text())["images"]) == 1


def test_a_result_that_cannot_be_written_ends_the_run(folder: Path, tmp_path: Path) -> None:
    """Not as so many images skipped; those that were are listed all the same."""
    images = (folder / "bad.png", folder / "images" / "12.jpg")
    options = ("--size", 64, "--no-overlays", "--out", tmp_path)
    (tmp_path / "panoptic").write_text("no folder")
    done = predict(folder, *images, *options)
    assert str(done.exception) == f"{tmp_path / 'panoptic'}: cannot be created: File exists"
    assert done.stderr.count("skipped: ") == 1
    (tmp_path / "panoptic").unlink()
    (tmp_path / "images.json").unlink()
    (tmp_path / "images.json").mkdir()
    done = predict(folder, *images, *options)
    assert "images.json: cannot be written" in str(done.exception)
    assert f"skipped: {folder / 'bad.png'}" in done.stderr


def test_image_ids_of_a_coco_file(folder: Path, tmp_path: Path) -> None:
    images = [{"id": 5, "file_name": "train/000000000007.png"}, {"id": 6, "file_name": "12.jpg"}]
    (tmp_path / "gt.json").write_text(json.dumps({"images": images}))
    options = ("--size", 64, "--no-overlays", "--out", tmp_path, "--image-ids")
    assert predict(folder, folder / "images", *options, tmp_path / "gt.json").exit_code == 0
    listed = json.loads((tmp_path / "images.json").read_text())["images"]
    assert [image["id"] for image in listed] == [5, 6]
    (tmp_path / "gt.json").write_text(json.dumps({"images": images[:1]}))
    done = predict(folder, folder / "images", *options, tmp_path / "gt.json")
    assert "lists no image with the file_name 12.jpg" in str(done.exception)


def test_the_text_encoder_is_the_checkpoint_s(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from model.runtime.checkpoint import load_checkpoint, save_checkpoint
    from model.text import choice

    asked = []

    def embeddings(names: tuple[str, ...], encoder: object, **_: object) -> np.ndarray:
        asked.append(encoder)
        return np.eye(len(names), 8, dtype=np.float32)

    monkeypatch.setattr(choice, "text_embeddings", embeddings)
    own = choice.TextEncoder("MobileCLIP2-S0", "dfndr2b", ("one {}",))
    text = {"model": own.model, "pretrained": own.pretrained, "prompts": own.templates}
    path = tmp_path / "m.safetensors"
    about = {"trained": {"config": {"image_size": 64, "text": text}}}
    save_checkpoint(path, load_checkpoint(folder / "m.safetensors"), about)
    for arguments in (
        ("predict", folder / "images" / "12.jpg", "--vocabulary", NAMES, "--out", tmp_path / "out",
         "--device", "cpu"),
        ("embed", NAMES, "--out", tmp_path / "text.npz"),
    ):  # fmt: skip
        done = run(*arguments, "--checkpoint", path)
        assert done.exit_code == 0, (done.output, done.exception)
    assert asked == [own, own]


@pytest.mark.parametrize("name", ["images.json", "instances.json"])
@pytest.mark.parametrize("option", ["--image-ids", "--vocabulary"])
def test_no_input_is_overwritten(folder: Path, tmp_path: Path, name: str, option: str) -> None:
    content = json.dumps({"images": [{"id": 5, "file_name": "12.jpg"}], "categories": []})
    (tmp_path / name).write_text(content)
    photo = folder / "images" / "12.jpg"
    options = ("--task", "instance", "--size", 64, "--no-overlays", "--out", tmp_path)
    done = predict(folder, photo, *options, option, tmp_path / name)
    assert f"{tmp_path / name}: --out would overwrite an input file" in str(done.exception)
    assert (tmp_path / name).read_text() == content
    if option == "--image-ids":  # a file that the task does not write
        (tmp_path / name).rename(tmp_path / "panoptic.json")
        done = predict(folder, photo, *options, option, tmp_path / "panoptic.json")
        assert done.exit_code == 0, (done.output, done.exception)


def test_init_keeps_the_backbone_s_weights(tmp_path: Path) -> None:
    weights = tmp_path / "w.safetensors"
    weights.write_bytes(b"mine")
    done = run("init", "tiny", weights, "--backbone-weights", weights)
    assert "OUT would overwrite an input file" in str(done.exception)
    assert weights.read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["absent.png"], "absent.png: no such file"),
        (["12.jpg", "--checkpoint", "absent"], "absent: no such file"),
        (["12.jpg", "--checkpoint", "text.npy"], "text.npy: not a safetensors file"),
        (["12.jpg", "--embeddings", "wide.npy"], "text embeddings of length 8, not 9"),
        (["12.jpg", "--vocabulary", "cat"], "4 rows and no names, the vocabulary 1 classes"),
        (["12.jpg", "--vocabulary", "cat, cat"], "duplicate class 'cat'"),
        (["12.jpg", "--device", "abacus"], "PyTorch cannot use the device 'abacus'"),
        (["12.jpg", "12.jpg"], "would have the same name as those of"),
        ([""], "contains no image"),
    ],
)
def test_faults_of_the_input_get_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, options: list[str], message: str
) -> None:
    (tmp_path / "text.npy").write_bytes((folder / "text.npy").read_bytes())
    (tmp_path / "12.jpg").write_bytes((folder / "images" / "12.jpg").read_bytes())
    np.save(tmp_path / "wide.npy", np.ones((4, 9), np.float32))
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    done = predict(folder, "--size", 64, "--out", "out", *[o or "empty" for o in options])
    assert done.exit_code == 1
    assert message in str(done.exception)
    assert "\n" not in str(done.exception)


@pytest.mark.parametrize(
    "options", [["--task", "segments"], ["--size", "100"], ["--size", "big"], ["--confidence", 2]]
)
def test_faults_of_the_command_line(folder: Path, options: list[str]) -> None:
    assert predict(folder, folder / "images", *options).exit_code == 2


def test_describe_and_export(folder: Path, tmp_path: Path) -> None:
    of_file = run("describe", folder / "m.safetensors", "--size", 64)
    assert of_file.exit_code == 0, of_file.output
    assert "m.safetensors, 64×64" in of_file.output
    shown = run("describe", "tiny", "--size", 64)
    assert shown.exit_code == 0
    assert "backbone" in shown.stdout and "total" in shown.stdout
    assert "unknown preset 'huge'" in str(run("describe", "huge").exception)
    program = tmp_path / "m.pt2"  # one that is written: test_dataset_modules.py
    assert run("export", folder / "m.safetensors").exit_code == 2
    native = run("export", folder / "m.safetensors", "--program", program, "--size", "native")
    assert native.exit_code == 2
    assert "must be a number of pixels" in native.output


def test_help_does_not_load_pytorch() -> None:
    code = "import sys, model.commands.main; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    for command in ("predict", "embed", "init", "describe", "export"):
        shown = run(command, "--help")
        assert f"dataseg {command} " in " ".join(shown.stdout.split())


def test_without_pytorch_one_line_says_what_to_install(tmp_path: Path) -> None:
    code = f"import sys; sys.modules['torch'] = None; {RUN}"
    done = subprocess.run(
        [sys.executable, "-c", code, "init", "tiny", tmp_path / "m.safetensors"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == (
        "error: this needs torch, which is not installed: pip install 'o365seg[model]'\n"
    )


def test_init_takes_the_backbone_s_weights_and_reports_each_key(tmp_path: Path) -> None:
    import timm
    from safetensors.torch import save_file

    from model.runtime.checkpoint import load_checkpoint, read_header

    weights = timm.create_model("test_resnet").state_dict()
    expected = weights["layer1.0.conv1.weight"].clone()
    weights["of_another_net"] = torch.zeros(1)
    del weights["layer4.0.conv1.weight"]
    source, out = tmp_path / "backbone.safetensors", tmp_path / "m.safetensors"
    save_file({key: tensor.contiguous() for key, tensor in weights.items()}, source)
    done = run("init", "tiny", out, "--backbone-weights", source)
    assert done.exit_code == 0, (done.output, done.exception)
    assert "unused: of_another_net" in done.stderr
    assert "missing: layer4.0.conv1.weight" in done.stderr
    taken = load_checkpoint(out).state_dict()
    assert any(torch.equal(tensor, expected) for tensor in taken.values())
    assert read_header(out)[1] == {"backbone_weights": str(source)}


def test_weights_that_are_nowhere_are_one_clear_sentence(tmp_path: Path) -> None:
    for source in (tmp_path / "none.pth", "no_such_net.tag"):
        done = run("init", "tiny", tmp_path / "m.safetensors", "--backbone-weights", source)
        assert done.exit_code != 0 and not (tmp_path / "m.safetensors").exists()
        assert str(source) in f"{done.output} {done.exception}"


def test_a_checkpoint_of_a_diverged_training_is_named(folder: Path, tmp_path: Path) -> None:
    from model.runtime.checkpoint import load_checkpoint, save_checkpoint

    network = load_checkpoint(folder / "m.safetensors")
    name, weight = next(iter(network.named_parameters()))
    torch.nn.init.constant_(weight, float("nan"))
    save_checkpoint(tmp_path / "m.safetensors", network)
    done = predict(folder, folder / "images", "--checkpoint", tmp_path / "m.safetensors")
    assert done.exit_code != 0
    assert f"{tmp_path / 'm.safetensors'}" in f"{done.output} {done.exception}"
    assert name in f"{done.output} {done.exception}"
