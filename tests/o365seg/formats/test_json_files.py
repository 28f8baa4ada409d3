"""Files are written whole or not at all; text is read with its marks."""

import gzip
import os
import resource
import stat
from pathlib import Path

import pytest

from o365seg.errors import InputError
from o365seg.formats.json_files import read_json, replacing, write_json_atomic


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    value = {"z": [1, 2.5, None], "a": "ä"}
    write_json_atomic(tmp_path / "x.json", value)
    assert read_json(tmp_path / "x.json", dict) == value
    assert list(read_json(tmp_path / "x.json", dict)) == ["z", "a"]


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "x.json"
    write_json_atomic(path, {"old": True})

    def full_disk(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(InputError, match=r"x\.json: cannot be written: No space left"):
        write_json_atomic(path, {"new": True})
    assert read_json(path, dict) == {"old": True}
    assert list(tmp_path.iterdir()) == [path]


def test_a_written_file_is_readable_by_others(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        write_json_atomic(tmp_path / "x.json", 1)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "x.json").stat().st_mode) == 0o644


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_json_atomic(tmp_path / "absent" / "x.json", 1)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_byte_order_mark_and_utf_16_are_read(tmp_path: Path, encoding: str) -> None:
    """As Windows writes them; the last two with the mark that `utf-16` writes by itself."""
    text = '{"name": "Größe", "id": 3}'
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    path = tmp_path / "x.json"
    path.write_bytes((mark + text).encode(encoding))
    assert read_json(path, dict) == {"name": "Größe", "id": 3}


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
def test_utf_16_without_a_mark_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes('{"name": "Größe", "id": 3}'.encode(encoding))
    assert read_json(path, dict) == {"name": "Größe", "id": 3}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'{"a" 1}', "expected a colon (line 1, column 6)"),
        (b'{"a": 1,}', "expected a key in double quotes (line 1, column 9)"),
        (b'{"a": 1\n "b": 2}', "expected a comma or a closing bracket (line 2, column 2)"),
        (b'{"a": "x', "text without closing quotation mark (line 1, column 7)"),
        (b'{"a": "\t"}', "a line break or control character in text (line 1, column 8)"),
        (b'{"a": "\\q"}', "an invalid escape sequence in text (line 1, column 8)"),
        (b'{"a": 1} x', "more text after the end (line 1, column 10)"),
        (b'{"a": "\\ud800"}', "half of a surrogate pair in text"),
    ],
)
def test_syntax_faults_are_in_plain_words(tmp_path: Path, text: bytes, message: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(text)
    with pytest.raises(InputError) as caught:
        read_json(path, dict)
    assert str(caught.value) == f"{path}: not valid JSON: {message}"


def test_damaged_gzip_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.json.gz"
    path.write_bytes(gzip.compress(b'{"a": 1}')[:-4])
    with pytest.raises(InputError, match=r"the gzip file is truncated$"):
        read_json(path, dict)
    path.write_bytes(gzip.compress(b'{"a": 1}')[:-8] + bytes(8))
    with pytest.raises(InputError, match=r"the gzip file is damaged$"):
        read_json(path, dict)


def test_what_only_begins_like_utf_16_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(b"\xff\xfe{}!")
    with pytest.raises(InputError, match="begins like UTF-16 text, but is not"):
        read_json(path, dict)


def test_a_full_disk_is_told_whatever_the_library_raises(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_text("old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with (
            pytest.raises(InputError, match=r"model\.safetensors: cannot be written: File too"),
            replacing(path) as part,
        ):
            part.write_bytes(bytes(10_000))
            raise RuntimeError("unexpected pos 576 vs 534")  # as torch.save has it
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
    with pytest.raises(RuntimeError, match="a bug"), replacing(path):
        raise RuntimeError("a bug")
