"""The core reads PNGs as Pillow does, or leaves them to Pillow."""

import os
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from png_bytes import GREY, PALETTE, RGB, chunk, filtered, header, png

from benchmark.pixels.label_pairs import LabelPairs, add, plain
from benchmark.pixels.pixel_pairs import count_pairs
from benchmark.pixels.png_maps import decode_labels, decode_segment_ids
from benchmark.pixels.png_pairs import count_in_pngs
from o365seg.errors import InputError

_native = pytest.importorskip("benchmark._native")

KINDS = {
    "ids": (8, RGB, 3),
    "grey": (8, GREY, 1),
    "grey 16": (16, GREY, 2),
    "palette": (8, PALETTE, 1),
}
STRATEGIES = [
    zlib.Z_DEFAULT_STRATEGY,
    zlib.Z_FILTERED,
    zlib.Z_HUFFMAN_ONLY,
    zlib.Z_RLE,
    zlib.Z_FIXED,
]


def by_core(first: bytes, second: bytes, *, ids: bool) -> np.ndarray | None:
    """int64[pairs, 3], or None where the core leaves them."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, "first"), Path(folder, "second")]
        for path, data in zip(paths, (first, second), strict=True):
            path.write_bytes(data)
        names = tuple(map(os.fsencode, paths))
        if ids:
            found = _native.count_segment_pairs(names)[0]
        else:
            found, left = _native.count_label_pairs(names, 1)
            found = None if left else found
    return None if found is None else np.frombuffer(found, np.int64).reshape(-1, 3)


def by_pillow(first: bytes, second: bytes, *, ids: bool) -> np.ndarray:
    decode = decode_segment_ids if ids else decode_labels
    pairs = count_pairs(decode(first, "first"), decode(second, "second"))
    return np.stack([pairs.first, pairs.second, pairs.counts], 1)


def flat(random: np.random.Generator, height: int, width: int, channels: int) -> np.ndarray:
    """uint8[height, width, channels]: rectangles, some pixels of noise."""
    rows = np.zeros((height, width, channels), np.uint8)
    for _ in range(random.integers(0, 6)):
        y, x = random.integers(height), random.integers(width)
        bottom, right = y + random.integers(1, height + 1), x + random.integers(1, width + 1)
        rows[y:bottom, x:right] = random.integers(0, 256, channels)
    noisy = random.random((height, width)) < random.choice([0, 0.02, 1])
    rows[noisy] = random.integers(0, 256, (noisy.sum(), channels))
    return rows


def compressed(data: bytes, random: np.random.Generator) -> bytes:
    """A zlib stream, of stored blocks, fixed or other codes."""
    strategy = int(random.choice(STRATEGIES))
    packer = zlib.compressobj(int(random.choice([0, 1, 6, 9])), strategy=strategy)
    half = len(data) // 2
    return (
        packer.compress(data[:half])
        + packer.flush(zlib.Z_FULL_FLUSH)
        + packer.compress(data[half:])
        + packer.flush()
    )


def any_png(random: np.random.Generator, kind: str, height: int, width: int) -> bytes:
    depth, colour, channels = KINDS[kind]
    rows = flat(random, height, width, channels)
    filters = random.integers(0, 5, int(random.integers(1, 6))).tolist()
    data = filtered(rows.reshape(height, -1), filters, channels)
    piece = int(random.choice([1, 7, 8192]))
    return png(header(width, height, depth, colour), compressed(data, random), piece)


@given(st.integers(0, 2**32 - 1))
def test_every_way_of_writing_is_read_as_by_pillow(seed: int) -> None:
    random = np.random.default_rng(seed)
    height, width = (int(size) for size in random.integers(1, [40, 90]))
    kinds = ["ids", "ids"] if random.random() < 0.5 else random.choice([*KINDS][1:], 2).tolist()
    first, second = (any_png(random, kind, height, width) for kind in kinds)
    found = by_core(first, second, ids=kinds[0] == "ids")
    assert found is not None
    assert np.array_equal(found, by_pillow(first, second, ids=kinds[0] == "ids"))


@given(st.integers(0, 2**32 - 1))
def test_damage_is_left_to_pillow_or_changes_nothing(seed: int) -> None:
    random = np.random.default_rng(seed)
    whole = any_png(random, "ids", 9, 30)
    damaged = bytearray(whole)
    for _ in range(random.integers(1, 4)):
        damaged[random.integers(len(damaged))] = random.integers(256)
    data = bytes(damaged[: random.integers(len(damaged) + 1)] if random.random() < 0.3 else damaged)
    found = by_core(data, whole, ids=True)
    if found is not None:
        assert np.array_equal(found, by_pillow(data, whole, ids=True))


@given(st.integers(0, 2**32 - 1))
def test_a_stream_is_decompressed_as_by_zlib_or_left(seed: int) -> None:
    """Damage below the checksums: the stream's bytes are changed and the chunk is valid."""
    random = np.random.default_rng(seed)
    height, width = 6, int(random.integers(1, 50))
    rows = flat(random, height, width, 1).reshape(height, width)
    stream = bytearray(compressed(filtered(rows, [0], 1), random))
    for _ in range(random.integers(0, 3)):
        stream[random.integers(2, len(stream))] ^= 1 << random.integers(8)
    head = header(width, height, 8, GREY)
    whole = png(head, zlib.compress(filtered(rows, [0], 1)))
    unpacker = zlib.decompressobj(-15)
    try:
        raw = unpacker.decompress(bytes(stream[2:]))
    except zlib.error:
        raw = b""
    valid = unpacker.eof and len(raw) == height * (width + 1) and max(raw[:: width + 1]) <= 4
    found = by_core(png(head, bytes(stream)), whole, ids=False)
    assert (found is not None) == valid
    if found is not None:
        again = png(head, zlib.compress(raw))
        assert np.array_equal(found, by_pillow(again, whole, ids=False))


