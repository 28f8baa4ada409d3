"""Every data set of the catalogue, opened from a tiny folder in its genuine layout."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from data_roots import BOX, HEIGHT, ROOTS, WIDTH, coco, context_mat, objects365_boxes, png

from model.data.samples import VOID, BoxGroundTruth, ClassGroundTruth, SegmentGroundTruth
from model.datasets.opening import DATA_KEYS, DATASETS, open_dataset, open_from_table
from model.objective.targets import Segment
from o365seg.errors import InputError
from o365seg.formats.task import Task

CLASSES = {
    "coco_panoptic": 133,
    "ade20k_semantic": 150,
    "ade20k_panoptic": 150,
    "objects365_boxes": 365,
    "objects365_instances": 365,
    "coco_semantic": 133,
    "cityscapes_panoptic": 19,
    "pascal_context_59": 59,
    "pascal_context_459": 459,
    "voc2012": 20,
}
# What each half of the images is: class names, None for void.
HALVES = {
    "ade20k_semantic": (None, "wall"),
    "coco_semantic": ("person", "rug-merged"),
    "pascal_context_59": (None, "wood"),
    "pascal_context_459": ("air conditioner", "wood"),
    "voc2012": (None, "aeroplane"),
}


@pytest.fixture
def make(tmp_path: Path) -> Callable[[str], Path]:
    def make_root(name: str) -> Path:
        root = tmp_path / name
        root.mkdir()
        ROOTS[name](root)
        return root

    return make_root


@pytest.mark.parametrize("name", DATASETS)
@pytest.mark.parametrize("split", ["train", "val"])
def test_every_data_set_opens_and_gives_what_its_task_promises(make, name: str, split: str):
    root = make(name)
    if name == "objects365_instances" and split == "train":
        with pytest.raises(InputError, match="it has val"):
            open_dataset(name, root, split)
        return
    dataset = open_dataset(name, root, split)
    assert dataset.name == name
    assert len(dataset) == 2
    assert len(dataset.vocabulary) == CLASSES[name]
    kind = {Task.PANOPTIC: SegmentGroundTruth, Task.SEMANTIC: ClassGroundTruth}.get(dataset.task)
    kind = kind or (BoxGroundTruth if name == "objects365_boxes" else SegmentGroundTruth)
    ids = set()
    for index in range(2):
        sample = dataset[index]
        assert sample.image.shape == (HEIGHT, WIDTH, 3)
        assert sample.image.dtype == np.uint8
        assert type(sample.ground_truth) is kind
        assert sample.path == dataset.image_path(index)
        assert sample.path.name == Path(dataset.image_name(index)).name
        ids.add(sample.image_id)
    assert len(ids) == 2


@pytest.mark.parametrize(("name", "names"), HALVES.items())
def test_label_maps_mean_the_classes_that_their_labels_stand_for(make, name: str, names: tuple):
    dataset = open_dataset(name, make(name))
    truth = dataset[0].ground_truth
    assert isinstance(truth, ClassGroundTruth)
    assert truth.classes.dtype == np.int16
    for rows, expected in zip(np.split(truth.classes, 2), names, strict=True):
        place = VOID if expected is None else dataset.vocabulary.names.index(expected)
        assert (rows == place).all()


@pytest.mark.parametrize(
    ("name", "thing", "stuff"),
    [("coco_panoptic", "person", "rug-merged"), ("ade20k_panoptic", "bed", "wall")],
)
def test_panoptic_segments_have_their_class_and_crowds_are_marked(make, name, thing, stuff):
    dataset = open_dataset(name, make(name), "val")
    names, is_thing = dataset.vocabulary.names, dataset.vocabulary.is_thing
    for index, crowd in enumerate((False, True)):
        truth = dataset[index].ground_truth
        assert isinstance(truth, SegmentGroundTruth)
        first = names.index(thing)
        second = next(p for p, n in enumerate(names) if n == stuff)
        assert truth.segments == (Segment(700, first, crowd), Segment(70001, second))
        assert (is_thing[first], is_thing[second]) == (True, False)
        assert (truth.ids[: HEIGHT // 2] == 700).all()
        assert (truth.ids[HEIGHT // 2 :] == 70001).all()


def test_cityscapes_segments_are_those_of_its_own_conversion(make):
    """createPanopticImgs: a thing without a number is a crowd, what is not evaluated is void."""
    dataset = open_dataset("cityscapes_panoptic", make("cityscapes_panoptic"))
    sample = dataset[0]
    assert sample.image_id == "aachen_000000_000019"
    names = dataset.vocabulary.names
    assert isinstance(sample.ground_truth, SegmentGroundTruth)
    found = {(s.id, names[s.label], s.crowd) for s in sample.ground_truth.segments}
    assert found == {
        (26000, "car", False),
        (26001, "car", False),
        (24, "person", True),
        (7, "road", False),
    }


def test_objects365_boxes_are_corners_and_without_crowds(make):
    dataset = open_dataset("objects365_boxes", make("objects365_boxes"))
    truth = dataset[0].ground_truth
    assert isinstance(truth, BoxGroundTruth)
    left, top, width, height = BOX
    assert truth.boxes.tolist() == [[left, top, left + width, top + height]]
    assert [dataset.vocabulary.ids[label] for label in truth.labels] == [365]


def test_of_our_release_answered_masks_are_segments_and_skipped_ones_void(make):
    from model.datasets.instances import InstanceDataset

    root = make("objects365_instances")
    dataset = open_dataset("objects365_instances", root, "val")
    assert isinstance(dataset, InstanceDataset)
    answered, skipped = dataset[0].ground_truth, dataset[1].ground_truth
    assert isinstance(answered, SegmentGroundTruth)
    assert isinstance(skipped, SegmentGroundTruth)
    assert [segment.label for segment in answered.segments] == [364]
    assert (answered.ids == 1).sum() == BOX[2] * BOX[3]
    assert skipped.segments == ()
    # Both stand in the file that the benchmark reads.
    assert dataset.annotations == root / "annotations" / "o365_instance_seg_val.json"
    assert [a.is_skipped for a in dataset.file.annotations] == [False, False, True, False]


def test_the_59_classes_are_found_in_the_459_as_downloaded(tmp_path: Path):
    context_mat(tmp_path)
    dataset = open_dataset("pascal_context_59", tmp_path)
    truth = dataset[0].ground_truth
    assert isinstance(truth, ClassGroundTruth)
    assert (truth.classes[: HEIGHT // 2] == VOID).all()
    assert (truth.classes[HEIGHT // 2 :] == dataset.vocabulary.names.index("wood")).all()


def places_of(root: Path) -> list[str]:
    """The folders and files right below, and those two deep."""
    return sorted(str(p.relative_to(root)) for p in [*root.glob("*"), *root.glob("*/*")])


@pytest.mark.parametrize("name", DATASETS)
def test_whatever_is_missing_is_named_with_the_layout(make, name: str):
    """Take each part of the folder away in turn: where it is needed, the message names it."""
    root = make(name)
    noticed = 0
    for place in places_of(root):
        hidden = root.parent / "hidden"
        shutil.move(root / place, hidden)
        try:
            dataset = open_dataset(name, root, "val")
            for index in range(len(dataset)):
                _ = dataset[index]
        except InputError as error:
            noticed += 1
            assert str(root) in str(error)
        shutil.move(hidden, root / place)
    assert noticed >= 3
    with pytest.raises(InputError) as missing:
        open_dataset(name, root / "nowhere", "val")
    assert f"{name} is expected to look like this:\n    ROOT" in str(missing.value)


def test_damage_names_the_file(tmp_path: Path):
    coco(tmp_path)
    dataset = open_dataset("coco_panoptic", tmp_path)
    image = tmp_path / "train2017" / "000000000009.jpg"
    whole = image.read_bytes()
    image.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"000000000009\.jpg: cannot be decoded"):
        dataset[0]
    image.write_bytes(whole)
    png(tmp_path / "annotations/panoptic_train2017/000000000009.png", np.zeros((24, 32)))
    with pytest.raises(
        InputError, match=r"000000000009\.png: must be an 8-bit RGB PNG; is an 8-bit grey PNG"
    ):
        dataset[0]
    png(tmp_path / "annotations/panoptic_train2017/000000000025.png", np.zeros((5, 7, 3)))
    with pytest.raises(InputError, match=r"000000000025\.png: has 7×5 pixels"):
        dataset[1]


def test_a_release_with_other_categories_is_refused(tmp_path: Path):
    """The Objects365 list of 2019 has other names; its ids must not be taken for these."""
    objects365_boxes(tmp_path)
    path = tmp_path / "annotations" / "zhiyuan_objv2_train.json"
    text = path.read_text().replace("Table Tennis ", "human")
    path.write_text(text)
    with pytest.raises(InputError, match=r"categories\[0\] \(id 365\).*'human'"):
        open_dataset("objects365_boxes", tmp_path)


def test_an_unknown_panoptic_category_is_named(tmp_path: Path):
    coco(tmp_path)
    path = tmp_path / "annotations" / "panoptic_train2017.json"
    path.write_text(path.read_text().replace('"category_id": 200', '"category_id": 12'))
    with pytest.raises(InputError, match=r"\(image_id 9\).*segments_info\[1\].*category 12"):
        open_dataset("coco_panoptic", tmp_path)


def test_an_unknown_label_is_named(make):
    root = make("ade20k_semantic")
    png(root / "annotations/training/ADE_train_00000002.png", np.full((24, 32), 151))
    with pytest.raises(InputError, match=r"ADE_train_00000002\.png: the label 151"):
        open_dataset("ade20k_semantic", root)[1]


def test_the_records_size_decides_which_way_up_an_image_is(tmp_path: Path):
    """EXIF says "turn me": done where that gives the recorded size, else not."""
    from PIL import Image

    coco(tmp_path)
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    path = tmp_path / "train2017" / "000000000009.jpg"
    dataset = open_dataset("coco_panoptic", tmp_path)
    Image.fromarray(pixels).save(path, exif=exif)
    assert dataset[0].image.shape[:2] == (HEIGHT, WIDTH)
    Image.fromarray(pixels.transpose(1, 0, 2)).save(path, exif=exif)
    assert dataset[0].image.shape[:2] == (HEIGHT, WIDTH)
    Image.fromarray(pixels[:-1]).save(path, exif=exif)
    with pytest.raises(InputError, match="23×32 pixels, but 32×24 in its record"):
        dataset[0]


class TestAConfigurationsEntry:
    def test_opens_what_it_names_relative_to_the_configuration(self, make):
        root = make("voc2012")
        table = {"name": "voc2012", "root": "voc2012", "split": "val"}
        assert len(open_from_table(table, root.parent, "train.toml: data[0]")) == 2

    def test_may_leave_images_out(self, make, tmp_path: Path):
        make("objects365_boxes")
        listed = tmp_path / "bad.txt"
        listed.write_text("patch2/objects365_v2_00000002.jpg\n")
        table = {"name": "objects365_boxes", "root": "objects365_boxes", "leave_out": "bad.txt"}
        dataset = open_from_table(table, tmp_path, "t")
        assert [dataset[index].image_id for index in range(len(dataset))] == [1]
        listed.write_text("patch9/x.jpg\n")
        with pytest.raises(InputError, match=r"bad\.txt: objects365_boxes has no image"):
            open_from_table(table, tmp_path, "t")

    @pytest.mark.parametrize(
        ("table", "field", "message"),
        [
            ({"root": "x"}, "name", "missing"),
            ({"name": "coco_panoptic"}, "root", "missing"),
            ({"name": "coco_panoptik", "root": "x"}, "name", "did you mean 'coco_panoptic'?"),
            ({"name": "coco_panoptic", "root": "x", "only": ["cat"]}, "only", "unknown key"),
            ({"name": "coco_panoptic", "root": 3}, "root", "text, not 3"),
            ({"name": "coco_panoptic", "root": "x", "rot": "y"}, "rot", "unknown key"),
            ({"layout": "yolo"}, "layout", "unknown layout 'yolo'; choose from coco_instances"),
            ({"layout": "coco_instances", "images": "x"}, "annotations", "missing"),
            (
                {"layout": "coco_instances", "images": "x", "annotations": "y", "boxes_only": 1},
                "boxes_only",
                "true or false",
            ),
            (
                {"layout": "label_maps", "images": "x", "labels": "y", "vocabulary": []},
                "vocabulary",
                "a list of class names",
            ),
            (
                {"layout": "label_maps", "images": "x", "labels": "y", "vocabulary": ["a"],
                 "void": ["b"]},
                "void",
                "a list of whole numbers",
            ),
        ],
    )  # fmt: skip
    def test_at_fault_is_named_by_its_field(self, tmp_path: Path, table, field, message):
        with pytest.raises(InputError) as error:
            open_from_table(table, tmp_path, "train.toml: data[1]")
        assert error.value.field == field
        assert error.value.file == "train.toml: data[1]"
        assert message in str(error.value)

    def test_has_keys_that_a_configuration_can_tell_from_its_own(self):
        assert {"name", "root", "split", "layout", "images", "annotations"} <= DATA_KEYS
        assert "ratio" not in DATA_KEYS


def test_a_wrong_name_is_answered_with_the_right_ones(tmp_path: Path):
    with pytest.raises(InputError, match="choose from coco_panoptic, ade20k_semantic"):
        open_dataset("imagenet", tmp_path)
