"""Makes hostile files of ordinary ones: bits flipped, parts cut, spliced or repeated, structures nested, bombs packed.

Everything is drawn from the given random numbers alone, so a seed and a number make the same file again.
"""

import io
import random
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.support.odd_files import (
    MEBIBYTE,
    WORD_HEAD,
    WORD_TAIL,
    deeply_nested_html,
    docx_with_entity_bomb,
    docx_with_many_entries,
    docx_zip_bomb,
    minimal_pdf,
    word_archive,
)

ZIP_MAGIC = b"PK\x03\x04"
HUGE_NUMBERS = (b"-1", b"0", b"65536", b"2147483647", b"4294967296", b"99999999999999999999")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file of the ordinary kind."""

    name: str
    data: bytes


Mutation = Callable[[random.Random, SourceFile, Sequence[SourceFile]], bytes]


def flip_bits(rng: random.Random, source: SourceFile, _others: Sequence[SourceFile]) -> bytes:
    """Flip 1 to 300 bits."""
    data = bytearray(source.data)
    for _ in range(int(10 ** rng.uniform(0, 2.5))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def truncate(rng: random.Random, source: SourceFile, _others: Sequence[SourceFile]) -> bytes:
    """Keep the beginning."""
    return source.data[: rng.randrange(1, len(source.data))]


def cut_out(rng: random.Random, source: SourceFile, _others: Sequence[SourceFile]) -> bytes:
    """Leave a part out of the middle."""
    start, end = _span(rng, source.data)
    return source.data[:start] + source.data[end:]


def repeat(rng: random.Random, source: SourceFile, _others: Sequence[SourceFile]) -> bytes:
    """Write a part of it many times over, a mebibyte at most."""
    start, end = _span(rng, source.data)
    part = source.data[start : min(end, start + MEBIBYTE // 64)]
    return source.data[:start] + part * rng.randrange(2, 65) + source.data[start:]


def splice(rng: random.Random, source: SourceFile, others: Sequence[SourceFile]) -> bytes:
    """Put a part of another file, objects and all, into this one or in place of a part of it."""
    other = rng.choice(others).data
    start, end = _span(rng, other)
    here, there = _span(rng, source.data)
    return source.data[:here] + other[start:end] + source.data[there if rng.random() < 0.5 else here :]


def change_numbers(rng: random.Random, source: SourceFile, _others: Sequence[SourceFile]) -> bytes:
    """Make lengths, counts, offsets and references in the file wrong: huge, negative, or another's."""
    numbers = list(re.finditer(rb"\d+", source.data))
    if not numbers:
        return flip_bits(rng, source, _others)
    chosen = sorted(rng.sample(range(len(numbers)), min(len(numbers), rng.randrange(1, 20))), reverse=True)
    data = source.data
    for index in chosen:
        value = rng.choice(HUGE_NUMBERS) if rng.random() < 0.5 else rng.choice(numbers).group()
        data = data[: numbers[index].start()] + value + data[numbers[index].end() :]
    return data


