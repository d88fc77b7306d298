"""Says in a sentence which pages of a document were left out, and why, and how many were read from pictures."""

from collections.abc import Sequence

from domain.extracted_page import UnreadablePage
from domain.failure import FailureCode

# As many as a person reads; the status lists them all.
PAGES_NAMED = 5

WHAT_PAGES_DID = {
    FailureCode.PARSER_CRASHED: "crashed the parser",
    FailureCode.PARSER_TIMEOUT: "took the parser longer than is allowed",
    FailureCode.OUT_OF_MEMORY: "took the parser more memory than is allowed",
    FailureCode.NEEDS_OCR: "are pictures without a text layer",
}


def warnings_of(unreadable: Sequence[UnreadablePage], *, pages_indexed: int) -> tuple[str, ...]:
    """Return a sentence for each reason: "page 214 crashed the parser, 299 pages indexed"."""
    numbers: dict[str, list[int]] = {}
    for page in unreadable:
        numbers.setdefault(page.code, []).append(page.number)
    indexed = f"{pages_indexed} page{'' if pages_indexed == 1 else 's'} indexed"
    return tuple(f"{_named(found)} {_did(code, len(found))}, {indexed}" for code, found in numbers.items())


def recognition_warnings(pages: int) -> tuple[str, ...]:
    """Return a sentence if pages were read from pictures: "12 pages were read by OCR"."""
    if not pages:
        return ()
    return ("1 page was read by OCR" if pages == 1 else f"{pages} pages were read by OCR",)


def _named(numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return f"page {numbers[0]}"
    if len(numbers) > PAGES_NAMED:
        return f"pages {', '.join(map(str, numbers[:PAGES_NAMED]))} and {len(numbers) - PAGES_NAMED} more"
    return f"pages {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"


def _did(code: str, count: int) -> str:
    if code == FailureCode.NEEDS_OCR and count == 1:
        return "is a picture without a text layer"
    return WHAT_PAGES_DID.get(FailureCode(code), f"could not be read ({code})")
