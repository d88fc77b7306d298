"""PDF by pypdf: slower, but it reads some damaged files that PDFium does not."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.pdf.text import tidy
from infrastructure.extraction.reading import ReadPage

if TYPE_CHECKING:
    from pypdf import PdfReader

# ruff: noqa: BLE001 - pypdf raises whatever a damaged file leads it into


def locked(password: str | None) -> DocumentUnreadable:
    """Return the error for a file that did not open with this password, or without one."""
    advice = "ask for processing again with its `password`, or upload a copy without one."
    if password:
        return DocumentUnreadable(FailureCode.ENCRYPTED, f"The password is wrong: {advice}")
    return DocumentUnreadable(FailureCode.ENCRYPTED, f"The file is protected by a password: {advice}")


class SecondReader:
    """Opens the file when it is first needed."""

    media_type = "application/pdf"
    page_count = 0

    def __init__(self, path: Path, password: str | None, limits: ExtractionLimits) -> None:
        self._path = path
        self._password = password
        self._limits = limits
        self._reader: PdfReader | None = None

    def open(self) -> "PdfReader":
        """Open once. Raises DocumentUnreadable: encrypted, corrupt, too_many_pages."""
        if self._reader is None:
            self._reader = self._open()
        return self._reader

    def read(self, *, first: int, last: int | None) -> Iterator[ReadPage]:
        """See Reading."""
        for number in range(first, (last or self.page_count) + 1):
            yield self.page_or_unreadable(number)

    def page_or_unreadable(self, number: int) -> ReadPage:
        """Read one page, or say that it is damaged."""
        try:
            page = self.open().pages[number - 1]
            text = tidy(page.extract_text())
            blank = None if text.strip() else self._why_blank(bool(page.images))
        except MemoryError:
            raise
        except Exception:
            return ReadPage(number=number, unreadable=FailureCode.CORRUPT)
        return ReadPage(number=number, text=text, blank=blank)

    def _open(self) -> "PdfReader":
        from pypdf import PdfReader  # noqa: PLC0415 - slow to load and seldom needed

        try:
            reader = PdfReader(self._path)
            closed = reader.is_encrypted and not (reader.decrypt("") or reader.decrypt(self._password or ""))
            self.page_count = 0 if closed else len(reader.pages)
        except MemoryError:
            raise
        except Exception as exc:
            raise DocumentUnreadable(FailureCode.CORRUPT) from exc
        if closed:
            raise locked(self._password)
        if not self.page_count:
            raise DocumentUnreadable(FailureCode.CORRUPT)
        if self.page_count > self._limits.max_pages:
            raise DocumentUnreadable(FailureCode.TOO_MANY_PAGES)
        return reader

    @staticmethod
    def _why_blank(pictures: bool) -> FailureCode:
        return FailureCode.NEEDS_OCR if pictures else FailureCode.CORRUPT
