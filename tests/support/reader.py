"""Reads bytes through the sandbox, as an upload of some name would be read."""

import itertools
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from domain.extracted_page import ExtractedPage
from domain.failure import DocumentUnreadable
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from tests.support.unhurried import unhurried


@dataclass(frozen=True)
class Attached:
    filename: str
    content_type: str
    data: bytes


@dataclass
class Reader:
    extractor: SandboxedExtractor
    folder: Path
    left_out: int = 0
    count: "itertools.count[int]" = field(default_factory=itertools.count)

    def pages(self, data: bytes | str, filename: str = "upload.bin") -> list[ExtractedPage]:
        with self.extractor.open(self._file(data), filename=filename, check=unhurried) as stream:
            return [page for page in stream if isinstance(page, ExtractedPage)]

    def text(self, data: bytes | str, filename: str = "upload.bin") -> str:
        return "\n".join(page.text for page in self.pages(data, filename))

    def titles(self, data: bytes | str, filename: str = "upload.bin") -> list[tuple[int, str]]:
        pages = self.pages(data, filename)
        for page in pages:
            for heading in page.headings:
                assert page.text[heading.offset :].startswith(heading.title)
        return [(heading.level, heading.title) for page in pages for heading in page.headings]

    def attachments(self, data: bytes, filename: str = "upload.bin") -> list[Attached]:
        into = self.folder / f"attachments-{next(self.count)}"
        into.mkdir()
        with self.extractor.open(self._file(data), filename=filename, check=unhurried, attachments_into=into) as stream:
            list(stream)
            self.left_out = stream.attachments_left_out
            found = [Attached(a.filename, a.content_type, a.path.read_bytes()) for a in stream.attachments]
        assert [len(a.data) for a in found] == [a.size_bytes for a in stream.attachments]
        return found

    def code(self, data: bytes | str, filename: str = "upload.bin") -> str:
        with pytest.raises(DocumentUnreadable) as caught:
            self.pages(data, filename)
        assert len(caught.value.detail) > 20
        return caught.value.failure_code.value

    def _file(self, data: bytes | str) -> Path:
        path = self.folder / f"file-{next(self.count)}"
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path
