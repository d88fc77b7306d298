"""Which encoding bytes are text in: byte order mark, UTF-8, UTF-16 by its NULs, else a guess by charset-normalizer."""

import codecs
import re

from charset_normalizer import from_bytes

from infrastructure.extraction.text.encoding_labels import known_encoding

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
_WESTERN = re.compile(  # what is not usual in Western text
    "[^\x00-\x7f\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ffŒœŠšŽžŸ€‘’‚“”„‹›–—…•«»°ºª§´·¡¿©®™£¢²³½¼¾±× \xad]"  # noqa: RUF001
)
_LETTER_BETWEEN = re.compile("[a-zA-Z][\u00c0-\u00ff]|[\u00c0-\u00ff][a-zA-Z]")
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
    return _legacy(sample)


def decode(data: bytes, encoding: str) -> str:
    """Decode; what does not fit becomes U+FFFD, and so do surrogates written as UTF-8, later."""
    try:
        return data.decode(encoding, HANDLED_ERRORS.get(encoding, "strict"))
    except UnicodeError:
        return data.decode(encoding, "replace")


def _is_utf8(sample: bytes) -> bool:
    for cut in range(4):  # the sample may end within a character
        try:
            sample[: len(sample) - cut].decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            continue
        return True
    return False


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


def _legacy(sample: bytes) -> str:
    """Guess a one-byte or Asian encoding; Western first, which the library often takes for its neighbours."""
    western = sample.decode("cp1252", "replace")
    odd = len(_WESTERN.findall(western))
    high = sum(byte > 0x7F for byte in sample)  # noqa: PLR2004
    if odd <= 0.02 * high and len(_LETTER_BETWEEN.findall(western)) >= 0.5 * high:
        return "cp1252"
    best = from_bytes(sample).best()
    found = best.encoding if best else "cp1252"
    return known_encoding(found) or found


def _too_many_controls(sample: bytes, share: float) -> bool:
    return len(_CONTROLS.findall(sample)) > max(share * len(sample), _FEW)
