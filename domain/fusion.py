"""How the two arms of hybrid search become one ranking: scaled scores, not ranks."""

from collections.abc import Mapping
from typing import TypeVar

Key = TypeVar("Key")
SEMANTIC_WEIGHT = 0.7


def fuse(
    cosines: Mapping[Key, float], bm25: Mapping[Key, float], *, semantic_weight: float = SEMANTIC_WEIGHT
) -> dict[Key, float]:
    """Return a score from 0 to 1 for each candidate, by TM2C2.

    A convex combination of scores scaled by their theoretical minimum and their maximum in this query's pool:
    w (cos + 1) / (max cos + 1) + (1 - w) bm25 / max bm25, after Bruch, Gai and Ingber (2023), "An Analysis of Fusion
    Functions for Hybrid Retrieval". A candidate that one arm did not give counts with that arm's minimum, so pass the
    cosines of all candidates.
    """
    top_cosine = max(cosines.values(), default=-1.0) + 1.0
    top_bm25 = max(bm25.values(), default=0.0)

    def score(key: Key) -> float:
        semantic = (cosines.get(key, -1.0) + 1.0) / top_cosine if top_cosine > 0 else 0.0
        keyword = bm25.get(key, 0.0) / top_bm25 if top_bm25 > 0 else 0.0
        return semantic_weight * semantic + (1.0 - semantic_weight) * keyword

    return {key: score(key) for key in cosines.keys() | bm25.keys()}
