"""Finds the passages that hold phrases word for word: by their terms first, and then by reading them."""

from collections.abc import Sequence
from dataclasses import replace

from application.ports.passage_search import PassageFilter, PassageSearch
from application.ports.term_analyzer import TermAnalyzer
from domain.folded_text import fold
from domain.phrases import Phrase

# Of phrases that more passages hold than these, the ones are ranked in which their words weigh most.
MOST_HOLDERS = 1000


def confine_to_holders(
    passage_filter: PassageFilter, phrases: Sequence[Phrase], *, search: PassageSearch, terms: TermAnalyzer
) -> PassageFilter:
    """Return the filter with the passages that hold every one of the phrases. Raises DatabaseUnavailable."""
    required = {
        language: sorted({term for phrase in phrases for term in terms.required_terms(phrase.text, language)})
        for language in search.languages()
    }
    holders: list[int] = []
    for texts in search.holding(required, passage_filter):
        folded = {key: fold(text) for key, text in texts.items()}
        holders += [key for key, text in folded.items() if all(phrase.stands_in(text) for phrase in phrases)]
        if len(holders) >= MOST_HOLDERS:
            break
    return replace(passage_filter, keys=holders[:MOST_HOLDERS])
