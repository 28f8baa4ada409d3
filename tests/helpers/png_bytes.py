"""PNGs made byte by byte, in ways that Pillow does not write them."""

import struct
import zlib
from collections.abc import Sequence

import numpy as np

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE = 0, 2, 3


def chunk(name: bytes, data: bytes) -> bytes:
    """A chunk with its length and checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def filtered(rows: np.ndarray, filters: Sequence[int], pixel: int) -> bytes:
    """Rows of bytes, uint8[height, length], each behind its filter's type (PNG, chapter 9)."""
    before = np.zeros(rows.shape[1], np.int64)
    out = b""
    for number, row in enumerate(rows.astype(np.int64)):
        left, corner = (
            np.concatenate([np.zeros(pixel, np.int64), r[:-pixel]]) for r in (row, before)
        )
        estimate = left + before - corner
        by = [abs(estimate - value) for value in (left, before, corner)]
        paeth = np.where(
            (by[0] <= by[1]) & (by[0] <= by[2]), left, np.where(by[1] <= by[2], before, corner)
        )
        kind = filters[number % len(filters)]
        guess = [0 * row, left, before, (left + before) // 2, paeth][kind]
        out += bytes([kind]) + ((row - guess) % 256).astype(np.uint8).tobytes()
        before = row
    return out


def header(width: int, height: int, depth: int, colour: int, interlace: int = 0) -> bytes:
    """The first chunk."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))


def png(head: bytes, stream: bytes, piece: int = 2**31, *more: bytes) -> bytes:
    """A PNG of a header, other chunks and a zlib stream cut into pieces."""
    cut = [stream[at : at + piece] for at in range(0, len(stream), piece)]
    body = b"".join(chunk(b"IDAT", part) for part in cut)
    palette = chunk(b"PLTE", bytes(768)) if head[17] == PALETTE else b""
    return SIGNATURE + head + palette + b"".join(more) + body + chunk(b"IEND", b"")
