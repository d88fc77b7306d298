"""Words broken at the ends of lines: which hyphens belong to the word, and which to the line."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

MARKS = "\ufffe\x02"
BROKEN_LINES = 0.06
MAX_WORDS = 50_000
_BROKEN_WORD = re.compile(rf"(\w+)[{MARKS}](?:\r?\n)?(\w+)")
_WORD = re.compile(r"\w+(?:-\w+)*")


@dataclass(slots=True)
class KnownWords:
    """What the pages so far have shown: their words, in lower case, and how many hyphens surely were of which kind."""

    words: set[str] = field(default_factory=set)
    of_words: int = 0
    of_lines: int = 0
    _untold: set[str] = field(default_factory=set)

    def learn(self, text: str) -> None:
        """Take the words of a page whose hyphens are settled."""
        if len(self.words) < MAX_WORDS:
            new = _words_of(text) - self.words
            self.words |= new
            self._untold |= new

    def news(self) -> list[Any]:
        """Return what was learned since this was last asked, as JSON has it, for `recall`."""
        told, self._untold = self._untold, set()
        return [sorted(told), self.of_words, self.of_lines]

    def recall(self, news: Sequence[Any]) -> None:
        """Know what another one has learned."""
        words, self.of_words, self.of_lines = news
        self.words.update(words)


def joined_words(text: str, known: KnownWords | None = None) -> str:
    """Join words at the hyphens that PDFium marks at line ends, where lines are joined already.

    It does not know if a hyphen belongs to the word (`touch-and-go`) or to the line (`infor-mation`). The rest of the
    page and the pages before tell: a form that stands there whole wins. Parts that are no words were broken, in a
    document that surely breaks words. Where nothing tells, the page's other broken words do, else how many there are:
    who breaks words breaks many.
    """
    broken = [(match[1], match[2]) for match in _BROKEN_WORD.finditer(text)]
    if not broken:
        return re.sub(f"[{MARKS}]", "-", text)
    known = known or KnownWords()
    words = known.words | _words_of(_BROKEN_WORD.sub(" ", text))
    sure = [_belongs_to_word(left, right, words) for left, right in broken]
    known.of_words += sure.count(True)
    known.of_lines += sure.count(False)
    balance = sure.count(True) - sure.count(False)
    otherwise = balance > 0 or (balance == 0 and len(broken) <= BROKEN_LINES * (text.count("\n") + 1))

    def join(match: re.Match[str]) -> str:
        kept = _belongs_to_word(match[1], match[2], words)
        if kept is None:
            unknown = match[1].lower() not in words and match[2].lower() not in words
            kept = otherwise and not (unknown and known.of_lines > known.of_words)
        return f"{match[1]}-{match[2]}" if kept else match[1] + match[2]

    return re.sub(f"[{MARKS}]", "-", _BROKEN_WORD.sub(join, text))


def _belongs_to_word(left: str, right: str, words: set[str]) -> bool | None:
    """Tell whether the hyphen between two parts is the word's own, None where nothing tells."""
    if (left + right).lower() in words:
        return False
    if not right[0].islower() or not left[-1].isalpha() or (len(left) > 1 and left.isupper()):
        return True
    if f"{left}-{right}".lower() in words:
        return True
    return True if left.lower() in words and right.lower() in words else None


def _words_of(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)}
