"""Data sets in shards: the same samples, WebDataset's layout, URLs, and what is refused."""

import json
import pickle
import tarfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from benchmark.pixels.png_maps import decode_segment_ids
from model.commands.main import app
from model.data.file_dataset import FileDataset
from model.data.samples import BoxGroundTruth, ClassGroundTruth, SegmentGroundTruth
from model.datasets.checking import check_dataset
from model.datasets.opening import open_from_table
from model.datasets.shard_writing import _map, write_shards
from model.datasets.shards import ShardDataset, Shards
from o365seg.errors import InputError

KINDS = {"segments": "panoptic", "classes": "semantic", "boxes": "boxes"}


def synthetic(which: str, **changes: Any) -> FileDataset:
    table = {"layout": "synthetic", "which": which, "size": 48, "images": 5} | changes
    return open_from_table(table, Path(), "a.toml")


def quiet(items: Any, _: str) -> Any:
    return items


def assert_same(one: FileDataset, other: FileDataset) -> None:
    assert (one.name, one.task, len(one)) == (other.name, other.task, len(other))
    for field in ("names", "is_thing", "ids", "colours"):
        assert getattr(one.vocabulary, field) == getattr(other.vocabulary, field)
    for index in range(len(one)):
        ours, theirs = one[index], other[index]
        assert np.array_equal(ours.image, theirs.image)
        assert ours.image_id == theirs.image_id
        assert one.image_name(index) == other.image_name(index)
        assert one.recorded_size(index) == other.recorded_size(index)
        assert type(ours.ground_truth) is type(theirs.ground_truth)
        for name, value in vars(theirs.ground_truth).items():
            mine = getattr(ours.ground_truth, name)
            if isinstance(value, np.ndarray):
                assert mine.dtype == value.dtype
                assert np.array_equal(mine, value)
            else:
                assert mine == value


@pytest.mark.parametrize("which", [*KINDS.values(), "instances"])
def test_samples_are_the_same_in_any_order(which: str, tmp_path: Path) -> None:
    dataset = synthetic(which)
    written = write_shards(dataset, tmp_path / "out", 20_000, quiet)
    assert written.images == 5 and written.shards > 1
    again = open_from_table({"layout": "shards", "root": "out"}, tmp_path, "a.toml")
    assert_same(again, dataset)
    assert_same(pickle.loads(pickle.dumps(again)), dataset)
    report = check_dataset(again, 5, quiet)
    assert (report.read, report.faults) == (5, [])
    named = open_from_table({"layout": "shards", "root": "out", "name": "mine"}, tmp_path, "a.toml")
    assert named.name == "mine"


def test_real_photographs(real_data: Path, tmp_path: Path) -> None:
    images, labels = (real_data / "camvid" / f / "val" for f in ("images", "annotations"))
    if not images.is_dir():
        pytest.skip(f"no {images}")
    table = {"layout": "label_maps", "images": str(images), "labels": str(labels)}
    table |= {"vocabulary": [f"class {i}" for i in range(11)], "first_label": 0, "void": [11, 255]}
    dataset = open_from_table(table, tmp_path, "a.toml")
    write_shards(dataset, tmp_path / "out", 2**22, quiet)
    assert_same(ShardDataset(Shards(tmp_path / "out")), dataset)


def test_the_layout_is_webdatasets(tmp_path: Path) -> None:
    """Members of a sample follow each other, and their names differ after the first dot."""
    write_shards(synthetic("panoptic"), tmp_path / "out", 20_000, quiet)
    suffixes = defaultdict(list)
    keys = []
    for path in sorted((tmp_path / "out").glob("*.tar")):
        with tarfile.open(path) as tar:
            for member in tar:
                key, _, suffix = member.name.partition(".")
                suffixes[key].append(suffix)
                keys.append(key)
                data = tar.extractfile(member)
                assert data is not None
                if suffix == "json":
                    assert json.load(data)["segments"]
    assert keys == sorted(keys) and len(suffixes) == 5
    assert set(map(tuple, suffixes.values())) == {("image.png", "png", "json")}


def test_equal_data_sets_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_shards(synthetic("boxes"), tmp_path / name, 2**20, quiet)
    one, two = (sorted((tmp_path / name).iterdir()) for name in ("one", "two"))
    assert [p.read_bytes() for p in one if p.suffix == ".tar"] == [
        p.read_bytes() for p in two if p.suffix == ".tar"
    ]


