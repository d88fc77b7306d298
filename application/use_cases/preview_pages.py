"""Handles the action `preview`: draws pages of a document, and keeps the pictures beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from application.keep_page_pictures import KeepPagePictures
from application.ports.page_painter import DrawnPage, PageDrawing, PagePainter
from application.ports.page_reader import PageReader
from application.ports.run_context import RunContext
from application.ports.unit_of_work import UnitOfWork
from application.run_action import Outcome
from application.shown_document import FetchShownDocument, ShownDocument
from domain.action import Action, Run
from domain.document_look import KnownPages, Look
from domain.extracted_page import UnreadablePage
from domain.page_picture import PagePicture
from domain.preview_order import PreviewOrder, document_of
from domain.report import Report

PREVIEW = Look.PREVIEW.value


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewPages:
    """`params`: those of a PreviewOrder, as read_preview returns them. Safe to run twice, also at once."""

    fetch: FetchShownDocument
    painter: PagePainter
    reader: PageReader
    pictures: KeepPagePictures

    def __call__(self, action: Action, context: RunContext) -> Outcome:
        """Draw the pages that have no pictures yet, then put them; the bytes are fetched where there are such pages.

        Raises DocumentUnreadable, DocumentNotFound, UploadMissing, or a retryable EsteiraError.
        """
        order = PreviewOrder.of(action.params)
        work = _Work(context=context, report=Report(progress=action.report.progress))
        known = self.reader.known(order.document_id)
        if order.missing(known):
            with self.fetch(order.document_id, Look.PREVIEW, context) as shown:
                # Anew: it may have been another version, or have had no known checksum.
                known = self.reader.known(order.document_id)
                self._draw(order.missing(known), shown, work)
                self.pictures.store(work.pictures_of(shown), context)

        def publish(transaction: UnitOfWork, run: Run) -> None:
            self.pictures.publish(transaction, order.document_id, run)
            work.note(transaction)

        result = work.result(order, known)
        return Outcome(result=result, report=work.report.advance(1.0, work.sentence()), publish=publish)

    def clean_up(self, action: Action) -> None:
        """Delete what runs that are over have put for nothing, and pictures of bytes that were replaced."""
        self.pictures.clean_up(document_of(action.params))

    def _draw(self, pages: Sequence[int], shown: ShownDocument, work: "_Work") -> None:
        folder = shown.path.with_name("pages")
        folder.mkdir()
        with self.painter.open(
            shown.path,
            filename=shown.document.filename,
            pages=pages,
            into=folder,
            check=work.context.check,
        ) as drawing:
            work.draw(shown, drawing)


@dataclass(slots=True, kw_only=True)
class _Work:
    """One run over one document: what was drawn, and what could not be. `shown` is None where nothing was missing."""

    context: RunContext
    report: Report
    shown: ShownDocument | None = None
    page_count: int = 0
    tried: list[int] = field(default_factory=list)
    drawn: list[DrawnPage] = field(default_factory=list)
    left_out: list[UnreadablePage] = field(default_factory=list)

    def draw(self, shown: ShownDocument, drawing: PageDrawing) -> None:
        """Draw to the end."""
        self.shown, self.page_count = shown, drawing.page_count
        total = len(drawing.numbers)
        for done, page in enumerate(drawing, 1):
            self.tried.append(page.number)
            if isinstance(page, DrawnPage):
                self.drawn.append(page)
            else:
                self.left_out.append(page)
            self.report = self.report.advance(0.9 * done / total, f"Drawing page {done} of {total}")
            self.context.report(self.report)

    def note(self, transaction: UnitOfWork) -> None:
        """Let readers know what could not be drawn, so that they do not ask for it at each look."""
        if self.shown:
            transaction.look_notes.drawn(
                self.shown.document.id,
                self.shown.checksum_sha256,
                page_count=self.page_count,
                tried=self.tried,
                left_out=self.left_out,
            )

    def result(self, order: PreviewOrder, known: KnownPages) -> Mapping[str, object]:
        """Say of the pages that were asked for what became of them, now or before."""
        pages = range(order.first_page, order.last_page + 1)
        failed = {page: code for page, code in known.left_out.items() if page in pages}
        for page in (*known.drawn, *self.tried):
            failed.pop(page, None)
        failed |= {page.number: page.code for page in self.left_out}
        return {
            "made": len(self.drawn),
            "kept": len(known.drawn.intersection(pages)),
            "left_out": [{"page": page, "code": failed[page]} for page in sorted(failed)],
        }

    def pictures_of(self, shown: ShownDocument) -> dict[PagePicture, Path]:
        """Return what is to be kept, and where it lies."""
        run = self.context.run
        return {
            PagePicture(
                document_id=shown.document.id,
                checksum_sha256=shown.checksum_sha256,
                page=page.number,
                size=picture.size,
                width=picture.width,
                height=picture.height,
                size_bytes=picture.size_bytes,
                action_id=run.action_id,
                run_lease=run.run_lease,
            ): picture.path
            for page in self.drawn
            for picture in page.pictures
        }

    def sentence(self) -> str:
        """Say what came of it."""
        said = f"{_pages(self.drawn)} drawn"
        return f"{said}, {_pages(self.left_out)} left out" if self.left_out else said


def _pages(pages: Sequence[object]) -> str:
    return f"{len(pages)} page{'' if len(pages) == 1 else 's'}"
