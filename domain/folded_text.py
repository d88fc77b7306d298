"""Text without case and accents, and the way back: where a piece of it stands in the text as it was written."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Self

LATIN_AND_GREEK_END = "\u0400"
# Letters with a stroke and the like, which Unicode does not take apart.
LETTERS = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ς": "σ", "ё": "е"})  # noqa: RUF001
NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedText:
    """`starts` has for each folded character where what it stands for begins, and at last the length of the text."""

    text: str
    starts: Sequence[int]

    @classmethod
    def of(cls, text: str) -> Self:
        """Fold a text, keeping its places."""
        if text.isascii():
            return cls(text=text.lower(), starts=range(len(text) + 1))
        folded: list[str] = []
        starts: list[int] = []
        end = 0
        for match in NOT_ASCII.finditer(text):
            folded.append(text[end : match.start()].lower())
            starts.extend(range(end, match.start()))
            for cluster in _clusters().finditer(text, match.start(), match.end()):
                folded.append(_fold_cluster(cluster.group()))
                starts.extend([cluster.start()] * len(folded[-1]))
            end = match.end()
        folded.append(text[end:].lower())
        starts.extend(range(end, len(text) + 1))
        return cls(text="".join(folded), starts=starts)

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return where the folded characters from `start` to `end` stand in the text."""
        return self.starts[start], self.starts[bisect_right(self.starts, self.starts[end - 1])]


def fold(text: str) -> str:
    """Fold a text: compatible forms as one (NFKC), lower case, no accents on Latin and Greek letters.

    In other scripts a mark can make another letter (й, が), so it stays.
    """
    if text.isascii():
        return text.lower()
    return NOT_ASCII.sub(_fold_run, text).lower()


@cache
def marks() -> str:
    """Return the characters that belong to the letter before them, to be put into a class of a pattern."""
    return "".join(chr(c) for c in range(0x300, 0x10000) if unicodedata.category(chr(c)).startswith("M"))


def _fold_run(match: re.Match[str]) -> str:
    return "".join(map(_fold_cluster, _clusters().findall(match.group())))


@cache
def _clusters() -> re.Pattern[str]:
    return re.compile(f".[{marks()}]*", re.DOTALL)


@lru_cache(maxsize=65_536)
def _fold_cluster(cluster: str) -> str:
    """Fold a letter with its marks; marks alone belong to an ASCII letter before them, and go."""
    kept: list[str] = []
    base = ""
    for character in unicodedata.normalize("NFD", unicodedata.normalize("NFKC", cluster).lower()):
        if not unicodedata.combining(character):
            base = character
        elif base < LATIN_AND_GREEK_END:
            continue
        kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept)).translate(LETTERS)
