"""Cuts a document into chunks while it is still being read.

A chunk takes as many words as fit and ends at the strongest break of its latter part. It is not cut before a good deal
more than fits is known, so that the last chunk of a document is never a crumb.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from domain.chunk import Chunk
from domain.extracted_page import ExtractedPage, Heading
from domain.word_breaks import HEADING, INSIDE_WORD, LINE, PARAGRAPH, SENTENCE, WORD, blocks, break_between, words

TokenSpans = Callable[[str], Sequence[tuple[int, int]]]

DEEPEST_HEADING = 6
# A chunk ends at a break of this strength where that leaves it so full at least; at a lesser one, as full as can be.
LEAST_FILL = {PARAGRAPH: 0.75, SENTENCE: 0.5, LINE: 0.5}
LEAST_FILL_BEFORE_HEADING = 0.5


class _Word(NamedTuple):
    start: int
    end: int
    tokens: int
    strength: int  # of the break before it
    page: int | None
    headings: tuple[str, ...]


class Chunker:
    """Takes pages in order and gives chunks as soon as they are complete.

    `token_spans` is the model's tokenizer: the (start, end) of each token in code points. Each chunk has at most
    `chunk_tokens` tokens and repeats at most `overlap_tokens` of the one before it; nothing is repeated across a
    heading. Offsets are those of all pages joined by a newline. Words are cut only where one alone is longer than a
    chunk, then between tokens. Time is linear in the text.
    """

    def __init__(self, *, chunk_tokens: int, overlap_tokens: int, token_spans: TokenSpans) -> None:
        if not 0 <= overlap_tokens < chunk_tokens:
            raise ValueError("overlap_tokens must be less than chunk_tokens")
        self._limit = chunk_tokens
        self._overlap = overlap_tokens
        self._least_tail = chunk_tokens // 4
        self._token_spans = token_spans
        # What is in no finished chunk yet: its text, where that begins in the document, and its words.
        self._text = ""
        self._base = 0
        self._words: list[_Word] = []
        self._first = 0  # the word with which the next chunk starts
        self._fresh = 0  # the first word which is in no chunk
        self._tokens = 0  # of the words from _first on
        self._upcoming: deque[tuple[int, Heading]] = deque()
        self._open: list[Heading] = []
        self._path: tuple[str, ...] = ()
        self._in_heading = False
        self._begun = False
        self._position = 0

    def feed(self, page: ExtractedPage) -> list[Chunk]:
        """Take the next page; return the chunks that it completes."""
        if self._begun:
            self._text += "\n"
        offset = self._base + len(self._text)
        for heading in sorted(page.headings, key=lambda heading: heading.offset):
            self._upcoming.append((offset + heading.offset, heading))
        chunks: list[Chunk] = []
        # A piece of a format without pages is a block of its own; a page may end in the middle of a sentence.
        least = PARAGRAPH if page.number is None or not self._begun else INSIDE_WORD
        self._begun = True
        for start, end in blocks(page.text):
            if self._take(page.text[start:end], page.number, least):
                least = INSIDE_WORD
            while self._tokens > self._limit + self._least_tail:
                chunks.append(self._cut(self._limit))
            self._forget()
        return chunks

    def finish(self) -> list[Chunk]:
        """Return the rest. To be called once, after the last page."""
        chunks: list[Chunk] = []
        while self._tokens > self._limit:
            chunks.append(self._cut(min(self._limit, self._tokens - self._least_tail)))
        if self._fresh < len(self._words):
            chunks.append(self._chunk(len(self._words)))
        return chunks

    def _take(self, block: str, page: int | None, least: int) -> bool:
        """Append a block's words, the break before the first being `least` at least; tell if there were any."""
        offset = self._base + len(self._text)
        self._text += block
        known = len(self._words)
        for start, end, tokens in words(block, self._token_spans(block), self._limit):
            strength = self._break_before(offset + start, least)
            least = INSIDE_WORD
            self._words.append(_Word(offset + start, offset + end, tokens, strength, page, self._path))
            self._tokens += tokens
        return len(self._words) > known

    def _break_before(self, start: int, least: int) -> int:
        """Return how strong the break before the word at `start` is, entering the headings that begin there."""
        gap = last_word = ""
        if self._words:
            last = self._words[-1]
            gap = self._text[last.end - self._base : start - self._base]
            last_word = self._text[last.start - self._base : last.end - self._base]
        below_heading = self._in_heading and "\n" in gap
        self._in_heading = self._in_heading and not below_heading
        heading = self._enter_headings(start)
        if below_heading:
            return WORD  # a heading stays with what it heads
        return max(least, heading, break_between(last_word, gap, self._text[start - self._base]))

    def _enter_headings(self, start: int) -> int:
        """Open the headings up to `start`; return the strength of the highest, 0 if there are none."""
        highest = 0
        while self._upcoming and self._upcoming[0][0] <= start:
            heading = self._upcoming.popleft()[1]
            self._open = [*(above for above in self._open if above.level < heading.level), heading]
            self._path = tuple(above.title for above in self._open)
            self._in_heading = True
            highest = max(highest, HEADING + DEEPEST_HEADING - heading.level)
        return highest

    def _cut(self, most_tokens: int) -> Chunk:
        """Finish a chunk of at most so many tokens, and find where the next one starts."""
        end = self._best_end(most_tokens)
        chunk = self._chunk(end)
        start = self._overlap_start(end)
        self._tokens -= sum(word.tokens for word in self._words[self._first : start])
        self._first, self._fresh = start, end
        return chunk

    def _best_end(self, most_tokens: int) -> int:
        """Return the index of the word before which the chunk ends."""
        best = (-1, 0)
        tokens = 0
        for index in range(self._first, len(self._words)):
            word = self._words[index]
            if index > self._fresh:
                fill = tokens / self._limit
                strength = word.strength
                least_fill = LEAST_FILL_BEFORE_HEADING if strength >= HEADING else LEAST_FILL.get(strength, 0.0)
                best = max(best, (strength if fill >= least_fill else min(strength, WORD), index))
            tokens += word.tokens
            if tokens > most_tokens:
                break
        return max(best[1], self._fresh + 1)

    def _overlap_start(self, end: int) -> int:
        """Return the index of the word at which the next chunk starts: of a sentence if that repeats little enough."""
        room = min(self._overlap, self._limit - self._words[end].tokens)
        sentence = word_start = end
        for index in range(end - 1, self._first, -1):
            if self._words[index + 1].strength >= HEADING:
                break
            room -= self._words[index].tokens
            if room < 0:
                break
            if self._words[index].strength >= SENTENCE:
                sentence = index
            if self._words[index].strength >= WORD:
                word_start = index
        return sentence if sentence < end else word_start

    def _chunk(self, end: int) -> Chunk:
        inside = self._words[self._first : end]
        start_character, end_character = inside[0].start, inside[-1].end
        chunk = Chunk(
            position=self._position,
            text=self._text[start_character - self._base : end_character - self._base],
            char_start=start_character,
            char_end=end_character,
            page_start=inside[0].page,
            page_end=inside[-1].page,
            token_count=sum(word.tokens for word in inside),
            headings=inside[0].headings,
        )
        self._position += 1
        return chunk

    def _forget(self) -> None:
        """Drop what no later chunk needs."""
        if not self._first:
            return
        dropped = self._words[self._first].start - self._base
        self._text = self._text[dropped:]
        self._base += dropped
        del self._words[: self._first]
        self._fresh -= self._first
        self._first = 0
