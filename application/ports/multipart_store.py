"""Port: uploads in parts to the object store."""

from collections.abc import Sequence
from typing import Protocol

from application.ports.presigned_request import PresignedRequest
from domain.multipart import StoredPart


class MultipartStore(Protocol):
    """Puts an object together from parts that clients send by themselves; until then there is no object.

    `store_id` is the store's name for an upload to a key. All but `presign_part` do I/O and raise StorageUnavailable
    (retryable). Not promised: that parts go away by themselves.
    """

    def start(self, key: str, *, content_type: str) -> str:
        """Begin an upload; return its `store_id`."""
        ...

    def presign_part(
        self, key: str, store_id: str, number: int, *, size_bytes: int, expires_in_seconds: int
    ) -> PresignedRequest:
        """Sign the upload of one part, bound to its number and size. A part sent again replaces the first. No I/O."""
        ...

    def parts(self, key: str, store_id: str) -> Sequence[StoredPart]:
        """Return what has arrived, by number. Raises UploadNotFound once it is completed or aborted."""
        ...

    def complete(self, key: str, store_id: str, parts: Sequence[StoredPart]) -> None:
        """Make the object of just these parts, in order, and drop the upload.

        Raises UploadNotFound, unless the store knows that the same call did it before, which then changes nothing.
        Raises PartsMismatch where a part is another by now, or one but the last is below 5 MiB.
        """
        ...

    def abort(self, key: str, store_id: str) -> bool:
        """Drop the upload with its parts; True if there was one. Safe to repeat."""
        ...
