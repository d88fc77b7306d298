"""What a document looks like, page by page, and what it says of itself."""

from pathlib import PurePosixPath
from typing import Annotated

from fastapi import APIRouter, Query

from domain.errors import DetailsUnreadable, NoDetails
from domain.page_picture import PICTURE_TYPE, PagePicture
from interface.api.cursors import position_cursor, read_position_cursor
from interface.api.v1.requests import DEFAULT_LIMIT, Cursor, DocumentPath, Limit, Services
from interface.api.v1.schemas.pages import DetailsBody, PageBody, PageList
from interface.api.v1.schemas.problem import INVALID, NO_DOCUMENT, problem_response
from interface.api.v1.schemas.values import LARGEST_INTEGER
from interface.api.v1.status_changes import current_state

router = APIRouter(prefix="/documents/{document_id}", tags=["documents"])


@router.get(
    "/pages",
    operation_id="list_pages",
    summary="List a document's pages, with pictures where they were made",
    responses=NO_DOCUMENT | INVALID,
)
def list_pages(
    services: Services,
    document_id: DocumentPath,
    first_page: Annotated[int, Query(ge=1, le=LARGEST_INTEGER, description="Begin with this page.")] = 1,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> PageList:
    """Give the pages of the text that search sees, in order; none of a format without pages.

    Pictures are made by an action of the type `preview`: `POST /api/v1/jobs`.
    """
    after = read_position_cursor(cursor)
    stem = PurePosixPath(current_state(services, document_id).document.filename).stem

    def url_of(picture: PagePicture) -> str:
        return services.blobs.presign_get(
            picture.object_key,
            filename=f"{stem}-{picture.page}.webp",
            content_type=PICTURE_TYPE,
            expires_in_seconds=services.download_url_seconds,
            is_shown=True,
        ).url

    found = services.pages.pages(document_id, first_page=first_page, after=after, limit=limit + 1)
    return PageList(
        items=[PageBody.of(page, url_of=url_of) for page in found[:limit]],
        next_cursor=position_cursor(found[limit - 1].position) if len(found) > limit else None,
    )


@router.get(
    "/details",
    operation_id="get_document_details",
    summary="Get what a document says of itself",
    responses={
        404: problem_response(
            "`document_not_found`, `no_details`: no action `metadata` has ended for it yet, `details_unreadable`: one "
            "has failed by what is in the file"
        )
    },
)
def get_document_details(services: Services, document_id: DocumentPath) -> DetailsBody:
    """Give title, author, dates and outline, which an action of the type `metadata` has read."""
    state = current_state(services, document_id)
    details = services.pages.details(document_id)
    if details is not None:
        return DetailsBody.of(state, details)
    error = services.pages.details_error(document_id)
    raise DetailsUnreadable(error.message) if error else NoDetails
