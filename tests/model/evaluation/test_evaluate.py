"""A data set's scores: `benchmark`'s own numbers on the files written, whoever predicted them."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from typer.testing import CliRunner

torch = pytest.importorskip("torch")
pytest.importorskip("timm")

from benchmark.commands.main import app as benchmark_app  # noqa: E402
from benchmark.pixels.png_maps import read_labels, read_segment_ids  # noqa: E402
from model.data.image_reading import read_pixels  # noqa: E402
from model.data.samples import (  # noqa: E402
    VOID,
    BoxGroundTruth,
    ClassGroundTruth,
    GroundTruth,
    Sample,
    SegmentGroundTruth,
)
from model.datasets.instances import InstanceDataset  # noqa: E402
from model.evaluation.evaluate import evaluate_dataset  # noqa: E402
from model.evaluation.parallel_prediction import (  # noqa: E402
    merge_results,
    predict_subset,
    prepare_folder,
)
from model.evaluation.scores import Scores, scores_csv  # noqa: E402
from model.inference.postprocess import (  # noqa: E402
    InstanceResult,
    PanopticResult,
    PanopticSegment,
    SemanticResult,
)
from model.inference.predictor import Prediction  # noqa: E402
from model.objective.targets import Segment  # noqa: E402
from model.runtime.distributed import Ranks  # noqa: E402
from model.text.vocabulary import Vocabulary, read_vocabulary  # noqa: E402
from o365seg.errors import InputError  # noqa: E402
from o365seg.formats.masks import encode_rle  # noqa: E402
from o365seg.formats.records import read_annotations  # noqa: E402
from o365seg.formats.task import Task  # noqa: E402

WORDS = Vocabulary(("cat", "dog", "wall", "sky"), (True, True, False, False), (3, 5, 7, 200))


@dataclass
class Listed:
    """A data set that is a list."""

    task: Task
    gts: list[GroundTruth]
    ids: Sequence[int | str]
    vocabulary: Vocabulary = WORDS
    name: str = "listed"
    paths: list[Path] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.gts)

    def __getitem__(self, index: int) -> Sample:
        truth = self.gts[index]
        if self.paths:
            pixels = read_pixels(self.paths[index])
        else:
            shape = (40, 60)
            if isinstance(truth, SegmentGroundTruth):
                shape = truth.ids.shape
            if isinstance(truth, ClassGroundTruth):
                shape = truth.classes.shape
            pixels = np.full((*shape, 3), index, np.uint8)
        path = self.paths[index] if self.paths else Path(f"{index}.jpg")
        return Sample(pixels, truth, self.ids[index], path)


@dataclass
class Says:
    """A stand-in: says what it was told for each image, in the order it is asked."""

    answers: list[Prediction]
    asked: int = 0

    def predict(self, images: Sequence[np.ndarray], tasks: Collection[Task]) -> list[Prediction]:
        first, self.asked = self.asked, self.asked + len(images)
        return self.answers[first : self.asked]


@dataclass
class KnowsByPixel:
    """A stand-in that tells the image by its first pixel, so that any share of them will do."""

    answers: list[Prediction]

    def predict(self, images: Sequence[np.ndarray], tasks: Collection[Task]) -> list[Prediction]:
        return [self.answers[image[0, 0, 0]] for image in images]


def segments(seed: int, size: tuple[int, int] = (40, 60)) -> SegmentGroundTruth:
    """Random blocks: ids 10, 20, …, some of them unlisted, one a crowd."""
    random = np.random.default_rng(seed)
    blocks = random.integers(0, 8, (size[0] // 10, size[1] // 10)) * 10
    ids = blocks.repeat(10, 0).repeat(10, 1).astype(np.int32)
    labels = random.integers(0, 2, 6)
    listed = [Segment(10 * (n + 1), int(label), n == 5) for n, label in enumerate(labels[:5])]
    stuff = [Segment(60, 2), Segment(70, 3)]
    present = set(np.unique(ids).tolist())
    return SegmentGroundTruth(ids, tuple(s for s in (*listed, *stuff) if s.id in present))


def shifted_panoptic(truth: SegmentGroundTruth, by: int) -> Prediction:
    """The truth moved to the right, every third segment called by another class."""
    ids = np.roll(truth.ids, by, axis=1)
    new = np.zeros_like(ids)
    found = []
    for number, segment in enumerate(truth.segments, start=1):
        label = (segment.label + 1) % 4 if number % 3 == 0 else segment.label
        new[ids == segment.id] = number
        found.append(PanopticSegment(number, label, 0.9))
    return Prediction(panoptic=PanopticResult(new, found))


def instances(truth: SegmentGroundTruth, by: int, seed: int) -> Prediction:
    """The truth's things moved to the right, scored at random."""
    random = np.random.default_rng(seed)
    things = [s for s in truth.segments if WORDS.is_thing[s.label]]
    scores = np.sort(random.random(len(things)).astype(np.float32))[::-1]
    masks = [encode_rle(np.roll(truth.ids == s.id, by, axis=1)) for s in things]
    labels = np.array([s.label for s in things], np.int64)
    return Prediction(instance=InstanceResult(labels, scores, masks, np.zeros((len(things), 4))))


