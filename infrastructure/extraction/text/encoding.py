"""Which encoding bytes are text in: byte order mark, UTF-8, UTF-16 by its NULs, else a guess."""

import codecs
import re

from infrastructure.extraction.text.legacy_encoding import legacy_encoding

SAMPLE_BYTES = 64 * 1024

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = re.compile(rb"[\x01-\x07\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_MAX_CONTROLS = {"utf-8": 0.05, "other": 0.005}
_MAX_NULS = 0.3
_FEW = 2  # controls that even the shortest text may hold
_BYTES_BEFORE = 1000
HANDLED_ERRORS = {"utf-8": "surrogatepass"}


def encoding_of(sample: bytes) -> str | None:
    """Return the encoding of the first bytes of a file, None where they are no text."""
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return name
    if _is_utf8(sample):
        return None if _too_many_controls(sample, _MAX_CONTROLS["utf-8"]) else _utf16_or(sample, "utf-8")
    if wide := _utf16_or(sample, None):
        return wide
    if b"\x00" in sample or _too_many_controls(sample, _MAX_CONTROLS["other"]):
        return None
    return legacy_encoding(sample)


def decode(data: bytes, encoding: str) -> str:
    """Decode; what does not fit becomes U+FFFD, and so do surrogates written as UTF-8, later."""
    try:
        return data.decode(encoding, HANDLED_ERRORS.get(encoding, "strict"))
    except UnicodeDecodeError as exc:
        if encoding == "utf-8" and data[: exc.start].isascii():
            encoding = encoding_after_ascii(data, exc.start)
        return data.decode(encoding, "replace")
    except UnicodeError:
        return data.decode(encoding, "replace")


def encoding_after_ascii(data: bytes, start: int) -> str:
    """Return the encoding of text that was taken for UTF-8 and is ASCII up to `start`, which is not UTF-8."""
    sample = data[max(start - _BYTES_BEFORE, 0) :][:SAMPLE_BYTES]
    text = sample.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    if sum(not character.isascii() for character in text) > 2 * damaged:
        return "utf-8"
    found = encoding_of(sample)
    return "utf-8" if found is None or found.startswith(("utf-16", "utf-32")) else found


def _is_utf8(sample: bytes) -> bool:
    """Tell UTF-8. It may end within a character if the sample was cut off, or has whole ones before."""
    try:
        text, length = codecs.utf_8_decode(sample, "surrogatepass", False)  # noqa: FBT003
    except UnicodeDecodeError:
        return False
    return length == len(sample) or len(sample) >= SAMPLE_BYTES or not text.isascii()


def _utf16_or(sample: bytes, otherwise: str | None) -> str | None:
    """Tell UTF-16 without a mark by NULs in every second place; many NULs in no such order are no text."""
    nuls = sample.count(0)
    if not nuls:
        return otherwise
    odd = sample[1::2].count(0)
    half = len(sample) // 2
    if half >= 4 and odd > 0.6 * half and nuls - odd < 0.1 * half:  # noqa: PLR2004
        return "utf-16-le"
    if half >= 4 and nuls - odd > 0.6 * half and odd < 0.1 * half:  # noqa: PLR2004
        return "utf-16-be"
    return otherwise if nuls < _MAX_NULS * len(sample) else None


def _too_many_controls(sample: bytes, share: float) -> bool:
    return len(_CONTROLS.findall(sample)) > max(share * len(sample), _FEW)