def test_other_pngs_are_left() -> None:
    rows = np.zeros((4, 6), np.uint8)
    stream = zlib.compress(filtered(rows, [0], 1))
    plain = png(header(6, 4, 8, GREY), stream)
    assert by_core(plain, plain, ids=False) is not None
    left = {
        "interlaced": png(header(6, 4, 8, GREY, 1), stream),
        "4 bits": png(header(6, 4, 4, GREY), stream),
        "animated": png(header(6, 4, 8, GREY), stream, 99, chunk(b"acTL", bytes(8))),
        "ids as labels": png(header(2, 4, 8, RGB), stream),
        "too large": png(header(2**31 - 1, 2**31 - 1, 8, GREY), stream),
        "of another size": png(header(27, 1, 8, GREY), stream),
        "of no pixels": png(header(0, 4, 8, GREY), stream),
        "shorter": png(header(6, 5, 8, GREY), stream),
        "longer": png(header(6, 3, 8, GREY), stream),
        "nothing": b"",
        "a wrong checksum": plain[:-20] + bytes([plain[-20] ^ 1]) + plain[-19:],
    }
    for name, data in left.items():
        assert by_core(data, plain, ids=False) is None, name
        assert by_core(plain, data, ids=False) is None, name


def test_without_the_core_counts_are_equal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    paths = [(tmp_path / f"{i}.png", tmp_path / f"{i}p.png") for i in range(5)]
    for first, second in paths:
        for path in (first, second):
            path.write_bytes(any_png(random, "ids", 30, 20))
    by_the_core = count_in_pngs(paths)
    monkeypatch.setenv("O365SEG_NATIVE", "0")
    generally = count_in_pngs(paths)
    assert by_the_core[1] is generally[1] is None
    for one, other in zip(by_the_core[0], generally[0], strict=True):
        for field in ("first", "second", "counts"):
            assert np.array_equal(getattr(one, field), getattr(other, field))


@pytest.mark.parametrize("threads", [0, 1, 3, 200])
def test_labels_of_all_images_are_counted_together_on_any_number_of_threads(
    tmp_path: Path, threads: int
) -> None:
    random = np.random.default_rng(threads)
    paths, expected = [], LabelPairs()
    for number in range(30):
        kinds = random.choice(["grey", "grey 16", "palette"], 2).tolist()
        data = [any_png(random, kind, 30, 20) for kind in kinds]
        paths += [tmp_path / f"{number}.png", tmp_path / f"{number}p.png"]
        for path, content in zip(paths[-2:], data, strict=True):
            path.write_bytes(content)
        if number in (4, 17, 29):
            paths[-1].write_bytes(data[1][:-30])
        else:
            add(plain(count_pairs(*(decode_labels(some, "") for some in data))), expected)
    triples, left = _native.count_label_pairs(tuple(map(os.fsencode, paths)), threads)
    rows = np.frombuffer(triples, np.int64).reshape(-1, 3).tolist()
    assert rows == [[*labels, pixels] for labels, pixels in sorted(expected.items())]
    assert left == [4, 17, 29]


def test_what_is_no_file_with_pixels_is_left(tmp_path: Path) -> None:
    whole = tmp_path / "whole.png"
    whole.write_bytes(any_png(np.random.default_rng(0), "grey", 3, 3))
    empty, folder, pipe = (tmp_path / name for name in ("empty.png", "folder.png", "pipe.png"))
    empty.touch()
    folder.mkdir()
    os.mkfifo(pipe)  # nobody writes into it: opening it must not wait
    for odd in (empty, folder, pipe, tmp_path / "absent.png"):
        names = tuple(map(os.fsencode, (whole, odd, odd, whole, whole, whole)))
        triples, left = _native.count_label_pairs(names, 2)
        assert left == [0, 1], odd
        assert np.frombuffer(triples, np.int64).reshape(-1, 3)[:, 2].sum() == 9


@pytest.mark.parametrize("paths", [(1, b"a"), ("a", "b"), (b"a\0b", b"a")])
def test_what_names_no_file_is_refused(paths: tuple[object, object]) -> None:
    for count in (_native.count_segment_pairs, lambda files: _native.count_label_pairs(files, 1)):
        with pytest.raises((TypeError, ValueError)):
            count(paths)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        pytest.param(Path.unlink, "no such file", id="missing"),
        pytest.param(cut_short, "cannot be decoded", id="cut short"),
        pytest.param(lambda path: path.write_bytes(b"no"), "not a PNG file", id="no PNG"),
    ],
)
def test_a_fault_is_given_with_what_comes_before_it(
    tmp_path: Path, spoil: Callable[[Path], None], message: str
) -> None:
    random = np.random.default_rng(5)
    paths = [(tmp_path / f"{i}.png", tmp_path / f"{i}p.png") for i in range(4)]
    for pair in paths:
        for path in pair:
            path.write_bytes(any_png(random, "ids", 40, 30))
    spoil(paths[2][1])
    pairs, fault = count_in_pngs(paths)
    assert len(pairs) == 2
    assert isinstance(fault, InputError)
    assert message in str(fault)
    assert str(paths[2][1]) in str(fault)
