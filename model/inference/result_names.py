"""Names of the files that a prediction writes, known before PyTorch is loaded."""

from o365seg.formats.task import Task

IMAGES_FILE = "images.json"
RECORD_FILES = {
    Task.PANOPTIC: "panoptic.json",
    Task.SEMANTIC: "semantic.json",
    Task.INSTANCE: "instances.json",
}
OVERLAYS = "overlays"
PICTURE_FOLDERS = (Task.PANOPTIC, Task.SEMANTIC, OVERLAYS)
