"""Pages with their pictures, and what a document says of itself."""

from collections.abc import Callable
from uuid import UUID

from pydantic import BaseModel

from application.ports.document_reader import DocumentState
from application.ports.page_reader import PublishedPage
from domain.document_details import DocumentDetails
from domain.page_picture import PagePicture, PictureSize
from interface.api.v1.schemas.status import Failure
from interface.api.v1.schemas.values import Instant


class PictureBody(BaseModel):
    """A picture: `url` is good for minutes, also for who sends no headers; width and height in pixels."""

    url: str
    width: int
    height: int


class PicturesBody(BaseModel):
    """A page in each size: small for lists, and large enough to be read."""

    list: PictureBody
    reading: PictureBody


class PageBody(BaseModel):
    """A page: offsets count characters of the whole text.

    `width` and `height` are those of the picture for reading; they are null, as `pictures` is, before there are
    pictures; `picture_error` says why there are none where it was tried to make them.
    """

    page: int
    char_start: int
    char_end: int
    width: int | None
    height: int | None
    pictures: PicturesBody | None
    picture_error: Failure | None

    @classmethod
    def of(cls, page: PublishedPage, *, url_of: Callable[[PagePicture], str]) -> "PageBody":
        """Return the page."""
        error = page.picture_error
        drawn = {
            size: PictureBody(url=url_of(picture), width=picture.width, height=picture.height)
            for size, picture in page.pictures.items()
        }
        pictures = None
        if drawn.keys() == set(PictureSize):
            pictures = PicturesBody(list=drawn[PictureSize.LIST], reading=drawn[PictureSize.READING])
        return cls(
            page=page.number,
            char_start=page.char_start,
            char_end=page.char_end,
            width=pictures.reading.width if pictures else None,
            height=pictures.reading.height if pictures else None,
            pictures=pictures,
            picture_error=Failure(code=error.code, message=error.message, retryable=error.retryable) if error else None,
        )


class PageList(BaseModel):
    """Pages in order; `next_cursor` is null on the last page."""

    items: list[PageBody]
    next_cursor: str | None


class OutlineEntryBody(BaseModel):
    """A part of the document: `level` is from 1 (outermost), `page` from 1, null where it points nowhere."""

    title: str
    level: int
    page: int | None


class DetailsBody(BaseModel):
    """What a document says of itself; null stands for what it does not say. `language` is that of its text."""

    document_id: UUID
    version: int
    title: str | None
    author: str | None
    language: str | None
    created_at: Instant | None
    modified_at: Instant | None
    outline: list[OutlineEntryBody]

    @classmethod
    def of(cls, state: DocumentState, details: DocumentDetails) -> "DetailsBody":
        """Return the details."""
        return cls(
            document_id=state.document.id,
            version=state.document.version,
            title=details.title,
            author=details.author,
            language=state.language,
            created_at=details.created_at,
            modified_at=details.modified_at,
            outline=[
                OutlineEntryBody(title=entry.title, level=entry.level, page=entry.page) for entry in details.outline
            ],
        )
