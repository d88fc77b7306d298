"""Why a document could not be processed: the codes users see, what each says, and if trying again can help."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar

from domain.errors import EsteiraError


class FailureCode(StrEnum):
    """Stable codes of failed documents and unreadable pages."""

    EMPTY = "empty"
    UNSUPPORTED_TYPE = "unsupported_type"
    ENCRYPTED = "encrypted"
    CORRUPT = "corrupt"
    NEEDS_OCR = "needs_ocr"
    NEEDS_LIBREOFFICE = "needs_libreoffice"
    TOO_LARGE_UNPACKED = "too_large_unpacked"
    TOO_MANY_PAGES = "too_many_pages"
    NO_TEXT = "no_text"
    NO_PAGE_PICTURES = "no_page_pictures"
    PARSER_CRASHED = "parser_crashed"
    PARSER_TIMEOUT = "parser_timeout"
    OUT_OF_MEMORY = "out_of_memory"
    UPLOAD_MISMATCH = "upload_mismatch"
    TIMEOUT = "timeout"
    WORKER_LOST = "worker_lost"


SENTENCES: dict[FailureCode, str] = {
    FailureCode.EMPTY: "The file has no bytes. Upload it again with its content.",
    FailureCode.UNSUPPORTED_TYPE: "This type of file cannot be read. Supported are PDF, Office and OpenDocument files, RTF, mails, EPUB, HTML, Markdown, XML, JSON, CSV, plain text and pictures.",
    FailureCode.ENCRYPTED: "The file is protected by a password. Upload a copy without it; a PDF can also be processed again with its `password`.",
    FailureCode.CORRUPT: "The file is damaged or incomplete and cannot be read. Export or download it again and upload that.",
    FailureCode.NEEDS_OCR: "The pages are pictures without a text layer. Install Tesseract where the worker runs, or run text recognition (OCR) on the file and upload the result.",
    FailureCode.NEEDS_LIBREOFFICE: "Old Word and PowerPoint files are read by LibreOffice, which is not installed here. Install it on the server and process this again, or save the file as DOCX, PPTX or PDF and upload that.",
    FailureCode.TOO_LARGE_UNPACKED: "Unpacked, the file is larger than is allowed. Split it, or remove embedded media.",
    FailureCode.TOO_MANY_PAGES: "The document has more pages than are allowed. Split it and upload the parts.",
    FailureCode.NO_TEXT: "The file was read, but there is no text in it.",
    FailureCode.NO_PAGE_PICTURES: "There are no pictures of this document's pages: only PDFs and pictures have them.",
    FailureCode.PARSER_CRASHED: "The file crashes the program that reads it. Re-save it with another program and upload that.",
    FailureCode.PARSER_TIMEOUT: "Reading the file takes longer than is allowed. Re-save or split it and upload that.",
    FailureCode.OUT_OF_MEMORY: "Reading the file takes more memory than is allowed. Split it and upload the parts.",
    FailureCode.UPLOAD_MISMATCH: "The bytes do not have the SHA-256 that was promised at presign. Upload the file again.",
    FailureCode.TIMEOUT: "This took longer than is allowed. Ask for less at once, such as a part of the document, or raise the limit: for documents ESTEIRA_INDEX_TIMEOUT_SECONDS.",
    FailureCode.WORKER_LOST: "The worker died while it processed this; its log may say why.",
}


class DocumentUnreadable(EsteiraError):
    """The document cannot be processed, and trying again with the same bytes will not help."""

    code: ClassVar[str] = "unreadable"

    def __init__(self, failure_code: FailureCode, detail: str | None = None) -> None:
        super().__init__(detail or SENTENCES[failure_code])
        self.failure_code = failure_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What is stored and shown of an error: a stable code, a sentence, and if a later try may succeed."""

    code: str
    message: str
    retryable: bool

    @classmethod
    def from_error(cls, error: EsteiraError) -> "Failure":
        """Return what is to be shown of an error: for an unreadable document, its failure code."""
        if isinstance(error, ActionFailed):
            return error.failure
        code = error.failure_code.value if isinstance(error, DocumentUnreadable) else error.code
        return cls(code=code, message=error.detail, retryable=error.retryable)

    def after(self, attempts: int) -> "Failure":
        """Return what is shown once it is not tried again by itself."""
        times = "once" if attempts == 1 else f"{attempts} times"
        return replace(self, message=f"{self.message} It was tried {times}: try again when the cause is gone.")


class ActionFailed(EsteiraError):
    """An action failed, and says why in words of its own."""

    code: ClassVar[str] = "action_failed"

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def failed_parts(errors: Sequence[EsteiraError], of_the_others: str) -> ActionFailed:
    """Return the error of work whose parts are independent: what the first one says, and what became of the others."""
    first = Failure.from_error(errors[0])
    more = f" {len(errors) - 1} more failed." if len(errors) > 1 else ""
    is_retryable = any(error.retryable for error in errors)
    return ActionFailed(replace(first, message=f"{first.message}{more} {of_the_others}", retryable=is_retryable))
