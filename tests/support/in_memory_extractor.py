"""The fake of the port Extractor: knows documents by their bytes and reads nothing."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from application.ports.extractor import DocumentOpened, ExtractedAttachment
from domain.extracted_page import ExtractedPage, UnreadablePage
from domain.failure import DocumentUnreadable, FailureCode

Page = ExtractedPage | UnreadablePage


@dataclass(kw_only=True)
class InMemoryStream:
    opened: DocumentOpened
    pages: Sequence[Page]
    check: Callable[[], None]
    attachments: Sequence[ExtractedAttachment] = ()
    attachments_left_out: int = 0

    def __iter__(self) -> Iterator[Page]:
        for page in self.pages:
            self.check()
            yield page
        if not any(isinstance(page, ExtractedPage) and page.text.strip() for page in self.pages):
            codes = [FailureCode(page.code) for page in self.pages if isinstance(page, UnreadablePage)]
            raise DocumentUnreadable(max(codes, key=codes.count) if codes else FailureCode.NO_TEXT)


@dataclass(kw_only=True)
class InMemoryExtractor:
    documents: Mapping[bytes, Sequence[Page] | FailureCode] = field(default_factory=dict)
    passwords: Mapping[bytes, str] = field(default_factory=dict)
    attached: Mapping[bytes, Mapping[str, bytes]] = field(default_factory=dict)
    """Files by name within the documents of these bytes."""
    left_out: int = 0

    @contextmanager
    def open(
        self,
        path: Path,
        *,
        filename: str,  # noqa: ARG002
        check: Callable[[], None],
        password: str | None = None,
        attachments_into: Path | None = None,
    ) -> Iterator[InMemoryStream]:
        data = path.read_bytes()
        check()
        if data in self.passwords and password != self.passwords[data]:
            raise DocumentUnreadable(FailureCode.ENCRYPTED, "The password is wrong." if password else None)
        found = self.documents.get(data, FailureCode.UNSUPPORTED_TYPE if data else FailureCode.EMPTY)
        if isinstance(found, FailureCode):
            raise DocumentUnreadable(found)
        paged = all(page.number for page in found)
        media_type = "application/pdf" if paged else "text/plain"
        yield InMemoryStream(
            opened=DocumentOpened(media_type=media_type, page_count=len(found) if paged else None),
            pages=found,
            check=check,
            attachments=_written(self.attached.get(data, {}), attachments_into) if attachments_into else (),
            attachments_left_out=self.left_out if attachments_into else 0,
        )


def _written(files: Mapping[str, bytes], folder: Path) -> Sequence[ExtractedAttachment]:
    found = []
    for number, (name, data) in enumerate(files.items()):
        path = folder / str(number)
        path.write_bytes(data)
        found.append(
            ExtractedAttachment(
                path=path,
                filename=name,
                content_type="text/plain",
                size_bytes=len(data),
                checksum_sha256=hashlib.sha256(data).hexdigest(),
            )
        )
    return found
