"""What a client may ask of a preview, and of the details of a document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from domain.document_look import KnownPages
from domain.errors import InvalidRequest
from domain.ids import DocumentId
from domain.params import document_id, require_known, whole_number, yes_or_no

DOCUMENT = "document_id"
FIRST_PAGE = "first_page"
LAST_PAGE = "last_page"
AGAIN = "again"
MOST_PAGES = 200
PAGES_UNLESS_SAID = 50
LARGEST_INTEGER = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewOrder:
    """Which pages of which document; pages that the document does not have are left out.

    `again` asks for pages that could not be drawn before, too.
    """

    document_id: DocumentId
    first_page: int
    last_page: int
    again: bool = False

    @classmethod
    def of(cls, params: Mapping[str, object]) -> Self:
        """Read what a client sent, or what `read_preview` returned. Raises InvalidRequest."""
        require_known(params, (DOCUMENT, FIRST_PAGE, LAST_PAGE, AGAIN))
        wanted = document_id(params.get(DOCUMENT), pointer=f"/{DOCUMENT}")
        first = whole_number(params, FIRST_PAGE, least=1, most=LARGEST_INTEGER - MOST_PAGES, default=1)
        unless_said = first + PAGES_UNLESS_SAID - 1
        last = whole_number(params, LAST_PAGE, least=1, most=LARGEST_INTEGER, default=unless_said)
        if not first <= last < first + MOST_PAGES:
            sentence = (
                f"Send a page from {FIRST_PAGE} on: {MOST_PAGES} pages are drawn at once, more by another action."
            )
            raise InvalidRequest(sentence, pointer=f"/{LAST_PAGE}")
        return cls(document_id=wanted, first_page=first, last_page=last, again=yes_or_no(params, AGAIN))

    def missing(self, known: KnownPages) -> Sequence[int]:
        """Return the pages to draw, of those that were asked for."""
        last = self.last_page if known.page_count is None else min(self.last_page, known.page_count)
        done = known.drawn if self.again else known.drawn | known.left_out.keys()
        return [page for page in range(self.first_page, last + 1) if page not in done]


def read_preview(params: Mapping[str, object]) -> Mapping[str, object]:
    """Return the params as the work wants them. Raises InvalidRequest."""
    order = PreviewOrder.of(params)
    pages = {FIRST_PAGE: order.first_page, LAST_PAGE: order.last_page}
    return {DOCUMENT: str(order.document_id), **pages, AGAIN: order.again}


def read_details_order(params: Mapping[str, object]) -> Mapping[str, object]:
    """Return the params of what is about one document. Raises InvalidRequest."""
    require_known(params, (DOCUMENT,))
    return {DOCUMENT: str(document_id(params.get(DOCUMENT), pointer=f"/{DOCUMENT}"))}


def document_of(params: Mapping[str, object]) -> DocumentId:
    """Return the document of params that were read."""
    return DocumentId(UUID(str(params[DOCUMENT])))
