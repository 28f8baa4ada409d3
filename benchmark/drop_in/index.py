"""pycocotools' index of a COCO file, which makes its dictionaries only when somebody asks.

An evaluation by the core reads the text itself, so the dictionaries of a file's annotations are
never made on its way. `imgs` and `cats` alone leave annotations alone.
"""

import contextlib
import io
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools.coco import COCO as StockCOCO  # noqa: N811

from benchmark.reading.input_text import read_buffer

_LIGHT = ("imgs", "cats")
_HEAVY = ("dataset", "anns", "imgToAnns", "catToImgs")


class COCO(StockCOCO):
    """`pycocotools.coco.COCO`, filled on demand.

    A file is read at once; what is wrong inside it shows when its dictionaries or an evaluation
    need it.

    Args:
        annotation_file: A file in COCO's format (gzip too); None for an empty index.

    Raises:
        OSError: the file cannot be read.
    """

    def __init__(self, annotation_file: str | os.PathLike[str] | None = None) -> None:
        self._source: _File | _Results | None = None
        self._given: object = None  # what `imgs` and `cats` were when somebody asked for them
        if annotation_file is None:
            super().__init__()
            return
        start = time.time()
        print("loading annotations into memory...")
        self._source = _File(_read(annotation_file))
        print(f"Done (t={time.time() - start:0.2f}s)")
        print("creating index...\nindex created!")

    def source_text(self) -> bytes | None:
        """The JSON that this index stands for; None once its dictionaries may have changed.

        Raises:
            TypeError: records in memory that JSON does not know.
        """
        return None if self._source is None else self._source.text()

    @property
    def is_untouched(self) -> bool:
        """Whether nobody has asked for annotations, nor changed images or categories."""
        if self._source is None or any(name in vars(self) for name in _HEAVY):
            return False
        return self._given is None or self._given == _outline(self.imgs, self.cats)

    def __getattr__(self, name: str) -> Any:
        """Make the dictionaries when one of them is first asked for."""
        source = vars(self).get("_source")
        if source is None or name not in (*_LIGHT, *_HEAVY):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        if name in _LIGHT and (found := source.head()) is not None:
            self.imgs, self.cats = found
            self._given = _outline(*found)
        else:
            self._fill()
        return vars(self)[name]

    def _fill(self) -> None:
        source = self._source
        if source is None:
            return
        made = source.load()
        self._source = None
        for name in (*_LIGHT, *_HEAVY):
            vars(self).setdefault(name, getattr(made, name))

    def __getstate__(self) -> dict[str, Any]:
        """Copies and pickles hold the dictionaries."""
        self._fill()
        return vars(self)

    def getCatIds(self, catNms: Any = (), supNms: Any = (), catIds: Any = ()) -> Any:  # noqa: N802, N803
        """The original's, without making dictionaries of annotations."""
        if not self.is_untouched:
            return super().getCatIds(catNms, supNms, catIds)
        view: Any = StockCOCO()
        view.dataset = {"categories": list(self.cats.values())}
        return view.getCatIds(catNms, supNms, catIds)

    def loadRes(self, resFile: Any) -> Any:  # noqa: N802, N803
        """An index of results: a file, a list of records or an array of boxes.

        As with the original, the index has the records that a list holds now, whatever becomes of
        the list; changes of a record count until the index is filled, which completes it in place.

        Raises:
            OSError: the file cannot be read.
            AssertionError: it holds no list.
            IndexError: there is no result.
        """
        start = time.time()
        print("Loading and preparing results...")
        if isinstance(resFile, str | os.PathLike):
            given: Any = _read(resFile)
            start_of_text = bytes(given[:64]).lstrip()
            assert start_of_text[:1] in (b"[", b""), "results in not an array of objects"
            empty = len(given) < 64 and start_of_text.strip() in (b"[]", b"")
        else:
            of_array: Any = self.loadNumpyAnnotations
            given = of_array(resFile) if type(resFile) is np.ndarray else resFile
            assert type(given) is list, "results in not an array of objects"
            given = list(given)  # the caller may clear theirs
            empty = not given
        if empty:
            raise IndexError("list index out of range")
        found = COCO()
        for name in (*_LIGHT, *_HEAVY):
            del vars(found)[name]
        found._source = _Results(self, given)
        print(f"DONE (t={time.time() - start:0.2f}s)")
        print("creating index...\nindex created!")
        return found


Light = tuple[dict[Any, Any], dict[Any, Any]]


def _outline(images: dict[Any, Any], categories: dict[Any, Any]) -> object:
    """What an evaluation takes of images and categories: ids and sizes."""
    sizes = {key: (one.get("width"), one.get("height")) for key, one in images.items()}
    return sizes, set(categories)


class _File:
    """A COCO file's text, bytes or a view of them."""

    def __init__(self, data: Any) -> None:
        self._data = data
        self._head: dict[str, list[dict[str, Any]]] | None = None

    def text(self) -> bytes:
        return self._data

    def head(self) -> Light | None:
        """`imgs` and `cats`; None where all of the file must be read for them."""
        import msgspec  # here and below: an evaluation of files does without

        try:
            parts = msgspec.json.decode(self._data, type=dict[str, msgspec.Raw])
            head = {
                name: msgspec.json.decode(parts.get(name, b"[]"), type=list[dict[str, Any]])
                for name in ("images", "categories")
            }
            images, categories = ({one["id"]: one for one in some} for some in head.values())
        except (msgspec.MsgspecError, KeyError):
            return None
        self._head = head
        return images, categories

    def load(self) -> StockCOCO:
        dataset = json.loads(bytes(self._data))
        assert type(dataset) is dict, f"annotation file format {type(dataset)} not supported"
        if self._head is not None:  # the very records that `imgs` and `cats` have given out
            dataset |= {name: found for name, found in self._head.items() if name in dataset}
        made: Any = StockCOCO()
        made.dataset = dataset
        with contextlib.redirect_stdout(io.StringIO()):
            made.createIndex()
        return made


class _Results:
    """Results of a parent index: a file's text (bytes or a view of them), or records."""

    def __init__(self, parent: COCO, given: Any) -> None:
        self._parent = parent
        self._given = given

    def text(self) -> bytes:
        return records_to_json(self._given) if isinstance(self._given, list) else self._given

    def head(self) -> Light | None:
        return None

    def load(self) -> StockCOCO:
        given = self._given if isinstance(self._given, list) else json.loads(bytes(self._given))
        with contextlib.redirect_stdout(io.StringIO()):
            return StockCOCO.loadRes(self._parent, given)  # type: ignore[arg-type]


def records_to_json(records: Any) -> bytes:
    """Records as JSON, with pycocotools' `bytes` counts as text and numpy's numbers as numbers.

    Raises:
        TypeError: a value that JSON does not know.
    """
    import msgspec

    return msgspec.json.encode([_with_text(record) for record in records], enc_hook=_plain)


def _with_text(record: dict[str, Any]) -> dict[str, Any]:
    mask = record.get("segmentation")
    if type(mask) is dict and type(counts := mask.get("counts")) is bytes:
        return record | {"segmentation": mask | {"counts": counts.decode("ascii")}}
    return record


def _plain(value: object) -> object:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"must be JSON-compatible, not {type(value).__name__}")


def _read(path: str | os.PathLike[str]) -> Any:
    """A file's JSON, bytes or a view of them."""
    data = read_buffer(Path(path))
    if data[:1] in b"{[ \n\r\t":  # how JSON begins
        return data
    from o365seg.formats.json_files import plain_text

    return plain_text(bytes(data), Path(path))
