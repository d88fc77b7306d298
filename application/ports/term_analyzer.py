"""Port: finds a text's language and cuts it into the terms by which keyword search finds it."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from domain.folded_text import FoldedText


class LocatedTerm(NamedTuple):
    """A term and where it stands in the text, in code points."""

    term: str
    start: int
    end: int


class TermAnalyzer(Protocol):
    """Pure computation with a library behind it; raises nothing, whatever the text."""

    def language_of(self, text: str) -> str:
        """Return the ISO 639-1 code of the text's language, "und" where it cannot be told or has no stemmer."""
        ...

    def terms(self, text: str, language: str) -> list[str]:
        """Return the terms in order, repeats kept: lower case, stemmed, accents folded, no stop words."""
        ...

    def located_terms(self, text: FoldedText, language: str) -> Sequence[LocatedTerm]:
        """Return the same terms with their places, as they stand in the text before it was folded."""
        ...

    def query_terms(self, query: str, language: str) -> list[str]:
        """Return the terms to find passages by, repeats kept: all or some of `terms` of the same text."""
        ...

    def required_terms(self, phrase: str, language: str) -> list[str]:
        """Return the terms that every text of the language has in which the phrase stands; none if all are common."""
        ...

    def languages(self) -> Sequence[str]:
        """Return every language that `language_of` can answer."""
        ...
