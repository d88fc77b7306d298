"""Puts neighbouring chunks together again."""

from collections.abc import Sequence
from dataclasses import replace

from domain.chunk import Chunk


def join_chunks(chunks: Sequence[Chunk]) -> Chunk:
    """Return consecutive chunks of a document as one, shared text once.

    Whitespace between two chunks is in neither: line ends of the same length stand for it, or one space.
    """
    first, *rest = sorted(chunks, key=lambda chunk: chunk.position)
    joined = first
    for chunk in rest:
        gap = chunk.char_start - joined.char_end
        between = " " if gap == 1 else "\n" * gap
        more = between + chunk.text[max(0, -gap) :]
        joined = replace(
            joined,
            text=joined.text + more,
            char_end=max(joined.char_end, chunk.char_end),
            page_end=chunk.page_end,
        )
    return joined