def class_map(truth: SegmentGroundTruth) -> np.ndarray:
    classes = np.full(truth.ids.shape, VOID, np.int16)
    for segment in truth.segments:
        classes[truth.ids == segment.id] = segment.label
    return classes


def repeated(scores: Scores, tmp_path: Path) -> dict:
    """What the `benchmark` command says, given the command that the scores name."""
    file = tmp_path / "repeated.json"
    done = CliRunner().invoke(benchmark_app, [*scores.command[1:], "--json", str(file)])
    assert done.exit_code == 0, done.output
    return json.loads(file.read_text())


def check_repeats(scores: Scores, tmp_path: Path) -> None:
    again = repeated(scores, tmp_path)
    for key in set(again) - {"predictions", "ground_truth"}:
        assert again[key] == scores.details[key], key


def panoptic_case() -> tuple[Listed, list[Prediction]]:
    gts = [segments(seed) for seed in range(7)]
    answers = [shifted_panoptic(truth, by) for by, truth in enumerate(gts)]
    return Listed(Task.PANOPTIC, list(gts), list(range(7, 14))), answers


def semantic_case() -> tuple[Listed, list[Prediction]]:
    gts = [segments(seed) for seed in range(7)]
    maps = [ClassGroundTruth(class_map(truth)) for truth in gts]
    answers = [
        Prediction(semantic=SemanticResult(np.roll(m.classes.clip(0), 3, 1).astype(np.int32)))
        for m in maps
    ]
    return Listed(Task.SEMANTIC, list(maps), [f"street_{n}" for n in range(7)]), answers


def instance_case() -> tuple[Listed, list[Prediction]]:
    gts = [segments(seed) for seed in range(7)]
    answers = [instances(truth, seed, seed) for seed, truth in enumerate(gts)]
    return Listed(Task.INSTANCE, list(gts), list(range(100, 107))), answers


CASES = {"panoptic": panoptic_case, "semantic": semantic_case, "instance": instance_case}


@pytest.mark.parametrize("task", CASES)
def test_numbers_are_those_of_the_benchmark_command(task: str, tmp_path: Path) -> None:
    dataset, answers = CASES[task]()
    scores = evaluate_dataset(KnowsByPixel(answers), dataset, tmp_path / "out")
    assert scores is not None and scores.headline is not None
    assert 0 < scores.headline < 1
    check_repeats(scores, tmp_path)


@pytest.mark.parametrize("task", CASES)
def test_the_truth_itself_scores_one(task: str, tmp_path: Path) -> None:
    dataset, _ = CASES[task]()
    gts = [t for t in dataset.gts if not isinstance(t, BoxGroundTruth)]
    if task == "semantic":
        found = [Prediction(semantic=SemanticResult(t.classes.clip(0).astype(np.int32)))
                 for t in gts if isinstance(t, ClassGroundTruth)]  # fmt: skip
    else:
        found = []
        for truth in gts:
            assert isinstance(truth, SegmentGroundTruth)
            real = SegmentGroundTruth(truth.ids, truth.segments)
            numbers = np.zeros_like(truth.ids)
            listed = []
            for number, segment in enumerate(truth.segments, start=1):
                numbers[truth.ids == segment.id] = number
                listed.append(PanopticSegment(number, segment.label, 1.0))
            found.append(
                Prediction(panoptic=PanopticResult(numbers, listed))
                if task == "panoptic" else instances(real, 0, 0)
            )  # fmt: skip
    scores = evaluate_dataset(KnowsByPixel(found), dataset, tmp_path)
    assert scores is not None
    assert scores.headline == pytest.approx(1.0)


