"""Cuts folded text into words: codes whole and by their parts, scripts without spaces into pairs of characters."""

import re
from collections.abc import Iterator
from functools import cache

from domain.folded_text import marks
from domain.phrases import UNSPACED

NUMBER = re.compile(r"[\d.,]+")
JOINT = re.compile(r"[-.,/:_]")

Located = tuple[str, int, int]


def words(text: str) -> Iterator[Located]:
    """Yield each word with its start and end; a code like inv-001 is followed by its parts, a number has none."""
    for match in _word_pattern().finditer(text):
        token = match.group()
        if token.isalpha() and token.isascii():
            yield token, *match.span()
            continue
        parts = list(_parts(token, match.start()))
        is_code = len(parts) > 1 and any(character.isdigit() for character in token) and not UNSPACED.search(token)
        if is_code:
            yield token, *match.span()
        yield from parts


def parts(text: str) -> Iterator[str]:
    """Yield the words that every text has in which this one stands: parts of codes, but not the codes themselves.

    A single character of a script without spaces stands in a text as half of a pair: it is left out.
    """
    for match in _word_pattern().finditer(text):
        for part, _, _ in _parts(match.group(), 0):
            if len(part) > 1 or not UNSPACED.match(part):
                yield part


def _parts(token: str, start: int) -> Iterator[Located]:
    if NUMBER.fullmatch(token):
        yield token, start, start + len(token)
        return
    for part in JOINT.split(token):
        yield from _spaced(part, start)
        start += len(part) + 1


def _spaced(word: str, start: int) -> Iterator[Located]:
    """Yield the word, or where its script has no spaces, its pairs of characters."""
    end = 0
    for run in UNSPACED.finditer(word):
        if run.start() > end:
            yield word[end : run.start()], start + end, start + run.start()
        characters = run.group()
        for i in range(max(1, len(characters) - 1)):
            pair = characters[i : i + 2]
            yield pair, start + run.start() + i, start + run.start() + i + len(pair)
        end = run.end()
    if end < len(word):
        yield word[end:], start + end, start + len(word)


@cache
def _word_pattern() -> re.Pattern[str]:
    """Return what a word is: letters and digits with their marks, joined by stops and dashes where there are any."""
    word = rf"[^\W_](?:[^\W_]|[{marks()}])*"
    return re.compile(rf"{word}(?:{JOINT.pattern}{word})*")
