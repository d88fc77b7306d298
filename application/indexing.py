"""One run over one document: its pages become chunks, vectors and terms, batch by batch."""

from dataclasses import dataclass, field, replace

from application.embedding import BATCH_CHUNKS, embed
from application.ports.embedder import Embedder
from application.ports.embedding_cache import EmbeddingCache
from application.ports.extractor import ExtractionStream
from application.ports.passage_store import IndexedChunk, PassageStore, StoredPage
from application.ports.run_context import RunContext
from application.ports.term_analyzer import TermAnalyzer
from domain.attachment import attachment_warnings
from domain.chunk import Chunk
from domain.chunking import Chunker
from domain.document import Document
from domain.extracted_page import ExtractedPage, UnreadablePage
from domain.failure import DocumentUnreadable, FailureCode
from domain.report import Report, Stage
from domain.unreadable import recognition_warnings, warnings_of

# Of a format without pages nobody knows how much is left, so nothing is embedded before its end; but memory is finite.
MOST_WAITING_CHUNKS = 1024


@dataclass(slots=True, kw_only=True)
class Indexing:
    """One run over one document: what was read, what waits to be embedded, how far it is."""

    embedder: Embedder
    cache: EmbeddingCache
    terms: TermAnalyzer
    passages: PassageStore
    document: Document
    context: RunContext
    report: Report = field(default_factory=Report)
    chunker: Chunker = field(init=False)
    pages: list[StoredPage] = field(default_factory=list)
    waiting: list[Chunk] = field(default_factory=list)
    language: str | None = None
    pages_read: int = 0
    pages_recognized: int = 0
    next_offset: int = 0
    tokens: int = 0

    def __post_init__(self) -> None:
        """Cut by the model's own tokens, and never more than it sees."""
        chunk_tokens = min(self.document.chunk_tokens, self.embedder.max_tokens)
        self.chunker = Chunker(
            chunk_tokens=chunk_tokens,
            overlap_tokens=min(self.document.chunk_overlap, chunk_tokens // 2),
            token_spans=self.embedder.token_spans,
        )

    def read(self, stream: ExtractionStream) -> None:
        """Read to the end, embedding on the way: where the number of pages tells how far that is, or much waits."""
        total = stream.opened.page_count
        most_waiting = MOST_WAITING_CHUNKS if total is None else BATCH_CHUNKS
        self.report = replace(self.report, pages_total=total).enter(Stage.EXTRACTING, at=self.context.now())
        for page in stream:
            self.context.check()
            self._take(page)
            while len(self.waiting) >= most_waiting:
                self._embed_waiting()
        self._flush_pages()
        warnings = attachment_warnings(self.document, len(stream.attachments), left_out=stream.attachments_left_out)
        self.report = replace(self.report, warnings=(*self.report.warnings, *warnings))
        self.waiting += self.chunker.finish()
        self.report = self.report.leave(Stage.EXTRACTING, at=self.context.now())

    def finish(self) -> None:
        """Embed the rest, and say what was left out."""
        total = self.report.chunks_done + len(self.waiting)
        if not total:
            raise DocumentUnreadable(FailureCode.NO_TEXT)
        self.report = replace(self.report, chunks_total=total)
        while self.waiting:
            self._embed_waiting()
        now = self.context.now()
        message = f"{total} passages indexed" if total > 1 else "1 passage indexed"
        if left_out := len(self.report.unreadable):
            message += f", {left_out} page{'s' if left_out > 1 else ''} unreadable"
        warnings = warnings_of(self.report.unreadable, pages_indexed=self.report.pages_done)
        recognized = recognition_warnings(self.pages_recognized)
        self.report = replace(self.report, warnings=(*self.report.warnings, *recognized, *warnings))
        self.report = self.report.leave(Stage.EMBEDDING, at=now).enter(Stage.STORING, at=now).advance(1.0, message)
        self.context.report(self.report)

    def _take(self, page: ExtractedPage | UnreadablePage) -> None:
        """Keep the page's text and cut it. An unreadable page stays in its place as an empty one."""
        if isinstance(page, UnreadablePage):
            self.report = replace(self.report, unreadable=(*self.report.unreadable, page))
            page = ExtractedPage(number=page.number, text="")
        else:
            self.report = replace(self.report, pages_done=self.report.pages_done + (page.number is not None))
            self.pages_recognized += page.recognized
        stored = StoredPage(position=self.pages_read, number=page.number, char_start=self.next_offset, text=page.text)
        self.pages.append(stored)
        self.pages_read += 1
        self.next_offset += len(page.text) + 1
        self.waiting += self.chunker.feed(page)
        self.report = self.report.advance(self._share(), self._message())
        self.context.report(self.report)

    def _embed_waiting(self) -> None:
        self._flush_pages()
        if self.language is None:  # all that was read by now tells more than the first passages
            self.language = self.terms.language_of("\n".join(chunk.text for chunk in self.waiting))
        batch, self.waiting = self.waiting[:BATCH_CHUNKS], self.waiting[BATCH_CHUNKS:]
        self.report = self.report.enter(Stage.EMBEDDING, at=self.context.now())
        self.context.check()
        texts = {chunk.content_hash: chunk.text for chunk in batch}
        vectors, known = embed(texts, embedder=self.embedder, cache=self.cache)
        indexed = [
            IndexedChunk(
                chunk=chunk,
                vector=vectors[chunk.content_hash],
                language=self.language,
                terms=self.terms.terms(chunk.text, self.language),
                length=len(self.terms.query_terms(chunk.text, self.language)),
            )
            for chunk in batch
        ]
        self.context.check()
        self.passages.write_chunks(self.context.run, self.document.id, self.embedder.model_name, indexed)
        self.tokens += sum(chunk.token_count for chunk in batch)
        self.report = replace(
            self.report,
            chunks_done=self.report.chunks_done + len(batch),
            chunks_reused=self.report.chunks_reused + sum(chunk.content_hash in known for chunk in batch),
        )
        self.report = self.report.advance(self._share(), self._message())
        self.context.report(self.report)

    def _flush_pages(self) -> None:
        if self.pages:
            self.passages.write_pages(self.context.run, self.document.id, self.pages)
            self.pages = []

    def _share(self) -> float:
        """Tell how much is embedded: in chunks once all are known, before that in pages read less those that wait."""
        if self.report.chunks_total:
            return self.report.chunks_done / self.report.chunks_total
        if not self.report.pages_total or not self.report.chunks_done:
            return 0.0
        embedded = self.report.chunks_done / (self.report.chunks_done + len(self.waiting))
        return embedded * self.pages_read / self.report.pages_total

    def _message(self) -> str:
        report = self.report
        if report.stage is Stage.EXTRACTING and report.pages_total:
            return f"Reading page {self.pages_read} of {report.pages_total}"
        if report.chunks_total:
            return f"Embedding passage {report.chunks_done} of {report.chunks_total}"
        found = report.chunks_done + len(self.waiting)
        return f"{found} passages read so far, {report.chunks_done} of them embedded"