@pytest.mark.parametrize("task", CASES)
@pytest.mark.parametrize("batch", [1, 2])
def test_shares_put_together_are_the_same_byte_for_byte(
    task: str, batch: int, tmp_path: Path
) -> None:
    dataset, answers = CASES[task]()
    evaluate_dataset(KnowsByPixel(answers), dataset, tmp_path / "one", batch=batch)
    out = tmp_path / "three"
    prepare_folder(out, dataset.task)
    for rank in (2, 0, 1):
        predict_subset(
            KnowsByPixel(answers), dataset, out, Ranks(rank, 3, torch.device("cpu")), batch=batch
        )
    merge_results(out, dataset.task, dataset.vocabulary, 3)
    files = sorted(p.relative_to(out) for p in out.rglob("*") if p.is_file())
    assert files == sorted(
        p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*") if p.is_file()
    )
    for file in files:
        assert (out / file).read_bytes() == (tmp_path / "one" / file).read_bytes(), file


def test_written_truth_is_the_truth(tmp_path: Path) -> None:
    truth = segments(0)
    dataset = Listed(Task.PANOPTIC, [truth], [9])
    evaluate_dataset(Says([shifted_panoptic(truth, 1)]), dataset, tmp_path)
    ids = read_segment_ids(tmp_path / "truth" / "000000000009.png")
    record = json.loads((tmp_path / "truth.json").read_text())["annotations"][0]
    by_id = {s["id"]: s for s in record["segments_info"]}
    assert set(np.unique(ids)) - {0} == set(by_id)
    for segment in truth.segments:
        number = int(ids[truth.ids == segment.id][0])
        assert ((ids == number) == (truth.ids == segment.id)).all()
        assert by_id[number]["category_id"] == WORDS.ids[segment.label]
        assert by_id[number]["iscrowd"] == segment.crowd
    listed = np.isin(truth.ids, [s.id for s in truth.segments])
    assert (ids[~listed] == 0).all()


def test_panoptic_truth_is_scored_as_classes_where_classes_are_asked_for(tmp_path: Path) -> None:
    truth = segments(1)
    classes = class_map(truth)
    answer = Prediction(semantic=SemanticResult(classes.clip(0).astype(np.int32)))
    scores = evaluate_dataset(Says([answer]), Listed(Task.SEMANTIC, [truth], [1]), tmp_path)
    assert scores is not None and scores.headline == 1.0
    written = read_labels(tmp_path / "truth" / "000000000001.png")
    assert (written == np.array([*WORDS.ids, 255])[classes]).all()


def test_a_class_of_id_255_leaves_255_to_itself(tmp_path: Path) -> None:
    words = Vocabulary(("a", "b"), (False, False), (1, 255))
    classes = np.array([[0, 1, VOID, VOID]] * 4, np.int16)
    answer = Prediction(semantic=SemanticResult(np.array([[0, 1, 1, 1]] * 4, np.int32)))
    dataset = Listed(Task.SEMANTIC, [ClassGroundTruth(classes)], [1], words)
    scores = evaluate_dataset(Says([answer]), dataset, tmp_path / "out")
    assert scores is not None and scores.headline == 1.0
    check_repeats(scores, tmp_path)


def test_boxes_are_scored_as_boxes(tmp_path: Path) -> None:
    truth = BoxGroundTruth(np.array([0, 1]), np.array([[2.0, 3, 22, 33], [30, 5, 50, 25]]))
    masks = []
    for left, top, right, bottom in truth.boxes.astype(int):
        mask = np.zeros((40, 60), bool)
        mask[top:bottom, left:right] = True
        masks.append(encode_rle(mask))
    found = InstanceResult(truth.labels, np.array([0.9, 0.8], np.float32), masks, np.zeros((2, 4)))
    dataset = Listed(Task.INSTANCE, [truth], [4])
    scores = evaluate_dataset(Says([Prediction(instance=found)]), dataset, tmp_path / "out")
    assert scores is not None
    assert scores.metrics["box AP"] == pytest.approx(1.0)
    check_repeats(scores, tmp_path)


