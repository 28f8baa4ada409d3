"""Predict image files and write the results: what `dataseg predict` runs."""

import sys
from dataclasses import dataclass
from pathlib import Path

from model.data.image_list import list_images
from model.data.image_reading import read_pixels
from model.inference.result_names import PICTURE_FOLDERS
from model.network.dataset_modules import dataset_index
from model.runtime.checkpoint import read_header
from model.runtime.device import chosen_device
from model.text.choice import TextChoice, find_embeddings
from model.text.vocabulary import Vocabulary
from o365seg.errors import InputError
from o365seg.formats.task import Task
from o365seg.terminal import progress_bar


@dataclass(frozen=True)
class Drawing:
    """Whether results are drawn, and the minimum score of the instances drawn, 0 to 1."""

    wanted: bool
    shown_score: float


def predict_files(
    given: list[Path],
    checkpoint: Path,
    vocabulary: Vocabulary,
    text: TextChoice,
    tasks: list[Task],
    out: Path,
    *,
    image_ids: Path | None,
    size: int | None,
    confidence: float,
    exact: bool,
    device: str | None,
    dataset: str | None,
    drawing: Drawing,
) -> None:
    """Predict images one by one; an invalid image does not stop the others.

    Raises:
        InputError: an input is invalid; or, at the end, images were invalid (each is reported on
            stderr, and the results of the others are written); or a result cannot be written.
    """
    # Check the inputs before the slow imports and the model.
    images = list_images(given, image_ids, [out / name for name in PICTURE_FOLDERS])
    modules = read_header(checkpoint)[0].dataset_modules
    index = dataset_index(modules, dataset, checkpoint, "--dataset")
    device = chosen_device(device)
    embeddings = find_embeddings(vocabulary, text, device)
    from model.inference.predictor import load_predictor
    from model.inference.result_files import ResultFiles

    predictor = load_predictor(
        checkpoint,
        vocabulary,
        embeddings,
        size=size,
        confidence=confidence,
        device=device,
        dataset_index=index,
        exact=exact,
    )
    files = ResultFiles(out, vocabulary, overlays=drawing.wanted, shown_score=drawing.shown_score)
    failures: list[InputError] = []

    try:
        for image in progress_bar.progress(images, "images"):
            try:
                pixels = read_pixels(image.path)
            except InputError as error:
                failures.append(error)
                continue
            files.add(image, pixels, predictor.predict([pixels], tasks)[0])
    finally:  # if interrupted, out of memory or disk, keep the records of the images done so far
        if len(images) > 1:
            for failure in failures:
                sys.stderr.write(f"skipped: {failure}\n")
        written = files.finish()
    if failures and len(images) == 1:
        raise failures[0]
    if failures:
        raise InputError(f"{len(failures)} of {len(images)} images were skipped", file=out)
    sys.stderr.write(f"written: {out}: {', '.join(path.name for path in written)}\n")
