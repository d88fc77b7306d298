"""What a question asks for word for word: the parts of it in quotes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Self

from domain.folded_text import fold, marks

QUOTED = re.compile(r'"([^"]*)"|“([^”]*)”')
# Scripts written without spaces between words.
UNSPACED_LETTERS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
UNSPACED = re.compile(f"[{UNSPACED_LETTERS}]+")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand next to each other. Case, accents and what is between the words do not count; endings do.

    A number is a word with its stops and commas; a whole one is also found as an ordinal, as 5 in "art. 5º".
    """

    text: str
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, text: str) -> Self | None:
        """Return the phrase, None if the text has no words."""
        words = _word().findall(fold(text))
        if not words:
            return None
        first, *rest = words
        between = rf"(?:(?![{marks()}])[\W_])+"
        # Looked for behind the first word: a pattern that begins with plain letters is searched many times as fast.
        before = "" if UNSPACED.match(first[0]) else rf"(?<!(?:{_spaced()}){re.escape(first)})"
        after = "" if UNSPACED.match(words[-1][-1]) else f"(?!{_spaced()})"
        pattern = between.join([_pattern(first, before), *map(_pattern, rest)])
        return cls(text, re.compile(pattern + after))

    def stands_in(self, folded: str) -> bool:
        """Tell whether a text that was folded holds the phrase."""
        return self.pattern.search(folded) is not None

    def spans(self, folded: str) -> Sequence[tuple[int, int]]:
        """Return where the phrase stands in a text that was folded."""
        return [match.span() for match in self.pattern.finditer(folded)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`words` is all of the question without its quotation marks; the phrases are in it too."""

    words: str
    phrases: tuple[Phrase, ...] = ()

    @classmethod
    def of(cls, query: str) -> Self:
        """Take a query apart. A quotation mark without its other one, and quotes without words, are plain text."""
        phrases: list[Phrase] = []

        def unquoted(match: re.Match[str]) -> str:
            phrase = Phrase.of(match[1] or match[2] or "")
            if phrase is None:
                return match[0]
            phrases.append(phrase)
            return f" {phrase.text} "

        words = QUOTED.sub(unquoted, query)
        return cls(words=words.strip() if phrases else query, phrases=tuple(phrases))


def _pattern(word: str, condition: str = "") -> str:
    """Return the word's pattern. 5o, to which 5º is folded, counts as 5; 5a does not, as it may be "Section 5A"."""
    return re.escape(word) + condition + ("o?" if word.isdecimal() else "")


@cache
def _word() -> re.Pattern[str]:
    letter = rf"[^\W_]|[{marks()}]"
    return re.compile(rf"\d+(?:[.,]\d+)+(?!{letter})|(?:{letter})+")


@cache
def _spaced() -> str:
    """Return the pattern of what a word may not go on with: a letter, digit or mark of the scripts with spaces."""
    return rf"(?![{UNSPACED_LETTERS}])(?:[^\W_]|[{marks()}])"
