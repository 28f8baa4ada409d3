"""A release to look at: its images with masks and boxes, as a page and a contact sheet.

The paper's figure 6 shows such images as evidence of mask quality (appendix C). The page holds
every image and can be filtered; images are read one at a time and written at once, so memory does
not grow with their number.
"""

import io
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from o365seg.errors import InputError
from o365seg.formats.json_files import make_folder, replacing, write_bytes_atomic
from o365seg.formats.records import Annotation, AnnotationFile, read_annotations
from o365seg.formats.records import Image as ImageRecord
from o365seg.gallery.contact_sheet import SheetImage, contact_sheet
from o365seg.gallery.html import ShownImage, figure, page_end, page_start
from o365seg.gallery.objects import shown_objects
from o365seg.images.drawing import shrink
from o365seg.images.image_files import ImageProblem, open_upright
from o365seg.presentation.html_page import data_uri
from o365seg.statistics.contents import kind_of
from o365seg.terminal.progress_bar import progress

SHEET_IMAGES = 12
"""How many images the contact sheet shows."""
_SHEET_SIDE = 720


@dataclass(frozen=True)
class Written:
    """What `write_gallery` made.

    Attributes:
        page: The HTML file.
        sheet: The contact sheet; None where no image with a mask could be opened.
        images: Images on the page.
        problems: A line for each image that could not be shown.
    """

    page: Path
    sheet: Path | None
    images: int
    problems: list[str]


def write_gallery(
    release: Path,
    images: Path,
    page: Path,
    *,
    side: int = 640,
    beside: bool = False,
    sheet_images: int = SHEET_IMAGES,
) -> Written:
    """Write the page, and the contact sheet as a PNG of the same name beside it.

    Args:
        release: A release, or any COCO-format file.
        images: The folder that its file names lead into, leading folders off or on.
        page: The HTML file to write.
        side: The longer side of a picture on the page, in pixels; none is enlarged.
        beside: Keep the pictures as files in a folder beside the page, so that a browser reads
            those alone that it shows. Else all is in the one file.
        sheet_images: How many images the contact sheet shows, evenly spread over the release.

    Raises:
        InputError: the release or a mask in it is unsound, the folder is not there, no image can
            be shown, or the page cannot be written.
    """
    if not images.is_dir():
        raise InputError("no such folder", file=images)
    file = read_annotations(release)
    objects = _objects_by_image(file)
    for_sheet = _spread([i for i in file.images if _has_mask(objects[i.id])], sheet_images)
    folder = page.with_name(f"{page.stem}_pictures") if beside else None
    if folder is not None:
        make_folder(folder)
    sheet: list[SheetImage] = []
    problems: list[str] = []
    shown = 0
    with replacing(page) as temporary, temporary.open("w", encoding="utf-8") as text:
        text.write(page_start(release.name, file, beside=beside))
        for record in progress(file.images, "Drawing"):
            try:
                pixels = open_upright(images, record)
            except ImageProblem as problem:
                problems.append(f"{record.name or f'image {record.id}'}: {problem}")
                continue
            seen = shown_objects(objects[record.id], record, file, release)
            small, scale = shrink(pixels, side)
            uri = _picture(small, folder, record.id)
            text.write(figure(ShownImage(record, uri, small.width, small.height, scale, seen)))
            shown += 1
            if record.id in for_sheet:
                sheet.append(SheetImage(shrink(pixels, _SHEET_SIDE)[0], record.width, seen))
        if not shown:
            why = f": {problems[0]}" if problems else ""
            raise InputError(f"no image can be shown{why}", file=images)
        text.write(page_end(problems))
    sheet_path = page.with_suffix(".png") if sheet else None
    if sheet_path is not None:
        buffer = io.BytesIO()
        contact_sheet(sheet).save(buffer, "PNG", optimize=True)
        write_bytes_atomic(sheet_path, buffer.getvalue())
    return Written(page, sheet_path, shown, problems)


def _objects_by_image(file: AnnotationFile) -> dict[int, list[tuple[int, Annotation]]]:
    """The annotations of each image, with their places in the file."""
    found: dict[int, list[tuple[int, Annotation]]] = defaultdict(list)
    for place, annotation in enumerate(file.annotations):
        found[annotation.image_id].append((place, annotation))
    return found


def _has_mask(objects: Sequence[tuple[int, Annotation]]) -> bool:
    return any(kind_of(annotation) == "mask" for _, annotation in objects)


def _spread(images: Sequence[ImageRecord], number: int) -> set[int]:
    """Ids of `number` images, evenly spread over the sequence; of all where there are fewer."""
    number = min(number, len(images))
    return {images[place * len(images) // number].id for place in range(number)}


def _picture(image: Image.Image, folder: Path | None, number: int) -> str:
    """The image's address: itself, or that of the file that it was written to."""
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=80, method=4)
    if folder is None:
        return data_uri(buffer.getvalue(), "image/webp")
    path = folder / f"{number}.webp"
    write_bytes_atomic(path, buffer.getvalue())
    return f"{folder.name}/{path.name}"
