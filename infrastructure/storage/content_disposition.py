"""Makes a download's file name safe: a header cannot be broken out of, a folder not left, a name not disguised."""

import unicodedata
from urllib.parse import quote

_LONGEST_NAME_BYTES = 180  # file systems stop at 255 bytes, and a browser may add " (1)"
_LONGEST_SUFFIX_BYTES = 20
_JOINERS = "\u200c\u200d"  # inside emoji and Persian words
_FORBIDDEN = frozenset('<>:"/\\|?*')  # on Windows; the slashes everywhere
_PLAIN = frozenset(" ._-()+,=@")  # beside letters and digits; not `%`, which some clients decode


def safe_filename(filename: str) -> str:
    """Return a name of at most 180 bytes of UTF-8, its suffix kept: no controls, no path parts; never empty.

    Direction overrides go too: they make `exe.pdf` of `fdp.exe`.
    """
    name = "".join(_safe_character(c) for c in unicodedata.normalize("NFC", filename))
    name = " ".join(name.split()).strip(". ")
    stem, dot, suffix = name.rpartition(".")
    if not stem or len(suffix.encode()) > _LONGEST_SUFFIX_BYTES:
        stem, dot, suffix = name, "", ""
    stem = _cut(stem, _LONGEST_NAME_BYTES - len((dot + suffix).encode())).strip(". ")
    return f"{stem or 'document'}{dot}{suffix}"


def disposition(filename: str, *, is_shown: bool = False) -> str:
    """Return a Content-Disposition in printable ASCII (RFC 6266), the true name in `filename*` (RFC 8187).

    What is not to be shown in its place is saved.
    """
    name = safe_filename(filename)
    letters = (c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    plain = "".join(c if c.isascii() and (c.isalnum() or c in _PLAIN) else "_" for c in letters)
    return f"{'inline' if is_shown else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _safe_character(character: str) -> str:
    if character in _FORBIDDEN:
        return "_"
    if character.isspace():
        return " "
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and character not in _JOINERS:
        return ""
    return character


def _cut(text: str, most_bytes: int) -> str:
    return text.encode()[:most_bytes].decode(errors="ignore")
