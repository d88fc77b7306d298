"""A picture of a page, kept in the object store beside the document that it shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.action import Run
from domain.document import OBJECTS_PREFIX
from domain.ids import ActionId, DocumentId

PICTURE_TYPE = "image/webp"


class PictureSize(StrEnum):
    """How large a page is drawn: small for lists, or large enough to be read."""

    LIST = "list"
    READING = "reading"


LONGER_SIDE_PIXELS: Mapping[PictureSize, int] = {PictureSize.LIST: 240, PictureSize.READING: 1400}


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePicture:
    """One page in one size, as a run drew it.

    It belongs to the bytes of `checksum_sha256`: readers see it as long as these are the bytes that the document shows.
    """

    document_id: DocumentId
    checksum_sha256: str
    page: int
    size: PictureSize
    width: int
    height: int
    size_bytes: int
    action_id: ActionId
    run_lease: int

    @property
    def run(self) -> Run:
        """Who drew it."""
        return Run(action_id=self.action_id, run_lease=self.run_lease)

    @property
    def object_key(self) -> str:
        """Where the object store keeps it: a key of the run's own, so that no run replaces what another one put."""
        return f"{OBJECTS_PREFIX}{self.document_id}/pages/{self.action_id}/{self.run_lease}/{self.page}-{self.size}"
