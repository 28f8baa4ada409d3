"""Small evaluations whose files hold every accepted form of a mask, for the native core's tests."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from o365seg.formats.masks import check_rle, compress_runs, encode_rle

SIZES = [(1, 1), (1, 9), (7, 1), (33, 40), (110, 100)]
FORMS = ["text", "text", "text", "counts", "hollow", "hollow text", "polygon"]
Json = dict[str, Any]


@dataclass
class Files:
    """An annotation file's content and a results file's."""

    truth: Json
    results: list[Json]

    def write(self, folder: Path) -> tuple[Path, Path]:
        truth, results = folder / "truth.json", folder / "results.json"
        truth.write_text(json.dumps(self.truth))
        results.write_text(json.dumps(self.results))
        return truth, results


@st.composite
def masks(draw: st.DrawFn, size: tuple[int, int]) -> np.ndarray:
    """A rectangle, some pixels of it, noise, everything or nothing; uint8[height, width]."""
    height, width = size
    mask = np.zeros(size, np.uint8)
    kind = draw(st.sampled_from(["box", "box", "box", "bitten", "noise", "all", "none", "pixel"]))
    if kind == "all":
        mask[:] = 1
    elif kind == "pixel":
        mask[draw(st.sampled_from([0, height - 1])), draw(st.sampled_from([0, width - 1]))] = 1
    elif kind == "noise":
        seed, share = draw(st.integers(0, 99)), draw(st.sampled_from([0.05, 0.5]))
        mask[:] = np.random.default_rng(seed).random(size) < share
    elif kind != "none":
        # Few places, so that equal overlaps and exact copies are frequent.
        y, x = (draw(st.sampled_from([0, 0, 1, n // 3])) for n in size)
        y1, x1 = (draw(st.sampled_from([n, n - n // 4, n // 2 + 1])) for n in size)
        mask[y:y1, x:x1] = 1
        if kind == "bitten":
            mask[y : y + draw(st.integers(1, 4)), x : x + max(1, width // 2)] = 0
    return mask


@st.composite
def segmentations(draw: st.DrawFn, mask: np.ndarray) -> Json | list[list[float]]:
    """`mask` in some form; as a polygon, something like its box."""
    rle = encode_rle(mask)
    runs = check_rle(rle).tolist()
    form = draw(st.sampled_from(FORMS))
    size = list(mask.shape)
    if form == "polygon" and mask.any():
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        x, y, u, v = columns[0], rows[0], columns[-1] + 1.25, rows[-1] + 0.5
        return [[float(n) for n in (x, y, u, y, u, v, x, v)]]
    if form.startswith("hollow"):  # with runs of no pixel, also at the ends
        place = draw(st.integers(0, len(runs) - 1))
        cut = draw(st.integers(0, runs[place]))
        runs = [*runs[:place], cut, 0, runs[place] - cut, *runs[place + 1 :]]
        if draw(st.booleans()):
            runs.append(0)
    if form in ("counts", "hollow"):
        return {"size": size, "counts": runs}
    text = compress_runs(np.array(runs), mask.shape)  # type: ignore[arg-type]
    return {"counts": text.counts, "size": size}


@st.composite
def files(draw: st.DrawFn, many: bool = False) -> Files:
    """Up to three images and categories; skipped objects, crowds, id 0, boxes, odd orders."""
    image_ids = draw(
        st.lists(st.sampled_from([1, 2, 9, -4, 2**40]), min_size=1, max_size=3, unique=True)
    )
    images = [
        {"id": i, "height": h, "width": w, "file_name": f"ü{i}.jpg", "license": None}
        for i, (h, w) in ((i, draw(st.sampled_from(SIZES))) for i in image_ids)
    ]
    sizes = {image["id"]: (image["height"], image["width"]) for image in images}
    categories = draw(st.permutations([1, 2, 7]))[: draw(st.integers(1, 3))]
    pools = {i: [draw(masks(sizes[i])) for _ in range(draw(st.integers(1, 3)))] for i in image_ids}
    with_areas, first_id = draw(st.booleans()), draw(st.sampled_from([1, 1, 0]))

    def place() -> Json:
        image = draw(st.sampled_from(image_ids))
        category = draw(st.sampled_from([categories[0], categories[0], *categories]))
        return {"image_id": image, "category_id": category}

    annotations = []
    for number in range(draw(st.sampled_from([0, 1, 2, 4, 7]))):
        record = {"id": first_id + number, **place()}
        mask = draw(st.sampled_from(pools[record["image_id"]]))
        height, width = mask.shape
        record["bbox"] = [
            draw(st.sampled_from([0, 0.5, -1.3, width / 3, 0.1])),
            draw(st.sampled_from([0, 0.5, -1.3, height / 3, 0.3])),
            draw(st.sampled_from([0, width, width / 2, 1.2, 0.2, width + 5.5])),
            draw(st.sampled_from([0, height, height / 2, 1.1, 0.3, height + 5.5])),
        ]
        kind = draw(st.sampled_from(["mask", "mask", "mask", "skipped", "crowd", "region", "bare"]))
        if kind in ("mask", "crowd"):
            record["segmentation"] = draw(segmentations(mask))
        if kind == "bare":
            record["segmentation"] = draw(st.sampled_from([None, [], {}]))
        if kind == "skipped":
            record |= {"skipped": True, "skip_reason": 'too "dark"', "ignore": 1}
        if kind in ("crowd", "region"):
            record["iscrowd"] = draw(st.sampled_from([1, True]))
        if with_areas:
            record["area"] = draw(st.sampled_from([1, 1024, 1024.5, 9216.0, float(mask.sum())]))
        annotations.append(record)

    with_boxes = draw(st.sampled_from([False, False, True]))
    results = []
    for _ in range(draw(st.integers(101, 130)) if many else draw(st.integers(1, 14))):
        record = place()
        mask = draw(st.sampled_from(pools[record["image_id"]]))
        if draw(st.booleans()):
            mask = np.roll(mask, 1, axis=draw(st.sampled_from([0, 1])))
        record["score"] = draw(st.sampled_from([0.0, 0.25, 0.5, 0.9, 1, 0.1234567890123456789]))
        record["segmentation"] = draw(segmentations(mask)) if mask.any() else []
        if with_boxes:
            record["bbox"] = [0.25, 0, draw(st.sampled_from([0, 3, 40.5])), 33]
        results.append(record)
    truth = {
        "licenses": None,
        "annotations": draw(st.permutations(annotations)),
        "images": images,
        "categories": [{"id": c, "name": f"Kategorie {c} – ž"} for c in categories],
    }
    return Files(truth, results)


HUGE = [(1, 2**20), (2**20, 1), (30_000, 40_000), (40_000, 30_000), (46_340, 46_340)]


@st.composite
def huge_files(draw: st.DrawFn) -> Files:
    """One image of up to 2.1 thousand million pixels; masks of a few columns, or of all of it."""
    height, width = draw(st.sampled_from(HUGE))

    def mask() -> Json:
        columns = draw(st.sampled_from([1, min(width, 3), min(width, 40)]))
        left = draw(st.sampled_from([0, width // 2, width - columns]))
        rows = draw(st.sampled_from([1, height // 3 + 1, height]))
        top = draw(st.sampled_from([0, (height - rows) // 2, height - rows]))
        kind = draw(st.sampled_from(["block", "block", "block", "all", "none", "last pixel"]))
        if kind == "block" and rows < height:
            runs = [left * height + top, rows, *[height - rows, rows] * (columns - 1)]
        elif kind == "block":
            runs = [left * height, columns * height]
        else:
            runs = {"all": [0, height * width], "none": []}.get(kind, [height * width - 1, 1])
        runs += [height * width - sum(runs)] * (sum(runs) < height * width)
        if draw(st.booleans()):
            return {"size": [height, width], "counts": runs}
        text = compress_runs(np.array(runs), (height, width))
        return {"size": [height, width], "counts": text.counts}

    pool = [mask() for _ in range(draw(st.integers(1, 3)))]
    place = {"image_id": 1, "category_id": 1}
    annotations = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        record: Json = {"id": number, **place, "segmentation": draw(st.sampled_from(pool))}
        record["iscrowd"] = draw(st.sampled_from([0, 0, 1]))
        record["bbox"] = [0, 0, draw(st.sampled_from([1, min(width, 40_000)])), min(height, 40_000)]
        if draw(st.sampled_from([False, False, True])):
            del record["segmentation"]
        annotations.append(record)
    scores = st.sampled_from([0.25, 0.5, 0.9])
    results = [
        {**place, "score": draw(scores), "segmentation": draw(st.sampled_from(pool))}
        for _ in range(draw(st.integers(1, 6)))
    ]
    image = {"id": 1, "height": height, "width": width, "file_name": "huge.jpg"}
    truth = {"images": [image], "annotations": annotations,
             "categories": [{"id": 1, "name": "thing"}]}  # fmt: skip
    return Files(truth, results)


@st.composite
def odd_text(draw: st.DrawFn, records: list[Json]) -> str:
    """The records as JSON whose keys come in any order, with blanks and other keys between."""
    blank = st.sampled_from(["", "", " ", "\n\t", "   "])
    others = [("note", '"a \\\\ b"'), ("area", "3.5"), ("points", '[{"x": [1, 2]}, "}"]'),
              ("a key of more than fifty-six letters, which none remembers", "null")]  # fmt: skip

    def value(content: object) -> str:
        if not isinstance(content, dict):
            return json.dumps(content)
        return members([(key, value(inner)) for key, inner in content.items()])

    def members(pairs: list[tuple[str, str]]) -> str:
        if draw(st.sampled_from([False, False, True])):
            pairs = draw(st.permutations(pairs))
        inside = f"{draw(blank)},{draw(blank)}".join(
            f'"{key}"{draw(blank)}:{draw(blank)}{text}' for key, text in pairs
        )
        return f"{{{draw(blank)}{inside}{draw(blank)}}}"

    texts = []
    for record in records:
        pairs = [(key, value(content)) for key, content in record.items()]
        if draw(st.sampled_from([False, False, True])):
            pairs.append(draw(st.sampled_from(others)))
        texts.append(members(pairs))
    return f"[{draw(blank)}{f'{draw(blank)},{draw(blank)}'.join(texts)}{draw(blank)}]"
