"""How many chunks each language has and how long they are, as BM25 wants to know it: counted now and then."""

import threading
import time
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from sqlalchemy import Connection

from infrastructure.postgres.passage_queries import STATISTICS

KEPT_SECONDS = 30.0
# Counting reads an index of all chunks: it may take a hundredth of the time, however many there are.
REST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageSize:
    """`length` is the mean number of terms of a chunk."""

    chunks: float
    length: float


class LanguageStatistics:
    """Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: Mapping[str, LanguageSize] = {}
        self._known_until = 0.0

    def of(self, languages: AbstractSet[str], connection: Connection) -> Mapping[str, LanguageSize]:
        """Return the sizes by language, half a minute old or, of many chunks, older; of what has chunks."""
        with self._lock:
            known, fresh = self._known, time.monotonic() < self._known_until
        if fresh and languages <= known.keys():
            return known
        began_at = time.monotonic()
        rows = connection.execute(STATISTICS).all()
        counted = {row.language: LanguageSize(chunks=float(row.chunks), length=float(row.length)) for row in rows}
        with self._lock:
            self._known = counted
            ended_at = time.monotonic()
            self._known_until = ended_at + max(KEPT_SECONDS, REST * (ended_at - began_at))
        return counted
