"""Handles the action `preview`: draws pages of a document, and keeps the pictures beside it."""

from collections.abc import Sequence
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
from domain.extracted_page import UnreadablePage
from domain.page_picture import PagePicture
from domain.preview_order import PreviewOrder, document_of
from domain.report import Report

PREVIEW = "preview"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewPages:
    """`params`: document_id, first_page, last_page, as read_preview returns them. Safe to run twice, also at once."""

    fetch: FetchShownDocument
    painter: PagePainter
    reader: PageReader
    pictures: KeepPagePictures

    def __call__(self, action: Action, context: RunContext) -> Outcome:
        """Draw the pages that have no pictures yet, then put them.

        Raises DocumentUnreadable, DocumentNotFound, UploadMissing, or a retryable EsteiraError.
        """
        order = PreviewOrder.of(action.params)
        work = _Work(context=context, report=Report(progress=action.report.progress))
        with self.fetch(order.document_id, context.check) as shown:
            kept = self._draw(order, shown, work)
            self.pictures.store(work.pictures_of(shown), context)

        def publish(transaction: UnitOfWork, run: Run) -> None:
            self.pictures.publish(transaction, order.document_id, run)

        left_out = [{"page": page.number, "code": page.code} for page in work.left_out]
        result = {"made": len(work.drawn), "kept": kept, "left_out": left_out}
        return Outcome(result=result, report=work.report.advance(1.0, work.sentence()), publish=publish)

    def clean_up(self, action: Action) -> None:
        """Delete what runs that are over have put for nothing, and pictures of bytes that were replaced."""
        self.pictures.clean_up(document_of(action.params))

    def _draw(self, order: PreviewOrder, shown: ShownDocument, work: "_Work") -> int:
        """Draw what has no pictures yet; return how many pages have them."""
        drawn = self.reader.drawn(order.document_id, shown.checksum_sha256)
        pages = range(order.first_page, order.last_page + 1)
        missing = [page for page in pages if page not in drawn]
        folder = shown.path.with_name("pages")
        folder.mkdir()
        with self.painter.open(
            shown.path,
            filename=shown.document.filename,
            pages=missing,
            into=folder,
            check=work.context.check,
        ) as drawing:
            work.draw(drawing)
        return len(pages) - len(missing)


@dataclass(slots=True, kw_only=True)
class _Work:
    """One run over one document: what was drawn, and what could not be."""

    context: RunContext
    report: Report
    drawn: list[DrawnPage] = field(default_factory=list)
    left_out: list[UnreadablePage] = field(default_factory=list)

    def draw(self, drawing: PageDrawing) -> None:
        """Draw to the end."""
        total = len(drawing.numbers)
        for done, page in enumerate(drawing, 1):
            if isinstance(page, DrawnPage):
                self.drawn.append(page)
            else:
                self.left_out.append(page)
            self.report = self.report.advance(0.9 * done / total, f"Drawing page {done} of {total}")
            self.context.report(self.report)

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
