"""Measure what search finds, end to end: chunker, encoder, PostgreSQL and fusion, on the real corpora.

Usage: python scripts/bench_retrieval.py CORPUS DATABASE_URL. CORPUS is the folder with `faquad-pt` and
`chunking-evaluation`; DATABASE_URL an empty database with pgvector. Prints, for each mode, nDCG@10 on faquad-pt (also
for its questions typed without accents) and the recall of answering characters among the first 5 chunks of 256 tokens
on chunking-evaluation.
"""

import csv
import json
import math
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, create_engine, text

from application.ports.embedder import Embedder
from application.ports.passage_search import PassageFilter
from application.ports.passage_store import IndexedChunk
from application.use_cases.search_chunks import FoundPassage, SearchChunks, SearchMode, SearchRequest
from domain.action import Run
from domain.chunking import Chunker
from domain.extracted_page import ExtractedPage
from domain.ids import ActionId, DocumentId, TenantId, new_uuid7
from infrastructure.embedding.loading import load_embedder
from infrastructure.language.snowball_term_analyzer import SnowballTermAnalyzer
from infrastructure.postgres.migrate import migrate
from infrastructure.postgres.passage_search import PostgresPassageSearch
from infrastructure.postgres.passage_store import PostgresPassageStore

CHUNK_TOKENS, OVERLAP_TOKENS = 256, 32
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
        languages = [self.terms.language_of(chunk.text) for chunk in chunks]
        indexed = [
            IndexedChunk(chunk=chunk, vector=vector, language=language, terms=self.terms.terms(chunk.text, language))
            for chunk, vector, language in zip(chunks, vectors, languages, strict=True)
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


def main() -> None:
    """Measure both corpora."""
    corpus, url = Path(sys.argv[1]), sys.argv[2]
    engine = create_engine(url)
    migrate(engine)
    embedder, terms = load_embedder(), SnowballTermAnalyzer()
    search = SearchChunks(embedder=embedder, terms=terms, search=PostgresPassageSearch(engine))
    bench = Bench(engine=engine, embedder=embedder, terms=terms, search=search)
    measure_faquad(bench, corpus / "faquad-pt")
    measure_chunking(bench, corpus / "chunking-evaluation")


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
    for mode in SearchMode:
        for label, change in (("", str), (" without accents", _without_accents)):
            gains = []
            for question, grades in questions:
                found = bench.ask(tenant, change(question), mode, 30)
                ranking = list(dict.fromkeys(one.passage.filename for one in found))
                gains.append(_ndcg(ranking, grades))
            print(f"faquad-pt {mode}{label}: nDCG@10 {sum(gains) / len(gains):.3f}", flush=True)


def measure_chunking(bench: Bench, folder: Path) -> None:
    """Print the share of the answering characters that the first five chunks hold, over all texts at once."""
    tenant = bench.tenant()
    for path in sorted(folder.glob("*.md")):
        with path.open(encoding="utf-8", newline="") as file:
            bench.add(tenant, path.stem, file.read())
    with (folder / "questions_df.csv").open(encoding="utf-8") as file:
        questions = list(csv.DictReader(file))
    for mode in SearchMode:
        shares = []
        for question in questions:
            spans = [(span["start_index"], span["end_index"]) for span in json.loads(question["references"])]
            found = bench.ask(tenant, question["question"], mode, 5)
            held = {
                character
                for one in found
                if one.passage.filename == question["corpus_id"]
                for character in range(one.char_start, one.char_end)
            }
            wanted = [character for start, end in spans for character in range(start, end)]
            shares.append(sum(character in held for character in wanted) / len(wanted))
        print(f"chunking-evaluation {mode}: recall in 5 chunks {sum(shares) / len(shares):.3f}", flush=True)


def _ndcg(ranking: Sequence[str], grades: Mapping[str, int], depth: int = 10) -> float:
    gain = sum((2 ** grades.get(name, 0) - 1) / math.log2(rank + 2) for rank, name in enumerate(ranking[:depth]))
    best = sorted(grades.values(), reverse=True)[:depth]
    return gain / sum((2**grade - 1) / math.log2(rank + 2) for rank, grade in enumerate(best))


def _without_accents(question: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", question) if not unicodedata.combining(c))


def _lines(path: Path) -> Iterator[dict[str, object]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


if __name__ == "__main__":
    main()
