"""Files of text embeddings, our own and others', which replace a text encoder.

| file | embeddings | names |
|---|---|---|
| `.npy` | the array | none: row k is class k |
| `.npz` | `embeddings`, or its only array of two dimensions | `names`, optional |
| `.safetensors` | `embeddings`, or its only tensor | metadata `names`, a JSON list, optional |
"""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model.text.vocabulary import Vocabulary, clean_name
from o365seg.errors import InputError
from o365seg.formats.json_files import read_bytes, write_bytes_atomic


def read_embeddings(path: str | Path, vocabulary: Vocabulary) -> np.ndarray:
    """The text embeddings of a vocabulary.

    If the file has names, each class is looked up by its name, ignoring case, then by its clean
    name. Otherwise row k belongs to class k.

    Returns:
        float32[K, D], rows of length 1.

    Raises:
        InputError: the file is missing or invalid, a class is missing (it is named), the number
            of rows is wrong, or a row is zero or not finite.
    """
    names, embeddings = _read(Path(path))
    if names is None:
        if len(embeddings) != len(vocabulary):
            raise InputError(
                f"has {len(embeddings)} rows and no names, the vocabulary {len(vocabulary)} "
                "classes",
                file=path,
            )
        return unit_rows(embeddings, vocabulary.names, path)
    # Clean names first, so that exact names replace them.
    rows = {clean_name(name): row for row, name in reversed(list(enumerate(names)))}
    rows |= {name.strip().casefold(): row for row, name in enumerate(names)}
    wanted = []
    for name in vocabulary.names:
        row = rows.get(name.strip().casefold(), rows.get(clean_name(name)))
        if row is None:
            raise InputError(f"has no embedding of {name!r} among its {len(names)}", file=path)
        wanted.append(row)
    return unit_rows(embeddings[wanted], vocabulary.names, path)


def read_names(path: str | Path) -> list[str] | None:
    """The names in a file of embeddings; None if it has none.

    Raises:
        InputError: as `read_embeddings`.
    """
    return _read(Path(path))[0]


def save_embeddings(
    path: str | Path, names: Sequence[str], embeddings: np.ndarray, about: Mapping[str, Any]
) -> None:
    """Write float32[K, D] embeddings as `.npz` with their names and how they were made.

    Args:
        path: The file, replaced atomically.
        names: Names of the K classes.
        embeddings: Their embeddings.
        about: JSON-ready description of their origin, stored as text under `about`.

    Raises:
        InputError: the file cannot be written.
    """
    buffer = io.BytesIO()
    np.savez(
        buffer,
        names=np.array(list(names), np.str_),
        embeddings=embeddings.astype(np.float32),
        about=np.array(json.dumps(dict(about))),
    )
    write_bytes_atomic(path, buffer.getvalue())


def read_cached(path: Path, names: Sequence[str]) -> np.ndarray | None:
    """The embeddings of a cache file; None if it is missing, invalid or has other names."""
    try:
        found, embeddings = _read(path)
        if found == list(names):
            return unit_rows(embeddings, names, path)
    except InputError:
        pass
    return None


def unit_rows(embeddings: np.ndarray, names: Sequence[str], source: str | Path) -> np.ndarray:
    """float32[K, D] with rows of length 1.

    Raises:
        InputError: a row is zero or not finite; its class is named.
    """
    rows = embeddings.astype(np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    bad = np.flatnonzero(~(np.isfinite(lengths) & (lengths > 0)))
    if bad.size:
        name = names[bad[0]]
        raise InputError(f"the embedding of {name!r} is zero or not finite", file=source)
    return rows / lengths


def _read(path: Path) -> tuple[list[str] | None, np.ndarray]:
    """Names, or None if there are none, and float[rows, D]."""
    readers = {".npy": _read_npy, ".npz": _read_npz, ".safetensors": _read_safetensors}
    if path.suffix not in readers:
        raise InputError(
            f"text embeddings come as {', '.join(readers)}, not as {path.suffix or 'this'}",
            file=path,
        )
    data = read_bytes(path)
    names, embeddings = readers[path.suffix](data, path)
    if embeddings.ndim != 2 or 0 in embeddings.shape or embeddings.dtype.kind != "f":
        raise InputError(
            f"holds {embeddings.dtype}{list(embeddings.shape)}; embeddings are floats "
            "[classes, length]",
            file=path,
        )
    if names is not None and len(names) != len(embeddings):
        raise InputError(f"{len(names)} names for {len(embeddings)} embeddings", file=path)
    return names, embeddings


def _read_npy(data: bytes, path: Path) -> tuple[None, np.ndarray]:
    try:
        return None, np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, OSError, MemoryError) as error:
        raise InputError(f"not a valid .npy file: {error}", file=path) from None


def _read_npz(data: bytes, path: Path) -> tuple[list[str] | None, np.ndarray]:
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (
        ValueError,
        EOFError,
        OSError,
        MemoryError,
        zipfile.BadZipFile,
        AttributeError,
    ) as error:
        raise InputError(f"not a valid .npz file: {error}", file=path) from None
    names = arrays.pop("names", None)
    if names is not None and (names.ndim != 1 or names.dtype.kind != "U"):
        raise InputError("names must be a list of strings", file=path, field="names")
    return None if names is None else names.tolist(), _pick(arrays, path)


def _read_safetensors(data: bytes, path: Path) -> tuple[list[str] | None, np.ndarray]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        names = json.loads(header.get("__metadata__", {}).get("names", "null"))
    except (SafetensorError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"not a valid .safetensors file: {error}", file=path) from None
    is_list = isinstance(names, list) and all(isinstance(name, str) for name in names)
    if names is not None and not is_list:
        raise InputError("names must be a list of strings", file=path, field="__metadata__.names")
    return names, _pick(arrays, path)


def _pick(arrays: dict[str, np.ndarray], path: Path) -> np.ndarray:
    if "embeddings" in arrays:
        return arrays["embeddings"]
    tables = [array for array in arrays.values() if array.ndim == 2]
    if len(tables) != 1:
        raise InputError("contains no array named embeddings", file=path)
    return tables[0]
