"""Measure what search finds, end to end: chunker, encoder, PostgreSQL and fusion, on two public sets of questions.

Usage: python scripts/bench_retrieval.py [CORPUS]. CORPUS is the folder with `faquad-pt` (Portuguese) and
`chunking-evaluation` (English). Prints, by words, by meaning, for the hybrid of both and for plain reciprocal rank
fusion to compare with, nDCG@10 on faquad-pt (also for its questions typed without accents) and the recall of answering
characters among the first 5 chunks of 256 tokens on chunking-evaluation. Starts a PostgreSQL of its own.
"""

import csv
import json
import math
import sys
import tempfile
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import Engine, text

from application.ports.embedder import Embedder
from application.ports.passage_search import PassageFilter
from application.ports.passage_store import IndexedChunk
from application.use_cases.search_chunks import MOST_RESULTS, FoundPassage, SearchChunks, SearchMode, SearchRequest
from domain.action import Run
from domain.chunking import Chunker
from domain.extracted_page import ExtractedPage
from domain.ids import ActionId, DocumentId, TenantId, new_uuid7
from infrastructure.embedded.stack import EmbeddedStack
from infrastructure.embedding.loading import load_embedder
from infrastructure.language.snowball_term_analyzer import SnowballTermAnalyzer
from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.migrate import migrate
from infrastructure.postgres.passage_search import PostgresPassageSearch
from infrastructure.postgres.passage_store import PostgresPassageStore

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "retrieval"
CHUNK_TOKENS, OVERLAP_TOKENS = 256, 32
RANK_CONSTANT = 60
Method = Callable[[str, int], list[FoundPassage]]
ADD_DOCUMENT = (
    """
    INSERT INTO documents (id, tenant_id, filename, content_type, size_bytes, metadata, chunk_tokens, chunk_overlap,
        published_run, created_at)
    VALUES (:document, :tenant, :name, 'text/plain', 0, '{}', 256, 32, :run, now())
    """,
    """
    INSERT INTO jobs (id, tenant_id, document_id, version, status, created_at)
    VALUES (:job, :tenant, :document, 1, 'processing', now())
    """,
    """
    INSERT INTO job_actions (id, job_id, type, queue, status, params, report, attempt, max_attempts, crashes,
        dispatch_no, run_lease, cancel_requested, due_at, created_at)
    VALUES (:action, :job, 'index', 'bench', 'processing', '{}', '{}', 1, 1, 0, 1, 1, false, now(), now())
    """,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What is measured, wired."""

    engine: Engine
    embedder: Embedder
    terms: SnowballTermAnalyzer
    search: SearchChunks

    def tenant(self) -> TenantId:
        """Return a tenant of its own for a corpus."""
        tenant = TenantId(new_uuid7())
        with self.engine.begin() as connection:
            connection.execute(text("INSERT INTO tenants (id, name) VALUES (:id, 'bench')"), {"id": tenant})
        return tenant

    def add(self, tenant: TenantId, name: str, content: str) -> None:
        """Chunk, embed and store a text."""
        chunker = Chunker(
            chunk_tokens=CHUNK_TOKENS, overlap_tokens=OVERLAP_TOKENS, token_spans=self.embedder.token_spans
        )
        chunks = [*chunker.feed(ExtractedPage(number=None, text=content)), *chunker.finish()]
        vectors = self.embedder.embed_passages([chunk.text for chunk in chunks])
        language = self.terms.language_of(content)
        indexed = [
            IndexedChunk(
                chunk=chunk,
                vector=vector,
                language=language,
                terms=self.terms.terms(chunk.text, language),
                length=len(self.terms.query_terms(chunk.text, language)),
            )
            for chunk, vector in zip(chunks, vectors, strict=True)
        ]
        run, document = Run(action_id=ActionId(new_uuid7()), run_lease=1), DocumentId(new_uuid7())
        ids = {"document": document, "tenant": tenant, "job": new_uuid7(), "action": run.action_id, "run": run.id}
        with self.engine.begin() as connection:
            for statement in ADD_DOCUMENT:
                connection.execute(text(statement), {**ids, "name": name})
        PostgresPassageStore(self.engine).write_chunks(run, document, self.embedder.model_name, indexed)

    def ask(self, tenant: TenantId, query: str, mode: SearchMode, limit: int) -> list[FoundPassage]:
        """Search."""
        return self.search(
            SearchRequest(query=query, passage_filter=PassageFilter(tenant_id=tenant), mode=mode, limit=limit)
        )

    def fuse_ranks(self, tenant: TenantId, query: str, limit: int) -> list[FoundPassage]:
        """Search by words and by meaning, and add up 1 / (60 + rank), after Cormack, Clarke and Buettcher (2009)."""
        scores: defaultdict[int, float] = defaultdict(float)
        found: dict[int, FoundPassage] = {}
        for mode in (SearchMode.KEYWORD, SearchMode.SEMANTIC):
            for rank, one in enumerate(self.ask(tenant, query, mode, MOST_RESULTS), start=1):
                found[one.passage.key] = one
                scores[one.passage.key] += 1 / (RANK_CONSTANT + rank)
        return [found[key] for key in sorted(scores, key=lambda key: (-scores[key], key))[:limit]]

    def methods(self, tenant: TenantId) -> Mapping[str, Method]:
        """Return the ways to search, by name."""
        return {
            **{mode.value: partial(self._ask_by, tenant, mode) for mode in SearchMode},
            "plain rank fusion": partial(self.fuse_ranks, tenant),
        }

    def _ask_by(self, tenant: TenantId, mode: SearchMode, query: str, limit: int) -> list[FoundPassage]:
        return self.ask(tenant, query, mode, limit)


def main() -> int:
    """Measure both sets, those that are there."""
    corpus = Path(sys.argv[1]) if len(sys.argv) > 1 else CORPUS
    measures = {"faquad-pt": measure_faquad, "chunking-evaluation": measure_chunking}
    there = {name: measure for name, measure in measures.items() if (corpus / name).is_dir()}
    for name in measures:
        if name not in there:
            print(f"{name}: NOT MEASURED, it is not here: {corpus / name}")
    if not there:
        return 0
    with tempfile.TemporaryDirectory() as folder, EmbeddedStack.own(Path(folder), want_redis=False) as stack:
        engine = make_engine(str(stack.addresses.database_url), application_name="bench")
        migrate(engine)
        embedder, terms = load_embedder(), SnowballTermAnalyzer()
        search = SearchChunks(live_embedder=lambda: embedder, terms=terms, search=PostgresPassageSearch(engine))
        bench = Bench(engine=engine, embedder=embedder, terms=terms, search=search)
        for name, measure in there.items():
            measure(bench, corpus / name)
        engine.dispose()
    return 0


def measure_faquad(bench: Bench, folder: Path) -> None:
    """Print nDCG@10 over paragraphs, each a document."""
    tenant = bench.tenant()
    for paragraph in _lines(folder / "corpus.jsonl"):
        bench.add(tenant, str(paragraph["_id"]), str(paragraph["text"]))
    relevant: dict[str, dict[str, int]] = {}
    with (folder / "qrels" / "test.tsv").open() as file:
        for row in csv.DictReader(file, delimiter="\t"):
            relevant.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    questions = [(str(q["text"]), relevant[str(q["_id"])]) for q in _lines(folder / "queries.jsonl")]
    for label, change in (("", str), (" without accents", _without_accents)):
        for name, method in bench.methods(tenant).items():
            gains = []
            for question, grades in questions:
                ranking = list(dict.fromkeys(one.passage.filename for one in method(change(question), 30)))
                gains.append(_ndcg(ranking, grades))
            print(f"faquad-pt{label}, {name}: nDCG@10 {sum(gains) / len(gains):.3f}", flush=True)


def measure_chunking(bench: Bench, folder: Path) -> None:
    """Print the share of the answering characters that the first five chunks hold, over all texts at once."""
    tenant = bench.tenant()
    for path in sorted(folder.glob("*.md")):
        with path.open(encoding="utf-8", newline="") as file:
            bench.add(tenant, path.stem, file.read())
    with (folder / "questions_df.csv").open(encoding="utf-8") as file:
        questions = list(csv.DictReader(file))
    for name, method in bench.methods(tenant).items():
        shares = [_share_found(question, method(question["question"], 5)) for question in questions]
        print(f"chunking-evaluation, {name}: recall in 5 chunks {sum(shares) / len(shares):.3f}", flush=True)


def _share_found(question: Mapping[str, str], found: Sequence[FoundPassage]) -> float:
    held = {
        character
        for one in found
        if one.passage.filename == question["corpus_id"]
        for character in range(one.char_start, one.char_end)
    }
    spans = [(span["start_index"], span["end_index"]) for span in json.loads(question["references"])]
    wanted = [character for start, end in spans for character in range(start, end)]
    return sum(character in held for character in wanted) / len(wanted)


def _ndcg(ranking: Sequence[str], grades: Mapping[str, int], depth: int = 10) -> float:
    best = sorted(grades.values(), reverse=True)
    return _gain([grades.get(name, 0) for name in ranking[:depth]]) / _gain(best[:depth])


def _gain(grades: Sequence[int]) -> float:
    return math.fsum((2.0**grade - 1) / math.log2(rank + 2) for rank, grade in enumerate(grades))


def _without_accents(question: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", question) if not unicodedata.combining(c))


def _lines(path: Path) -> Iterator[dict[str, object]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


if __name__ == "__main__":
    sys.exit(main())
