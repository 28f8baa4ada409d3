"""Label Studio: tasks with brush masks, and the labelling interface that shows them.

    config.xml     the interface: paste it into a new project
    tasks.json     import it then; an image a task

Objects without a mask are boxes, with their state and reason as the text of the region.
https://labelstud.io/guide/export#Label-Studio-JSON-format-of-annotated-tasks
"""

from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

import numpy as np

from o365seg.exports.images import ExportedImage, ExportedObject, category_names, exported_images
from o365seg.formats.json_files import make_folder, write_bytes_atomic, write_json_atomic
from o365seg.formats.masks import Rle, decode_rle
from o365seg.formats.records import AnnotationFile

IMAGE_PREFIX = "/data/local-files/?d="
"""Of image addresses: Label Studio's local storage."""

_LENGTH_BITS = (3, 4, 8, 16)


def write_label_studio(
    file: AnnotationFile, source: Path, folder: Path, image_prefix: str = IMAGE_PREFIX
) -> list[Path]:
    """Write the tasks and the interface; gives both files.

    Args:
        file: The release.
        source: The name that errors give it.
        folder: Made where it is not there.
        image_prefix: What stands before the path of an image in its address.

    Raises:
        InputError: as `exported_images`, or the folder cannot be written.
    """
    make_folder(folder)
    tasks = [_task(image, image_prefix) for image in exported_images(file, source)]
    config, content = folder / "config.xml", folder / "tasks.json"
    write_json_atomic(content, tasks)
    write_bytes_atomic(config, _config(category_names(file)).encode())
    return [config, content]


def brush_rle(mask: Rle) -> list[int]:
    """A mask as Label Studio's brush stores it: the RGBA pixels, row by row, packed by rle-pack.

    The packing (https://github.com/thi-ng/umbrella/tree/develop/packages/rle-pack): 32 bits for
    the number of values, 5 and 4 times 4 bits for the sizes of a value and of four kinds of
    lengths; then for each run a 1, 2 bits for the kind, the length less one, and the value.

    Returns:
        The bytes.
    """
    pixels = decode_rle(mask).ravel()  # row by row
    edges = np.concatenate([[0], np.flatnonzero(np.diff(pixels)) + 1, [pixels.size]])
    bits = [f"{4 * pixels.size:032b}", f"{8 - 1:05b}", *(f"{n - 1:04b}" for n in _LENGTH_BITS)]
    for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        value = f"{255 * int(pixels[start]):08b}"
        left = 4 * (end - start)  # the four channels of a pixel are equal
        while left:
            length = min(left, 1 << _LENGTH_BITS[-1])
            kind = next(k for k, size in enumerate(_LENGTH_BITS) if length <= 1 << size)
            bits.append(f"1{kind:02b}{length - 1:0{_LENGTH_BITS[kind]}b}{value}")
            left -= length
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return list(int(text, 2).to_bytes(len(text) // 8, "big"))


def _task(image: ExportedImage, image_prefix: str) -> dict[str, Any]:
    regions = [_region(one, image.size) for one in image.objects]
    return {
        "data": {"image": image_prefix + quote(str(image.path)), "image_id": str(image.id)},
        "annotations": [{"result": [region for region in regions if region]}],
    }


def _region(one: ExportedObject, size: tuple[int, int]) -> dict[str, Any] | None:
    height, width = size
    region = {
        "id": str(one.id),
        "to_name": "image",
        "original_width": width,
        "original_height": height,
        "image_rotation": 0,
    }
    if one.state != "mask":
        region["meta"] = {"text": [": ".join(filter(None, (one.state, one.skip_reason)))]}
    if one.mask is not None:
        value = {"format": "rle", "rle": brush_rle(one.mask), "brushlabels": [one.name]}
        return region | {"from_name": "mask", "type": "brushlabels", "value": value}
    if one.box is None:
        return None
    x, y, across, down = one.box
    value = {
        "x": 100 * x / width,
        "y": 100 * y / height,
        "width": 100 * across / width,
        "height": 100 * down / height,
        "rotation": 0,
        "rectanglelabels": [one.name],
    }
    return region | {"from_name": "box", "type": "rectanglelabels", "value": value}


def _config(names: list[str]) -> str:
    labels = "".join(f"    <Label value={quoteattr(name)}/>\n" for name in names)
    return (
        '<View>\n  <Image name="image" value="$image" zoom="true"/>\n'
        f'  <BrushLabels name="mask" toName="image">\n{labels}  </BrushLabels>\n'
        f'  <RectangleLabels name="box" toName="image">\n{labels}  </RectangleLabels>\n</View>\n'
    )
