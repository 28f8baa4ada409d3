"""The bytes of a file, without the libraries that reading JSON needs."""

from pathlib import Path

from o365seg.errors import InputError

GZIP = b"\x1f\x8b"
"""How gzip begins; no JSON text does."""


def read_bytes(path: str | Path) -> bytes:
    """The file's bytes, gzip taken apart; an `InputError` naming it where it cannot be read."""
    try:
        # Parsing a path takes longer than reading a small file, and there may be many.
        file = path if isinstance(path, Path) else Path(path)
        return decompressed(file.read_bytes(), path)
    except FileNotFoundError:
        raise InputError("no such file", file=path) from None
    except IsADirectoryError:
        raise InputError("is a folder, not a file", file=path) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=path) from None


def decompressed(data: bytes, source: str | Path) -> bytes:
    """`data`, decompressed if it is gzip (known by its first bytes, which no JSON text has).

    Raises:
        InputError: gzip cut short or damaged; `source` is the name that it gives.
    """
    if not data.startswith(GZIP):
        return data
    import gzip
    import zlib

    try:
        return gzip.decompress(data)
    except (EOFError, OSError, zlib.error) as error:
        problem = "is truncated" if isinstance(error, EOFError) else "is damaged"
        raise InputError(f"the gzip file {problem}", file=source) from None


def read_text(path: str | Path) -> str:
    """The text of a UTF-8 file, gzip taken apart, without a byte order mark.

    Raises:
        InputError: as `read_bytes`, or it is not UTF-8.
    """
    return decode_text(read_bytes(path), path)


def decode_text(data: bytes, source: str | Path) -> str:
    """Text of UTF-8 bytes, without a byte order mark.

    Raises:
        InputError: it is not UTF-8; `source` is the name that it gives.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 text (byte {error.start})", file=source) from None
