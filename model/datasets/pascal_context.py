"""Pascal Context: images of PASCAL VOC 2010, and label maps in one of two formats.

As downloaded, `trainval/*.mat` contain 459 classes, and the 59 classes of the usual task are a
subset of them. For the 59, mmsegmentation's PNGs, numbered 1 to 59 alphabetically, are read, too.
"""

import io
from pathlib import Path

import numpy as np

from model.data.file_dataset import FileDataset
from model.datasets.label_maps import LabelMapDataset, listed_pairs, read_names
from model.datasets.layout import Layout
from model.text.shipped_vocabularies import context_59_of_459, index_by_label, shipped_vocabulary
from o365seg.errors import InputError
from o365seg.formats.json_files import read_bytes


def open_pascal_context(name: str, root: Path, split: str, layout: Layout) -> FileDataset:
    """Open Pascal Context with 459 or with 59 classes, depending on `name`.

    With 59 classes, pixels of other classes are void; so are labels 0 and 255.

    Raises:
        InputError: a file or folder is missing; shows the expected layout.
    """
    vocabulary = shipped_vocabulary(name)
    images = layout.folder(root / "JPEGImages")
    sets = root / "ImageSets"
    listed = layout.file(
        sets / "SegmentationContext" / f"{split}.txt", sets / "Main" / f"{split}.txt"
    )
    names = read_names(listed)
    pngs = root / "SegmentationClassContext"
    if name == "pascal_context_59" and pngs.is_dir():
        by_label = index_by_label(vocabulary.ids, (0, 255))
        pairs = listed_pairs(names, images, pngs, ".jpg", ".png")
        return LabelMapDataset(name, vocabulary, pairs, by_label)
    maps = layout.folder(root / "trainval")
    pairs = listed_pairs(names, images, maps, ".jpg", ".mat")
    if name == "pascal_context_459":
        by_label = index_by_label(vocabulary.ids, (0,))
    else:
        full = shipped_vocabulary("pascal_context_459").ids
        chosen = context_59_of_459()
        full_label = {number: label for label, number in chosen.items()}
        labels = [full_label[number] for number in vocabulary.ids]
        by_label = index_by_label(labels, (0, *(label for label in full if label not in chosen)))
    return LabelMapDataset(name, vocabulary, pairs, by_label, read=read_label_mat)


def read_label_mat(path: Path) -> np.ndarray:
    """Read `LabelMap` of a MATLAB file, integer (H, W).

    Raises:
        InputError: the file cannot be read, is not a MATLAB file, or contains no such map.
    """
    from scipy.io import loadmat

    data = read_bytes(path)
    try:
        labels = loadmat(io.BytesIO(data), variable_names=["LabelMap"]).get("LabelMap")
    except Exception as error:  # scipy meets damaged files with errors of every kind
        raise InputError(f"not a MATLAB file: {error}", file=path) from None
    if labels is None or labels.ndim != 2 or labels.dtype.kind not in "iu":
        raise InputError("contains no LabelMap of whole numbers", file=path)
    if labels.min() < 0 or labels.max() > 65535:
        raise InputError(f"contains the label {labels.max()}; the largest is 65535", file=path)
    return labels
