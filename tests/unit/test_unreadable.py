"""What a person reads of pages that were left out."""

from domain.extracted_page import UnreadablePage
from domain.failure import FailureCode
from domain.unreadable import warnings_of


def pages(code: FailureCode, *numbers: int) -> list[UnreadablePage]:
    return [UnreadablePage(number=number, code=code.value) for number in numbers]


def test_the_page_and_what_it_did_are_named() -> None:
    crashed = pages(FailureCode.PARSER_CRASHED, 214)
    assert warnings_of(crashed, pages_indexed=299) == ("page 214 crashed the parser, 299 pages indexed",)
    assert warnings_of([], pages_indexed=3) == ()


def test_pages_are_told_by_reason_and_no_more_than_a_person_reads() -> None:
    unreadable = pages(FailureCode.PARSER_CRASHED, *range(1, 9)) + pages(FailureCode.NEEDS_OCR, 9, 10)
    assert warnings_of(unreadable, pages_indexed=1) == (
        "pages 1, 2, 3, 4, 5 and 3 more crashed the parser, 1 page indexed",
        "pages 9 and 10 are pictures without a text layer, 1 page indexed",
    )
    assert warnings_of(pages(FailureCode.CORRUPT, 2), pages_indexed=1)[0].startswith("page 2 could not be read (corr")
