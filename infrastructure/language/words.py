"""Cuts folded text into words: codes and numbers whole and by their parts, scripts without spaces into pairs.

A passage has more words than a question for it: parts of a number, and single characters that can be a word, such as
猫, are looked for only where they are asked for alone.
"""

import re
from collections.abc import Iterator
from functools import cache

from domain.folded_text import marks
from domain.phrases import UNSPACED, UNSPACED_LETTERS

# Begun only where digits begin: a million of them would else be read again from each.
NUMBER = re.compile(r"(?<!\d)\d++(?:[.,]\d++)+")
ORDINAL = re.compile(r"\d+[oa]")
JOINT = re.compile(r"[-.,/:_]")
# Han and Hangul: a letter of the other scripts without spaces says nothing by itself.
WORD_CHARACTER = re.compile("[\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
AFTER, BEFORE = f"(?<=[{UNSPACED_LETTERS}])", f"(?=[{UNSPACED_LETTERS}])"
PAIRED = re.compile(f"{AFTER}{WORD_CHARACTER.pattern}|{WORD_CHARACTER.pattern}{BEFORE}")

Located = tuple[str, int, int]


def words(text: str) -> Iterator[Located]:
    """Yield the words of a passage, each with its start and end."""
    for match in _word_pattern().finditer(text):
        token, start = match.group(), match.start()
        yield from _words_of(token, start)
        if not token.isascii():
            for single in PAIRED.finditer(token):
                yield single.group(), start + single.start(), start + single.end()


def query_words(text: str) -> Iterator[str]:
    """Yield the words to find passages by: those of a passage, but not what a number or a pair of them tells better."""
    for match in _word_pattern().finditer(text):
        token = match.group()
        outside_numbers = NUMBER.sub(lambda number: " " * len(number[0]), token)
        for word, start, end in _words_of(token, 0):
            if NUMBER.fullmatch(word) or not outside_numbers[start:end].isspace():
                yield word


def parts(text: str) -> Iterator[str]:
    """Yield the words that every text has in which this one stands: the smallest, whatever they are joined to there."""
    for match in _word_pattern().finditer(text):
        for part, _, _ in _parts(match.group(), 0):
            if len(part) > 1 or not UNSPACED.match(part) or WORD_CHARACTER.match(part):
                yield part


def _words_of(token: str, start: int) -> Iterator[Located]:
    """Yield 1.200,00/mes as itself, 1.200,00, 1, 200, 00 and mes; 5o as itself and 5."""
    if token.isalpha() and token.isascii():
        yield token, start, start + len(token)
        return
    if JOINT.search(token) and any(character.isdigit() for character in token):
        if not UNSPACED.search(token) and not NUMBER.fullmatch(token):
            yield token, start, start + len(token)
        for number in NUMBER.finditer(token):
            yield number.group(), start + number.start(), start + number.end()
    for part, begin, end in _parts(token, start):
        yield part, begin, end
        if ORDINAL.fullmatch(part):
            yield part[:-1], begin, end - 1


def _parts(token: str, start: int) -> Iterator[Located]:
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
