"""Makes text clean, before any offset into it is counted.

Removed: NUL and the other control characters, soft hyphens, zero width spaces, byte order marks, noncharacters, spaces
at line ends. Line ends of all kinds become a newline, a no-break space a space, a lone surrogate U+FFFD. The result
is in NFC: PDFs and macOS write accents apart, and then neither search nor a tokenizer knows the word.
"""

import re
import unicodedata

_BREAKS = (0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029)
_DROPPED = (
    *(code for code in range(0x20) if code not in (0x09, 0x0A, *_BREAKS)),
    *(code for code in range(0x7F, 0xA0) if code not in _BREAKS),
    *(0xAD, 0x200B, 0xFEFF, 0xFFFE, 0xFFFF),
)
_TABLE: dict[int, str | None] = {
    **dict.fromkeys(_DROPPED),
    **dict.fromkeys(_BREAKS, "\n"),
    0xA0: " ",
}
_ODD = re.compile("[" + "".join(re.escape(chr(code)) for code in _TABLE) + "]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_MANY_BREAKS = re.compile(r"\n{3,}")


def clean(text: str) -> str:
    """Return clean text without blank lines at its ends and with one blank line at most between paragraphs."""
    text = text.replace("\r\n", "\n")
    if _SURROGATES.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if _ODD.search(text):
        text = text.translate(_TABLE)
    text = unicodedata.normalize("NFC", text)
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return _MANY_BREAKS.sub("\n\n", text).strip("\n")


def one_line(text: str) -> str:
    """Return text with every run of white space as one space."""
    return " ".join(text.split())
