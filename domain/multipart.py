"""An upload in parts: how large each is, and which must have arrived."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.document import Document
from domain.errors import InvalidRequest, PartsMismatch, UploadCompleted, UploadExpired
from domain.ids import UploadId

MEBIBYTE = 1024**2
# The limits of S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
MOST_BYTES_OF_ONE_PUT = 5 * 1024 * MEBIBYTE
MOST_PARTS = 10_000
LEAST_PART_BYTES = 5 * MEBIBYTE
# What a broken connection costs at most.
USUAL_PART_BYTES = 16 * MEBIBYTE


def part_size_for(size_bytes: int) -> int:
    """Return the size of every part but the last: whole mebibytes, so large that the number of parts is allowed."""
    least = -(-size_bytes // MOST_PARTS)
    return max(USUAL_PART_BYTES, -(-least // MEBIBYTE) * MEBIBYTE)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPart:
    """A part that has arrived. `number` is from 1; `etag` changes whenever its bytes do."""

    number: int
    size_bytes: int
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """The bytes of one version of a document, sent in parts. `store_id` is the object store's name for it."""

    id: UploadId
    document: Document
    store_id: str
    part_size: int
    expires_at: datetime
    completed_at: datetime | None = None

    @property
    def part_count(self) -> int:
        """How many parts there are; a file without bytes has one, without bytes."""
        return max(1, -(-self.document.size_bytes // self.part_size))

    def size_of(self, number: int) -> int:
        """Return the size of one part. Raises InvalidRequest."""
        if not 1 <= number <= self.part_count:
            sentence = f"This upload has the parts 1 to {self.part_count}, of {self.part_size} bytes but for the last."
            raise InvalidRequest(sentence, pointer="/part_number")
        return min(self.part_size, self.document.size_bytes - (number - 1) * self.part_size)

    def require_open(self, *, now: datetime) -> None:
        """Raise UploadCompleted or UploadExpired where nothing can be sent any more."""
        if self.completed_at:
            raise UploadCompleted
        if now >= self.expires_at:
            raise UploadExpired

    def matched(self, claimed: Mapping[int, str], stored: Sequence[StoredPart]) -> Sequence[StoredPart]:
        """Return all parts in order, as the client says that they are and as they are. Raises PartsMismatch."""
        arrived = {part.number: part for part in stored}
        if unknown := claimed.keys() - set(range(1, self.part_count + 1)):
            raise PartsMismatch(f"There is no part {min(unknown)}: this upload has the parts 1 to {self.part_count}.")
        parts = []
        for number in range(1, self.part_count + 1):
            part = arrived.get(number)
            if number not in claimed:
                raise PartsMismatch(f"Part {number} of {self.part_count} is missing in the list.")
            if part is None:
                raise PartsMismatch(f"Part {number} of {self.part_count} has not arrived: send it.")
            if _bare(part.etag) != _bare(claimed[number]):
                raise PartsMismatch(f"Part {number} has another ETag than the list says: look which parts arrived.")
            if part.size_bytes != self.size_of(number):
                wanted = f"{part.size_bytes} bytes instead of {self.size_of(number)}"
                raise PartsMismatch(f"Part {number} has {wanted}: send it again.")
            parts.append(part)
        return parts


def _bare(etag: str) -> str:
    """Clients give back an ETag with its quotes or without."""
    return etag.strip().strip('"')
