"""A small project over the public-domain photographs that ship inside scikit-image's wheel."""

import shutil
import tempfile
from importlib import resources
from pathlib import Path

import skimage

from o365seg.errors import InputError
from o365seg.formats.json_files import read_json, write_json_atomic
from o365seg.formats.records import read_annotations
from o365seg.project.creation import CreationReport, create_project
from o365seg.project.folder import PROJECT_FILE, ProjectFile

IMAGES_FOLDER = "photographs"
PREDICTIONS_FOLDER = "predictions"
PREDICTIONS = ("grabcut.json", "ellipses.json")
"""Predictions for the photographs, to be scored (`docs/make_demo_predictions.py`)."""
SEED = 21  # begins with a plain photograph and ends with the blurred one


def predictions_folder() -> Path:
    """Where `PREDICTIONS` lie."""
    return Path(str(resources.files(__name__) / PREDICTIONS_FOLDER))


def create_demo(folder: Path) -> CreationReport:
    """Create the demo project, with the photographs that `detections.json` names.

    The project needs nothing outside its folder afterwards.

    Raises:
        InputError: the folder is in the way, or this scikit-image lacks a photograph.
    """
    if folder.exists():
        raise InputError("already exists; choose a new folder", file=folder)
    detections = Path(str(resources.files(__name__) / "detections.json"))
    names = [image.file_name for image in read_annotations(detections).images]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as work:
        photographs = Path(work) / IMAGES_FOLDER
        photographs.mkdir()
        for name in names:
            source = Path(skimage.data_dir) / name
            if not source.is_file():
                raise InputError(
                    "the installed scikit-image does not include this photograph", file=source
                )
            shutil.copyfile(source, photographs / name)
        report = create_project(
            Path(work) / "project", detections, photographs, images=len(names), seed=SEED
        )
        # Inside the project, so that the folder can be moved or copied as a whole.
        project = Path(work) / "project"
        photographs.rename(project / IMAGES_FOLDER)
        shutil.copytree(predictions_folder(), project / PREDICTIONS_FOLDER)
        about = read_json(project / PROJECT_FILE, ProjectFile)
        about.image_root = IMAGES_FOLDER
        about.is_demo = True
        write_json_atomic(project / PROJECT_FILE, about)
        project.rename(folder)
    return report
