"""A passage of a document: the unit that is embedded and found."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A passage and where it came from.

    `text` is exactly `full_text[char_start:char_end]`, where `full_text` is the document's pages joined by a
    newline and offsets count Unicode code points. Pages are from 1, None where the format has none.
    `headings` is the path of headings above the passage, outermost first.
    """

    position: int
    text: str
    char_start: int
    char_end: int
    page_start: int | None
    page_end: int | None
    token_count: int
    headings: tuple[str, ...] = ()

    @property
    def content_hash(self) -> bytes:
        """Return the SHA-256 of the text: equal texts have equal embeddings under one model."""
        return hashlib.sha256(self.text.encode()).digest()
