"""Bytes of data files: every compression, every way in which a file can be broken."""

import bz2
import gzip
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from nowake.core.errors import DataError
from nowake.data.source import iter_blocks, iter_line_blocks, iter_lines, logical_name, read_head

TEXT = b"".join(b"line %d of the file\n" % i for i in range(20_000))
PACK: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.compress,
}


def _write(folder: Path, suffix: str, data: bytes) -> Path:
    path = folder / ("a.csv" if suffix == "plain" else f"a.csv.{suffix}")
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("suffix", PACK)
def test_every_compression_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    path = _write(tmp_path, suffix, PACK[suffix](TEXT))
    assert b"".join(iter_blocks(path, 1000)) == TEXT
    assert logical_name(path) == "a.csv"
    assert read_head(path, 10) == TEXT[:10]


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz", "zst"])
def test_several_frames_are_read_as_one_file(tmp_path: Path, suffix: str) -> None:
    path = _write(tmp_path, suffix, PACK[suffix](TEXT[:5000]) + PACK[suffix](TEXT[5000:]))
    assert b"".join(iter_blocks(path)) == TEXT


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz", "zst"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_truncated_compression_is_refused(tmp_path: Path, suffix: str, share: float) -> None:
    packed = PACK[suffix](TEXT)
    path = _write(tmp_path, suffix, packed[: int(len(packed) * share)])
    with pytest.raises(DataError, match=r"truncated compressed data .*expected the end of the"):
        list(iter_blocks(path))


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz", "zst"])
def test_garbage_under_a_compressed_name_is_refused(tmp_path: Path, suffix: str) -> None:
    path = _write(tmp_path, suffix, b"this is not compressed at all")
    with pytest.raises(DataError, match="corrupt compressed data"):
        list(iter_blocks(path))


def test_a_zip_archive_with_one_file_is_read_under_the_name_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside.csv", TEXT)
    assert logical_name(path) == "inside.csv"
    assert b"".join(iter_blocks(path)) == TEXT
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match="corrupt zip archive"):
        list(iter_blocks(path))


def test_a_zip_archive_with_two_files_or_damaged_content_is_refused(tmp_path: Path) -> None:
    two = tmp_path / "two.zip"
    with zipfile.ZipFile(two, "w") as archive:
        archive.writestr("a", b"1")
        archive.writestr("b", b"2")
    with pytest.raises(DataError, match=r"expected one file inside, got 2 files"):
        list(iter_blocks(two))
    one = tmp_path / "one.zip"
    with zipfile.ZipFile(one, "w") as archive:
        archive.writestr("a", b"x" * 100)
    one.write_bytes(one.read_bytes().replace(b"x" * 100, b"x" * 99 + b"y"))
    with pytest.raises(DataError, match="corrupt or truncated"):
        list(iter_blocks(one))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (Path.absolute, "cannot read"),
        (lambda p: p.mkdir(), r"not a file \(expected a data file, got a directory\)"),
        (lambda p: p.write_bytes(b""), r"empty file \(expected market data, got 0 bytes\)"),
    ],
)
def test_missing_empty_and_directory_are_refused(tmp_path: Path, make: Callable[[Path], object], message: str) -> None:
    path = tmp_path / "x.csv"
    make(path)
    with pytest.raises(DataError, match=message):
        list(iter_blocks(path))


def test_a_compressed_file_with_nothing_in_it_is_empty(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="0 bytes after decompression"):
        list(iter_blocks(_write(tmp_path, "gz", gzip.compress(b""))))


@pytest.mark.parametrize("size", [1, 3, 7, 64, 1 << 20])
def test_lines_and_their_numbers_do_not_depend_on_the_block_size(tmp_path: Path, size: int) -> None:
    path = _write(tmp_path, "plain", b"a\nbb\r\n\nccc")
    assert list(iter_lines(path, size)) == [(1, b"a"), (2, b"bb"), (3, b""), (4, b"ccc")]
    blocks = list(iter_line_blocks(path, size))
    assert b"".join(b for b, _ in blocks) == b"a\nbb\r\n\nccc\n"
    assert all(block.endswith(b"\n") for block, _ in blocks)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = _write(tmp_path, "gz", gzip.compress(b"\xef\xbb\xbf" + TEXT))
    assert read_head(path, 13) == TEXT[:10]
    assert next(iter_lines(path)) == (1, b"line 0 of the file")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_refused_by_name(tmp_path: Path, encoding: str) -> None:
    path = _write(tmp_path, "plain", ("\ufeff" + TEXT[:100].decode()).encode(encoding))
    for read in (read_head, lambda p: list(iter_lines(p))):
        with pytest.raises(DataError, match="expected ASCII or UTF-8, got UTF-16"):
            read(path)