@pytest.mark.parametrize("boxes", [False, True])
def test_a_network_that_finds_no_instance_scores_nothing(boxes: bool, tmp_path: Path) -> None:
    """No records are a result: a table of many runs must not stop."""
    truth: GroundTruth = segments(1)
    if boxes:
        truth = BoxGroundTruth(np.array([0, 1]), np.array([[2.0, 3, 22, 33], [30, 5, 50, 25]]))
    nothing = Prediction(instance=InstanceResult(
        np.zeros(0, np.int64), np.zeros(0, np.float32), [], np.zeros((0, 4))))  # fmt: skip
    dataset = Listed(Task.INSTANCE, [truth], [4])
    scores = evaluate_dataset(Says([nothing]), dataset, tmp_path / "out")
    assert scores is not None
    assert scores.headline == 0
    assert {*scores.metrics.values()} <= {0, None}
    assert json.loads((tmp_path / "out" / "preds.json").read_text()) == []
    check_repeats(scores, tmp_path)


def test_truth_that_cannot_be_scored_so_is_named(tmp_path: Path) -> None:
    dataset = Listed(Task.PANOPTIC, [ClassGroundTruth(np.zeros((4, 4), np.int16))], [1])
    with pytest.raises(InputError, match=r"0\.jpg.*map of classes.*panoptic"):
        evaluate_dataset(Says([]), dataset, tmp_path)


def test_two_images_of_one_id_are_named(tmp_path: Path) -> None:
    dataset, answers = semantic_case()
    dataset.ids = ["same"] * 7
    with pytest.raises(InputError, match="image_id"):
        evaluate_dataset(KnowsByPixel(answers), dataset, tmp_path)


