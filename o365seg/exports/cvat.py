"""CVAT: `CVAT for images 1.1` with masks, and the labels that its task needs.

    labels.json         paste it as raw labels when you create the task
    annotations.xml     upload it to the task then, as "CVAT 1.1"

Objects without a mask are boxes. Each object has its state and skip reason as attributes.
https://docs.cvat.ai/docs/manual/advanced/xml_format/
"""

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from o365seg.exports.images import ExportedImage, ExportedObject, category_names, exported_images
from o365seg.formats.json_files import make_folder, write_bytes_atomic
from o365seg.formats.masks import Rle, decode_rle, mask_box
from o365seg.formats.records import AnnotationFile

_STATES = ["mask", "skipped", "unanswered", "crowd"]


def write_cvat(file: AnnotationFile, source: Path, folder: Path) -> list[Path]:
    """Write the labels and the annotations; gives both files.

    Raises:
        InputError: as `exported_images`, or the folder cannot be written.
    """
    make_folder(folder)
    root = ElementTree.Element("annotations")
    ElementTree.SubElement(root, "version").text = "1.1"
    descriptions = [_label(name) for name in category_names(file)]
    root.append(_meta(descriptions, len(file.images)))
    for number, image in enumerate(exported_images(file, source)):
        root.append(_image(number, image))
    ElementTree.indent(root)
    labels, annotations = folder / "labels.json", folder / "annotations.xml"
    text = json.dumps(descriptions, indent=1, ensure_ascii=False)
    write_bytes_atomic(annotations, ElementTree.tostring(root, "utf-8", xml_declaration=True))
    write_bytes_atomic(labels, f"{text}\n".encode())
    return [labels, annotations]


def cropped_runs(mask: Rle, box: tuple[int, int, int, int]) -> list[int]:
    """Run lengths of the pixels in a box, row by row, background first, as CVAT counts them.

    Args:
        mask: The mask.
        box: (x, y, width, height) in pixels, inside the image.
    """
    x, y, width, height = box
    pixels = decode_rle(mask)[y : y + height, x : x + width].ravel()
    edges = np.concatenate([[0], np.flatnonzero(np.diff(pixels)) + 1, [pixels.size]])
    runs = np.diff(edges).tolist()
    return [0, *runs] if pixels[0] else runs


def _meta(labels: list[dict], images: int) -> ElementTree.Element:
    """The head, as CVAT writes it: other readers take the labels from it."""
    meta = ElementTree.Element("meta")
    task = ElementTree.SubElement(meta, "task")
    ElementTree.SubElement(task, "size").text = str(images)
    ElementTree.SubElement(task, "mode").text = "annotation"
    listed = ElementTree.SubElement(task, "labels")
    for label in labels:
        element = ElementTree.SubElement(listed, "label")
        ElementTree.SubElement(element, "name").text = label["name"]
        attributes = ElementTree.SubElement(element, "attributes")
        for attribute in label["attributes"]:
            one = ElementTree.SubElement(attributes, "attribute")
            for key, value in attribute.items():
                text = "\n".join(value) if key == "values" else str(value)
                ElementTree.SubElement(one, key).text = text
    return meta


def _image(number: int, image: ExportedImage) -> ElementTree.Element:
    height, width = image.size
    element = ElementTree.Element(
        "image", id=str(number), name=str(image.path), width=str(width), height=str(height)
    )
    for one in image.objects:
        shape = _shape(one)
        if shape is not None:
            element.append(shape)
            ElementTree.SubElement(shape, "attribute", name="state").text = one.state
            ElementTree.SubElement(shape, "attribute", name="skip_reason").text = one.skip_reason
    return element


def _shape(one: ExportedObject) -> ElementTree.Element | None:
    common = {"label": one.name, "source": "manual", "occluded": "0", "z_order": "0"}
    tight = one.mask and mask_box(one.mask)
    if one.mask is not None and tight is not None:
        runs = ", ".join(map(str, cropped_runs(one.mask, tight)))
        place = dict(zip(("left", "top", "width", "height"), map(str, tight), strict=True))
        return ElementTree.Element("mask", common | {"rle": runs} | place)
    if one.box is None:
        return None
    x, y, width, height = one.box
    corners = {"xtl": x, "ytl": y, "xbr": x + width, "ybr": y + height}
    return ElementTree.Element("box", common | {key: f"{at:.2f}" for key, at in corners.items()})


def _label(name: str) -> dict:
    state = {"name": "state", "mutable": False, "input_type": "select"}
    reason = {"name": "skip_reason", "mutable": False, "input_type": "text"}
    return {
        "name": name,
        "attributes": [
            state | {"default_value": "mask", "values": _STATES},
            reason | {"default_value": "", "values": [""]},
        ],
    }
