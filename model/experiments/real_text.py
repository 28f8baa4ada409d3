"""Text embeddings for the recipe `real`: CLIP's where there are any, or else substitutes near them.

The files have CLIP's embeddings of COCO's and Objects365's things, but of no stuff. A substitute is
the mean of all those embeddings plus a random direction for each word of the name, so that `sky` is
near `sky-other-merged` and nothing else. Street users of CamVid have COCO's names.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from model.text.embedding_files import save_embeddings, unit_rows
from model.text.shipped_vocabularies import shipped_vocabulary
from model.text.vocabulary import Vocabulary, clean_name
from o365seg.errors import InputError

_FILES = {
    "coco_panoptic": "coco_clip_a+cname.npy",  # its 80 things, by id
    "objects365": "o365_clip_a+cnamefix.npy",
}
_SAME_AS = {"pedestrian": ("person",), "bicyclist": ("person", "bicycle")}


def write_text(data_root: Path, vocabularies: Sequence[Vocabulary], path: Path) -> Path:
    """Write the embeddings of all classes to a file for `--embeddings`.

    Raises:
        InputError: CLIP's embeddings are missing or have another number of rows.
    """
    known = _clip_vectors(data_root / "clip_text_embeddings")
    mean = np.mean(list(known.values()), axis=0)
    spread = float(np.mean([np.linalg.norm(row - mean) for row in known.values()]))
    rows: dict[str, np.ndarray] = {}
    for vocabulary in vocabularies:
        for name in vocabulary.prompt_names:
            rows[name] = _vector(name, known, mean, spread)
    vectors = unit_rows(np.stack(list(rows.values())), list(rows), path)
    save_embeddings(path, list(rows), vectors, {"model": "CLIP ViT-B/32 and stand-ins"})
    return path


def _clip_vectors(folder: Path) -> dict[str, np.ndarray]:
    """Unit vectors by clean name; COCO's where both sets have one."""
    found: dict[str, np.ndarray] = {}
    for name, file in reversed(_FILES.items()):
        vocabulary = shipped_vocabulary(name)
        things = zip(vocabulary.prompt_names, vocabulary.is_thing, strict=True)
        names = [word for word, thing in things if thing]
        try:
            vectors = np.load(folder / file)
        except (OSError, ValueError) as error:
            raise InputError(f"cannot be read: {error}", file=folder / file) from None
        if len(vectors) != len(names):
            raise InputError(f"{len(vectors)} rows, not {len(names)}", file=folder / file)
        found |= dict(zip(names, unit_rows(vectors, names, folder / file), strict=True))
    return found


def _vector(name: str, known: dict[str, np.ndarray], mean: np.ndarray, spread: float) -> np.ndarray:
    if name in known:
        return known[name]
    same = _SAME_AS.get(clean_name(name))
    if same:
        return np.mean([known[word] for word in same], axis=0)
    words = re.findall("[a-z0-9]+", name)
    own = np.sum([_direction(word, len(mean)) for word in words], axis=0)
    return (mean + spread * own / np.linalg.norm(own)).astype(np.float32)


def _direction(word: str, width: int) -> np.ndarray:
    vector = np.random.default_rng(list(word.encode())).normal(size=width)
    return vector / np.linalg.norm(vector)
