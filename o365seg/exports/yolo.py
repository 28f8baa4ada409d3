"""YOLO segmentation, as ultralytics reads it: a text file an image, a polygon an object.

    data.yaml                      the names of the categories, and where the images are listed
    val.txt                        the images, below images/
    labels/v1/patch4/x.txt         `category x y x y …`, as fractions of the image's size

Labels are where ultralytics looks for them: with the last `images` of the image's folders replaced
by `labels`, so those of images/v1/images/x.jpg are images/v1/labels/x.txt.

The format knows no objects to ignore, so what has no mask is left out, and so are crowds.
https://docs.ultralytics.com/datasets/segment/
"""

import json
from pathlib import Path, PurePosixPath

import numpy as np

from o365seg.errors import InputError
from o365seg.exports.images import ExportedImage, category_names, exported_images
from o365seg.exports.outline import single_outline
from o365seg.formats.json_files import make_folder, write_bytes_atomic
from o365seg.formats.masks import decode_rle
from o365seg.formats.records import AnnotationFile


def write_yolo(file: AnnotationFile, source: Path, folder: Path) -> list[Path]:
    """Write the labels; gives the two files that lead to them.

    Raises:
        InputError: as `exported_images`, two images with the same labels, or the folder cannot be
            written.
    """
    listed = []
    taken: set[PurePosixPath] = set()
    for index, image in enumerate(exported_images(file, source)):
        path = _below_images(image.path)
        place = _labels_path(path)
        if place in taken:
            raise InputError(
                f"leads to labels of another image, {place}",
                file=source,
                record=f"images[{index}] (id {image.id})",
                field="file_name",
            )
        taken.add(place)
        labels = folder / place
        make_folder(labels.parent)
        write_bytes_atomic(labels, _labels(image).encode())
        listed.append(f"./images/{path}\n")
    names = "".join(
        f"  {index}: {json.dumps(name, ensure_ascii=False)}\n"
        for index, name in enumerate(category_names(file))
    )
    settings, images = folder / "data.yaml", folder / "val.txt"
    write_bytes_atomic(images, "".join(listed).encode())
    # Without `path`, ultralytics reads names of files from this file's folder; it would read a
    # relative one from the working directory.
    write_bytes_atomic(
        settings, f"train: {images.name}\nval: {images.name}\nnames:\n{names}".encode()
    )
    return [settings, images]


def _below_images(path: PurePosixPath) -> PurePosixPath:
    """A path without its leading `images/`, in which the image is put."""
    parts = path.parts
    return PurePosixPath(*parts[1:]) if parts[0] == "images" and len(parts) > 1 else path


def _labels_path(path: PurePosixPath) -> PurePosixPath:
    """Where ultralytics looks for the labels of an image, from its path below `images/`."""
    folders = ["images", *path.parts[:-1]]
    last = max(index for index, name in enumerate(folders) if name == "images")
    folders[last] = "labels"
    return PurePosixPath(*folders, path.with_suffix(".txt").name)


def _labels(image: ExportedImage) -> str:
    height, width = image.size
    lines = []
    for one in image.objects:
        if one.state != "mask" or one.mask is None:
            continue
        pixels = decode_rle(one.mask)
        if pixels.any():
            fractions = single_outline(np.ascontiguousarray(pixels)) / (width, height)
            lines.append(f"{one.category} " + " ".join(f"{value:.8g}" for value in fractions.flat))
    return "".join(f"{line}\n" for line in lines)