def test_no_file_is_written_outside_the_folder(tmp_path: Path) -> None:
    dataset, answers = semantic_case()
    for name in ("../x", "/x", "a/../../x"):
        dataset.ids = [name] * 7
        with pytest.raises(InputError, match=f"0.jpg: the id '{name}' cannot name a file"):
            evaluate_dataset(KnowsByPixel(answers), dataset, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_limit_takes_the_first_images(tmp_path: Path) -> None:
    dataset, answers = panoptic_case()
    scores = evaluate_dataset(KnowsByPixel(answers), dataset, tmp_path, limit=3)
    assert scores is not None and scores.images == 3


def test_csv_has_a_line_a_number(tmp_path: Path) -> None:
    dataset, answers = semantic_case()
    scores = evaluate_dataset(KnowsByPixel(answers), dataset, tmp_path)
    assert scores is not None
    lines = scores_csv([scores]).splitlines()
    assert lines[0] == "data,task,metric,value"
    assert lines[1] == f"listed,semantic,mIoU,{scores.headline}"


# On real files, against the reference implementations.


def test_mask_ap_is_pycocotools_on_real_instances(real_data: Path, tmp_path: Path) -> None:
    root = real_data / "coco128_panoptic"
    content = json.loads((root / "annotations" / "instances_train2017.json").read_text())
    content["images"] = content["images"][:40]
    ids = [image["id"] for image in content["images"]]
    content["annotations"] = [a for a in content["annotations"] if a["image_id"] in ids]
    file = tmp_path / "truth.json"
    file.write_text(json.dumps(content))
    coco = COCO(str(file))
    words = read_vocabulary(file)
    random = np.random.default_rng(0)
    place = {number: label for label, number in enumerate(words.ids)}
    answers = []
    for number in ids:
        labels, masks = [], []
        for annotation in coco.imgToAnns[number]:
            moved = np.roll(coco.annToMask(annotation), int(random.integers(0, 9)), axis=1)
            labels.append(place[annotation["category_id"]])
            masks.append(encode_rle(moved))
        scores = np.sort(random.random(len(labels)).astype(np.float32))[::-1]
        result = InstanceResult(np.array(labels, int), scores, masks, np.zeros((len(labels), 4)))
        answers.append(Prediction(instance=result))
    dataset = InstanceDataset("real", words, read_annotations(file), file, (root / "train2017",))
    scores = evaluate_dataset(Says(answers), dataset, tmp_path / "out")
    assert scores is not None
    stock = COCOeval(coco, coco.loadRes(str(tmp_path / "out" / "preds.json")), "segm")
    stock.evaluate()
    stock.accumulate()
    stock.summarize()
    assert [*scores.details["metrics"].values()] == stock.stats.tolist()
    assert 0.2 < stock.stats[0] < 1


def test_panoptic_quality_of_real_segments_by_hand(real_data: Path, tmp_path: Path) -> None:
    folder = real_data / "coco128_panoptic" / "annotations"
    content = json.loads((folder / "panoptic_train2017.json").read_text())
    words = read_vocabulary(folder / "panoptic_train2017.json")
    place = {number: label for label, number in enumerate(words.ids)}
    gts: list[GroundTruth] = []
    answers, ids = [], []
    for record in content["annotations"][:25]:
        pixels = read_segment_ids(folder / "panoptic_train2017" / record["file_name"])
        listed = tuple(
            Segment(s["id"], place[s["category_id"]], bool(s["iscrowd"]))
            for s in record["segments_info"]
        )
        truth = SegmentGroundTruth(pixels.astype(np.int32), listed)
        gts.append(truth)
        ids.append(record["image_id"])
        moved = np.roll(truth.ids, 12, axis=1)
        numbers = np.zeros_like(moved)
        found = []
        for number, segment in enumerate(listed, start=1):
            numbers[moved == segment.id] = number
            found.append(PanopticSegment(number, segment.label, 0.5))
        answers.append(Prediction(panoptic=PanopticResult(numbers, found)))
    dataset = Listed(Task.PANOPTIC, gts, ids, words)
    scores = evaluate_dataset(Says(answers), dataset, tmp_path / "out")
    assert scores is not None
    check_repeats(scores, tmp_path)
    # The same predictions against COCO's own file: the truth we wrote loses nothing of it.
    genuine = dict(content, annotations=content["annotations"][:25])
    (tmp_path / "genuine.json").write_text(json.dumps(genuine))
    from benchmark import evaluate_panoptic

    rows = evaluate_panoptic(
        tmp_path / "out" / "panoptic.json",
        tmp_path / "genuine.json",
        ground_truth_pngs=folder / "panoptic_train2017",
    ).rows()
    assert rows["All"].pq == scores.metrics["PQ"]
    assert rows["Things"].pq == scores.metrics["PQ things"]
    assert rows["Stuff"].rq == scores.metrics["RQ stuff"]
    assert 0.3 < rows["All"].pq < 0.99


def test_mean_iou_of_real_label_maps_by_mmseg_rule(real_data: Path, tmp_path: Path) -> None:
    folder = real_data / "camvid"
    names = [
        "Sky",
        "Building",
        "Pole",
        "Road",
        "Pavement",
        "Tree",
        "SignSymbol",
        "Fence",
        "Car",
        "Pedestrian",
        "Bicyclist",
    ]
    words = Vocabulary(tuple(names), (False,) * 11)
    files = sorted((folder / "annotations" / "val").glob("*.png"))[:12]
    gts: list[GroundTruth] = []
    answers = []
    for file in files:
        labels = read_labels(file).astype(np.int16)
        classes = np.where(labels == 11, VOID, labels).astype(np.int16)
        gts.append(ClassGroundTruth(classes))
        answers.append(Prediction(semantic=SemanticResult(
            np.roll(classes, 7, 0).clip(0).astype(np.int32))))  # fmt: skip
    dataset = Listed(Task.SEMANTIC, gts, [file.stem for file in files], words)
    scores = evaluate_dataset(Says(answers), dataset, tmp_path / "out")
    assert scores is not None
    check_repeats(scores, tmp_path)
    # mmsegmentation's intersect_and_union, over all images.
    hits, found, true = (torch.zeros(11) for _ in range(3))
    for truth, answer in zip(gts, answers, strict=True):
        assert isinstance(truth, ClassGroundTruth) and answer.semantic is not None
        label = torch.from_numpy(truth.classes)
        guess = torch.from_numpy(answer.semantic.classes)[label != VOID]
        label = label[label != VOID]
        hits += torch.histc(guess[guess == label].float(), 11, 0, 10)
        found += torch.histc(guess.float(), 11, 0, 10)
        true += torch.histc(label.float(), 11, 0, 10)
    iou = (hits.double() / (found + true - hits).double()).numpy()
    assert scores.metrics["mIoU"] == float(np.nanmean(iou))
    assert scores.metrics["aAcc"] == pytest.approx(float(hits.sum() / true.sum()), abs=1e-7)