def test_ids_above_255_stay() -> None:
    ids = np.array([[0, 1, 255, 256], [65535, 65536, 2**24 - 1, 7]], np.int32)
    png = _map(SegmentGroundTruth(ids, ()))
    assert np.array_equal(decode_segment_ids(png, "x"), ids)


def test_at_a_url(tmp_path: Path) -> None:
    dataset = synthetic("semantic")
    write_shards(dataset, tmp_path / "out", 20_000, quiet)
    store = fsspec.filesystem("memory")
    store.put(str(tmp_path / "out"), "/bucket/set", recursive=True)
    again = open_from_table({"layout": "shards", "root": "memory://bucket/set"}, tmp_path, "a.toml")
    assert_same(again, dataset)
    in_worker: Any = torch.utils.data.DataLoader
    loader = in_worker(again, batch_size=None, num_workers=1, collate_fn=lambda s: s.image_id)
    assert list(loader) == [dataset[i].image_id for i in range(5)]
    store.rm("/bucket/set/shard-000000.tar")
    with pytest.raises(InputError, match="no such file") as caught:
        again[0]
    assert caught.value.file == "memory://bucket/set/shard-000000.tar"


def test_what_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    with pytest.raises(InputError, match="no such file") as caught:
        ShardDataset(Shards(folder))
    assert caught.value.file == f"{folder}/dataset.json"
    write_shards(synthetic("semantic"), folder, 2**20, quiet)
    with pytest.raises(InputError, match="exists already"):
        write_shards(synthetic("semantic"), folder, 2**20, quiet)
    shard = folder / "shard-000000.tar"
    shard.write_bytes(shard.read_bytes()[:3000])
    dataset = ShardDataset(Shards(folder))
    with pytest.raises(InputError, match="shorter than the index says") as caught:
        dataset[4]
    assert caught.value.file == str(shard)
    index = (folder / "index.npz").read_bytes()
    for damaged in (b"nothing", index[:200]):
        (folder / "index.npz").write_bytes(damaged)
        with pytest.raises(InputError, match=r"index\.npz: is damaged"):
            ShardDataset(Shards(folder))
    (folder / "index.npz").write_bytes(index)
    header = json.loads((folder / "dataset.json").read_text())
    (folder / "dataset.json").write_text(json.dumps(header | {"images": 7}))
    with pytest.raises(InputError, match=r"has 5 samples, but dataset\.json 7"):
        ShardDataset(Shards(folder))
    (folder / "dataset.json").write_text(json.dumps(header | {"format": "other"}))
    with pytest.raises(InputError, match="must be 'dataseg-shards-1', not 'other'"):
        ShardDataset(Shards(folder))
    with pytest.raises(InputError, match="unknown URL scheme"):
        ShardDataset(Shards("nowhere://x"))


def test_a_damaged_image_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "labels").mkdir()
    (tmp_path / "images" / "a.jpg").write_bytes(b"no image")
    (tmp_path / "labels" / "a.png").write_bytes(b"no map")
    table = {"layout": "label_maps", "images": "images", "labels": "labels", "vocabulary": ["a"]}
    dataset = open_from_table(table, tmp_path, "a.toml")
    with pytest.raises(InputError, match=r"a\.jpg"):
        write_shards(dataset, tmp_path / "sets" / "out", 2**20, quiet)
    assert list((tmp_path / "sets").iterdir()) == []


def test_the_command(tmp_path: Path) -> None:
    tables = [
        f'[[data]]\nlayout = "synthetic"\nwhich = "{which}"\nimages = 2\nsize = 48\n'
        for which in KINDS.values()
    ]
    (tmp_path / "a.toml").write_text("".join(tables))
    arguments = ["data", "shard", str(tmp_path / "a.toml"), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "synthetic_boxes: 2 images, 1 shards" in done.output
    for which in KINDS.values():
        name = f"synthetic_{which}"
        assert_same(ShardDataset(Shards(tmp_path / "out" / name)), synthetic(which, images=2))
    again = CliRunner().invoke(app, arguments)
    assert again.exit_code and "exists already" in str(again.exception)


def test_kinds() -> None:
    kinds = (SegmentGroundTruth, ClassGroundTruth, BoxGroundTruth)
    for which, kind in zip(KINDS.values(), kinds, strict=True):
        assert isinstance(synthetic(which)[0].ground_truth, kind)
