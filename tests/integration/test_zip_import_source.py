"""ZIP files as their worst authors make them: each bad entry is told, the good ones are read."""

import hashlib
import io
import struct
import warnings
import zipfile
from pathlib import Path

import psutil
import pytest

from domain.errors import RunCancelled
from domain.failure import DocumentUnreadable
from domain.imported_file import SourceFile
from infrastructure.storage import zip_directory
from infrastructure.storage.zip_import_source import open_zip
from tests.support.unhurried import unhurried


def entry(name: str, *, mode: int = 0, flags: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = mode << 16
    info.flag_bits |= flags
    return info


def packed(path: Path, *entries: tuple[zipfile.ZipInfo | str, bytes]) -> Path:
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        warnings.simplefilter("ignore")  # of names that are there twice
        for name, content in entries:
            file.writestr(name, content)
    return path


def files(path: Path) -> list[SourceFile]:
    with open_zip(path) as source:
        return [file for page in source.files("") for file in page]


def problems(path: Path) -> dict[str, str | None]:
    return {file.name: file.problem for file in files(path)}


def fetched(path: Path, name: str) -> bytes:
    target = path.with_suffix(".out")
    with open_zip(path) as source:
        file = next(file for page in source.files("") for file in page if file.name == name)
        checksum = source.fetch(file, target, check=unhurried)
    content = target.read_bytes()
    assert checksum == hashlib.sha256(content).hexdigest()
    return content


def code_of_fetching(path: Path, name: str) -> str:
    with pytest.raises(DocumentUnreadable) as caught:
        fetched(path, name)
    return caught.value.failure_code


def code_of_opening(path: Path) -> str:
    with pytest.raises(DocumentUnreadable) as caught, open_zip(path):
        pass
    return caught.value.failure_code


def test_files_are_read_and_folders_and_litter_left_out(tmp_path: Path) -> None:
    path = packed(
        tmp_path / "x.zip",
        ("a/", b""),
        ("a/b.txt", b"bees"),
        ("__MACOSX/a/._b.txt", b"x"),
        ("a/.DS_Store", b"x"),
        ("a/Thumbs.db", b"x"),
    )
    assert problems(path) == {"a/b.txt": None}
    assert fetched(path, "a/b.txt") == b"bees"


def test_names_that_lead_elsewhere_are_told(tmp_path: Path) -> None:
    names = ["/etc/passwd", "../up.txt", "a/../../up.txt", "C:\\x.txt", "b\\..\\..\\up.txt", "a\rb.txt"]
    path = packed(tmp_path / "x.zip", *((name, b"x") for name in names), ("good\\name.txt", b"x"))
    found = problems(path)
    assert found.pop("good/name.txt") is None
    assert (len(found), set(found.values())) == (len(names), {"unsafe_name"})


def test_a_name_with_a_nul_in_it_is_told(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.zip", ("aXb.txt", b"x"))
    path.write_bytes(path.read_bytes().replace(b"aXb.txt", b"a\x00b.txt"))
    assert set(problems(path).values()) == {"unsafe_name"}


def test_links_and_devices_are_told(tmp_path: Path) -> None:
    path = packed(
        tmp_path / "x.zip",
        (entry("link", mode=0o120777), b"/etc/passwd"),
        (entry("pipe", mode=0o010644), b""),
        (entry("file", mode=0o100644), b"x"),
    )
    assert problems(path) == {"link": "not_a_file", "pipe": "not_a_file", "file": None}


def test_of_two_of_one_name_the_second_is_told(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.zip", ("a.txt", b"1"), ("a.txt", b"2"), ("e\u0301.txt", b"3"), ("\u00e9.txt", b"4"))
    assert [(file.name, file.problem) for file in files(path)] == [
        ("a.txt", None),
        ("a.txt", "duplicate_name"),
        ("é.txt", None),
        ("é.txt", "duplicate_name"),
    ]


def test_encrypted_files_are_told(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.zip", ("a.txt", b"x"), ("b.txt", b"y"))
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the first of the directory
    path.write_bytes(content)
    assert problems(path) == {"a.txt": "encrypted", "b.txt": None}


def test_damaged_bytes_are_found_when_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        file.writestr("a.txt", b"bees and bees")
        file.writestr("b.txt", b"good")
    path.write_bytes(path.read_bytes().replace(b"bees and bees", b"bees and beef"))
    assert code_of_fetching(path, "a.txt") == "corrupt"
    assert fetched(path, "b.txt") == b"good"


def test_an_unknown_compression_is_damage(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.zip", ("a.txt", b"x"))
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 10] = 99
    path.write_bytes(content)
    assert code_of_fetching(path, "a.txt") == "corrupt"


def test_a_bomb_is_told_and_what_lies_beside_it_read(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.zip", ("bomb.txt", bytes(40 * 1024 * 1024)), ("a.txt", b"x"))
    assert problems(path) == {"bomb.txt": "too_large_unpacked", "a.txt": None}


def test_a_size_that_is_a_lie_is_damage(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.zip", ("bomb.txt", bytes(1024 * 1024)))
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<L", 10)
    path.write_bytes(content)
    assert [file.size_bytes for file in files(path)] == [10]
    assert code_of_fetching(path, "bomb.txt") == "corrupt"


def test_entries_that_lie_over_each_other_are_damage(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.zip", ("a.txt", bytes(range(256)) * 40))
    content = path.read_bytes()
    at, end = content.index(b"PK\x01\x02"), content.index(b"PK\x05\x06")
    record = content[at:end]
    many = b"".join(record.replace(b"a.txt", f"{n:05}".encode()) for n in range(1000))
    tail = bytearray(content[end:])
    tail[8:12] = struct.pack("<2H", 1000, 1000)
    tail[12:16] = struct.pack("<L", len(many))
    path.write_bytes(content[:at] + many + tail)
    found = list(problems(path).values())
    assert (len(found), found.count("corrupt") > 900) == (1000, True)


def test_names_are_read_as_utf_8_also_where_nothing_says_so(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.zip", ("aXXo.txt", b"1"), ("bYo.txt", b"2"), ("ação.txt", b"3"))
    content = path.read_bytes().replace(b"aXXo.txt", b"a\xc3\xa7o.txt")
    path.write_bytes(content.replace(b"bYo.txt", b"b\x87o.txt"))  # ç of code page 437
    assert [file.name for file in files(path)] == ["aço.txt", "bço.txt", "ação.txt"]


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06", b"no zip at all", b"PK\x03\x04" + bytes(100)])
def test_what_is_no_zip_is_damage(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    assert code_of_opening(path) == "corrupt"


def test_a_zip_cut_off_is_damage(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.zip", *((f"{n}.txt", b"x" * 100) for n in range(100)))
    path.write_bytes(path.read_bytes()[:-500])
    assert code_of_opening(path) == "corrupt"


def empty_entries(path: Path, count: int) -> Path:
    """Write a directory of so many entries by hand: a library takes its time."""
    with path.open("wb") as file:
        for number in range(count):
            name = f"{number:08}".encode()
            file.write(
                struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0) + name
            )
        size = file.tell()
        file.write(struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, 0))
        file.write(struct.pack("<4sLQL", b"PK\x06\x07", 0, size, 1))
        file.write(struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0))
    return path


def test_a_hundred_thousand_entries_are_listed(tmp_path: Path) -> None:
    assert len(files(empty_entries(tmp_path / "x.zip", 100_000))) == 100_000


def test_more_entries_than_are_allowed_are_refused_before_they_are_loaded(tmp_path: Path) -> None:
    path = empty_entries(tmp_path / "x.zip", 1_000_000)
    before = psutil.Process().memory_info().rss
    assert code_of_opening(path) == "too_large_unpacked"
    assert psutil.Process().memory_info().rss - before < 2 * zip_directory.MAX_DIRECTORY_BYTES


def test_a_directory_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.zip", ("a.txt", b"x"))
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x05\x06") + 12
    for size, code in ((0xFFFFFFF0, "too_large_unpacked"), (100_000, "corrupt")):
        content[at : at + 4] = struct.pack("<L", size)
        path.write_bytes(content)
        assert code_of_opening(path) == code


def test_a_cancel_ends_the_reading(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.zip", ("a.txt", bytes(1024 * 1024)))

    def cancelled() -> None:
        raise RunCancelled

    with open_zip(path) as source, pytest.raises(RunCancelled):
        source.fetch(next(iter(source.files("")))[0], tmp_path / "out", check=cancelled)


def test_a_zip_in_a_zip_is_a_file_like_any_other(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as file:
        file.writestr("a.txt", b"x")
    path = packed(tmp_path / "x.zip", ("inner.zip", inner.getvalue()))
    assert fetched(path, "inner.zip") == inner.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_entry_that_is_damaged_is_told_however_it_was_packed(tmp_path: Path, method: int) -> None:
    path = tmp_path / "damaged.zip"
    with zipfile.ZipFile(path, "w", method) as file:
        file.writestr("a.bin", b"".join(struct.pack("<Q", number**5) for number in range(1000)))
        file.writestr("b.txt", b"Read me.")
    content = bytearray(path.read_bytes())
    for place in range(60, 100):
        content[place] ^= 0xA5
    path.write_bytes(content)
    assert code_of_fetching(path, "a.bin") == "corrupt"
    assert fetched(path, "b.txt") == b"Read me."
