"""Reads small documents by the real sandbox, as a test gives their bytes."""

from pathlib import Path

import pytest

from domain.extracted_page import ExtractedPage, UnreadablePage
from domain.failure import DocumentUnreadable
from infrastructure.extraction.limits import MIB, ExtractionLimits
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from tests.support.unhurried import unhurried

SMALL = ExtractionLimits(memory_bytes=400 * MIB, max_unpacked_bytes=64 * MIB, open_seconds=30, page_seconds=30)


class DocumentReading:
    """Writes what it is given into a file, and reads that."""

    def __init__(self, extractor: SandboxedExtractor, folder: Path) -> None:
        self._extractor = extractor
        self._path = folder / "file"

    def all_pages(self, data: bytes | str, filename: str = "upload.bin") -> list[ExtractedPage | UnreadablePage]:
        self._path.write_bytes(data.encode() if isinstance(data, str) else data)
        with self._extractor.open(self._path, filename=filename, check=unhurried) as stream:
            return list(stream)

    def pages(self, data: bytes | str, filename: str = "upload.bin") -> list[ExtractedPage]:
        return [page for page in self.all_pages(data, filename) if isinstance(page, ExtractedPage)]

    def text(self, data: bytes | str, filename: str = "upload.bin") -> str:
        return "\n".join(page.text for page in self.pages(data, filename))

    def code(self, data: bytes | str, filename: str = "upload.bin") -> str:
        with pytest.raises(DocumentUnreadable) as caught:
            self.all_pages(data, filename)
        assert len(caught.value.detail) > 20
        return caught.value.failure_code.value

    def titles(self, data: bytes | str, filename: str = "upload.bin") -> list[tuple[int, str]]:
        pages = self.pages(data, filename)
        for page in pages:
            for heading in page.headings:
                assert page.text[heading.offset :].startswith(heading.title)
        return [(heading.level, heading.title) for page in pages for heading in page.headings]
