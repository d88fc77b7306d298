"""From the child's messages to our types. It may be in a stranger's hands: nothing that it says is believed unseen."""

from typing import Any

from application.ports.extractor import DocumentOpened
from domain.extracted_page import ExtractedPage, Heading, UnreadablePage
from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.sandbox.protocol import Message, ProtocolError

MAX_LEVEL = 6
MAX_DETAIL_CHARACTERS = 300
NOT_FOR_A_CHILD = {
    FailureCode.UPLOAD_MISMATCH,
    FailureCode.TIMEOUT,
    FailureCode.WORKER_LOST,
    FailureCode.NEEDS_LIBREOFFICE,
}


def opened_of(message: Message, limits: ExtractionLimits) -> DocumentOpened:
    """Return what an `opened` says. Raises ProtocolError."""
    page_count = message.get("page_count")
    if message["type"] != "opened":
        raise ProtocolError("a document was to be opened")
    return DocumentOpened(
        media_type=media_type_of(message),
        page_count=None if page_count is None else within(page_count, 1, limits.max_pages),
    )


def media_type_of(message: Message) -> str:
    """Return the type that an `opened` or a `convert` names. Raises ProtocolError."""
    return text_of(message.get("media_type"))


def page_of(message: Message, number: int, *, paged: bool) -> tuple[ExtractedPage | UnreadablePage, FailureCode | None]:
    """Return the page of that number, and why there is no text on it, None where there is. Raises ProtocolError."""
    if message.get("number") != number:
        raise ProtocolError("another page was due")
    if message["type"] == "unreadable" and paged:
        code = code_of(message.get("code"))
        return UnreadablePage(number=number, code=code.value), code
    if message["type"] != "page":
        raise ProtocolError("a page was due")
    text = text_of(message.get("text"))
    page = ExtractedPage(
        number=number if paged else None,
        text=text,
        headings=_headings(message, len(text)),
        recognized=message.get("recognized") is True,
    )
    return page, None if text.strip() else code_of(message.get("blank") or FailureCode.NO_TEXT)


def memory_of(message: Message) -> str:
    """Return the memory of a page, empty where it has none. Raises ProtocolError."""
    memory = message.get("memory", "")
    if not isinstance(memory, str) or not memory.isascii():
        raise ProtocolError("a memory is ASCII text")
    return memory


def failure_of(message: Message) -> DocumentUnreadable:
    """Return what a `failed` says. Raises ProtocolError."""
    detail = message.get("detail")
    return DocumentUnreadable(
        code_of(message.get("code")), None if detail is None else text_of(detail)[:MAX_DETAIL_CHARACTERS]
    )


def _headings(message: Message, length: int) -> tuple[Heading, ...]:
    found = message.get("headings")
    if not isinstance(found, list):
        raise ProtocolError("headings are a list")
    return tuple(_heading(entry, length) for entry in found)


def _heading(entry: Any, length: int) -> Heading:  # noqa: ANN401 - it comes from outside
    if not isinstance(entry, list) or len(entry) != 3:  # noqa: PLR2004
        raise ProtocolError("a heading has three fields")
    offset, level, title = entry
    return Heading(offset=within(offset, 0, length), level=within(level, 1, MAX_LEVEL), title=text_of(title))


def code_of(value: object) -> FailureCode:
    """Return a code that a child may give. Raises ProtocolError."""
    try:
        code = FailureCode(value)  # type: ignore[arg-type]
    except ValueError:
        raise ProtocolError("the code is unknown") from None
    if code in NOT_FOR_A_CHILD:
        raise ProtocolError("the code is not a parser's to give")
    return code


def text_of(value: object) -> str:
    """Return text that can be stored. Raises ProtocolError."""
    if not isinstance(value, str) or "\x00" in value:
        raise ProtocolError("text is a string without NUL")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ProtocolError("text has no lone surrogates") from None
    return value


def within(value: object, least: int, most: int) -> int:
    """Return a number within these bounds. Raises ProtocolError."""
    if not isinstance(value, int) or not least <= value <= most:
        raise ProtocolError("the number is out of range")
    return value
