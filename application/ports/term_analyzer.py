"""Port: finds a text's language and cuts it into the terms by which keyword search finds it."""

from collections.abc import Sequence
from typing import Protocol


class TermAnalyzer(Protocol):
    """Pure computation with a library behind it; raises nothing, whatever the text."""

    def language_of(self, text: str) -> str:
        """Return the ISO 639-1 code of the text's language, "und" where it cannot be told or has no stemmer."""
        ...

    def terms(self, text: str, language: str) -> list[str]:
        """Return the terms in order, repeats kept: lower case, stemmed, accents folded, no stop words."""
        ...

    def languages(self) -> Sequence[str]:
        """Return every language that `language_of` can answer."""
        ...