def change_inside(rng: random.Random, source: SourceFile, others: Sequence[SourceFile]) -> bytes:
    """Mutate what is packed: the members of a Word file, the streams of a PDF; other files as they are."""
    mutate = rng.choice([flip_bits, truncate, cut_out, repeat, change_numbers])
    if source.data.startswith(ZIP_MAGIC):
        return _changed_archive(rng, source, mutate)
    streams = list(re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", source.data, re.DOTALL))
    if not streams:
        return mutate(rng, source, others)
    stream = rng.choice(streams)
    try:
        plain = SourceFile(name="stream", data=zlib.decompress(stream.group(1)) or b"q")
    except zlib.error:
        plain = SourceFile(name="stream", data=stream.group(1) or b"q")
    return source.data[: stream.start(1)] + zlib.compress(mutate(rng, plain, ())) + source.data[stream.end(1) :]


def nest(rng: random.Random, _source: SourceFile, _others: Sequence[SourceFile]) -> bytes:
    """Nest something deep in itself, or lead it round in a circle."""
    depth = rng.choice([100, 1_000, 10_000, 100_000])
    deep: list[Callable[[], bytes]] = [
        lambda: deeply_nested_html(depth),
        lambda: b"<p>" + b"<b><i>" * depth + b"text",
        lambda: b"# Deep\n\n" + b"> " * depth + b"quoted\n",
        lambda: b"".join(b" " * (2 * level) + b"- item\n" for level in range(min(depth, 2_000))),
        lambda: b"[" * depth + b"text" + b"](u)" * depth,
        lambda: minimal_pdf([b"[" * depth + b"]" * depth + b" TJ", b"BT /F 12 Tf (after) Tj ET"]),
        lambda: minimal_pdf([b"<<" + b"/A <<" * depth + b">>" * depth + b" BDC", b"q " * depth]),
        lambda: minimal_pdf([b""]).replace(b"/Kids[4 0 R]", b"/Kids[2 0 R 4 0 R 2 0 R]"),
        lambda: minimal_pdf([b"text"]).replace(b"/Parent 2 0 R", b"/Parent 4 0 R"),
        lambda: minimal_pdf([b"text"]).replace(b"/Contents 5 0 R", b"/Contents[" + b"5 0 R " * depth + b"]"),
        lambda: word_archive([WORD_HEAD[:-10], b"<w:tbl><w:tr><w:tc>" * depth, b"<w:p><w:r><w:t>deep", WORD_TAIL]),
        lambda: word_archive([WORD_HEAD, b"</w:t></w:r></w:p>", b"<w:sdt>" * depth, b"</w:sdt>" * depth, WORD_TAIL]),
    ]
    return rng.choice(deep)()


def bomb(rng: random.Random, _source: SourceFile, _others: Sequence[SourceFile]) -> bytes:
    """Pack much into little."""
    size = rng.choice([8, 64, 256]) * MEBIBYTE
    bombs: list[Callable[[], bytes]] = [
        lambda: docx_zip_bomb(size),
        lambda: docx_zip_bomb(size, declared_bytes=1_000),
        docx_with_entity_bomb,
        lambda: docx_with_many_entries(20_000),
        lambda: _packed_pdf(b"0 " * (size // 2)),
        lambda: _packed_pdf(b"BT /F 1 Tf " + b"(a) Tj " * (size // 64) + b"ET"),
        lambda: _packed_pdf(zlib.compress(b"\0" * size, 9), filters=b"[/FlateDecode/FlateDecode]"),
        lambda: b"<p>" + b"&amp;" * (size // 8) + b"</p>",
        lambda: b"a" * (size // 8),
    ]
    return rng.choice(bombs)()


MUTATIONS: Mapping[str, Mutation] = {
    "flipped": flip_bits,
    "truncated": truncate,
    "cut": cut_out,
    "repeated": repeat,
    "spliced": splice,
    "numbers": change_numbers,
    "inside": change_inside,
    "nested": nest,
    "bomb": bomb,
}


def _span(rng: random.Random, data: bytes) -> tuple[int, int]:
    start = rng.randrange(len(data))
    return start, min(len(data), start + 1 + int(10 ** rng.uniform(0, 4.5)))


def _packed_pdf(content: bytes, *, filters: bytes = b"/FlateDecode") -> bytes:
    packed = zlib.compress(content, 9)
    plain = minimal_pdf([packed])
    length = b"<</Length %d>>" % len(packed)
    return plain.replace(length, b"<</Length %d/Filter%b>>" % (len(packed), filters))


def _changed_archive(rng: random.Random, source: SourceFile, mutate: Mutation) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(source.data)) as archive, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        names = [name for name in archive.namelist() if archive.getinfo(name).file_size]
        xml = [name for name in names if name.endswith((".xml", ".rels"))]
        chosen = rng.choice(xml)
        for name in names:
            data = archive.read(name)
            changed = mutate(rng, SourceFile(name=name, data=data), ()) if name == chosen else data
            # A ZipInfo of its own has no time of day, so that the same seed makes the same bytes.
            new.writestr(zipfile.ZipInfo(name), changed, compress_type=zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
