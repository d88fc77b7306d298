"""Sends a file in parts, beginning with those that have not arrived."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from interface.cli.answers import UploadInParts
from interface.cli.client import ApiClient
from interface.cli.events import Event, Sending
from interface.cli.local_files import LocalFile
from interface.cli.problem import ApiProblem

# Both stores' words for a URL that was asked for too long ago: this machine slept, or the line is slow.
OUTDATED = frozenset({"upload_url_expired", "upload_refused"})


def send_in_parts(
    api: ApiClient, file: LocalFile, name: str, upload: UploadInParts, tell: Callable[[Event], None]
) -> None:
    """Send what is missing, then let the store put it together. Raises ApiProblem, FileProblem, Stopped."""
    size_bytes = file.version.size_bytes
    etags = dict(api.arrived_parts(upload))
    for number, first in enumerate(range(0, max(1, size_bytes), upload.part_size), 1):
        if number not in etags:
            part = _Part(file, first, min(first + upload.part_size, size_bytes))
            tell(Sending(name, "Sending", first / max(1, size_bytes)))
            etags[number] = _sent(api, upload, number, part)
    try:
        api.complete(upload, etags)
    except ApiProblem as problem:
        # An answer to the same call was lost.
        if problem.code != "upload_completed":
            raise


def _sent(api: ApiClient, upload: UploadInParts, number: int, part: "_Part") -> str:
    try:
        return api.put_part(upload, number, size_bytes=part.end - part.first, body=part)
    except ApiProblem as problem:
        if problem.code not in OUTDATED:
            raise
    return api.put_part(upload, number, size_bytes=part.end - part.first, body=part)


@dataclass(frozen=True, slots=True)
class _Part:
    """The bytes of a part, from its beginning at each try."""

    file: LocalFile
    first: int
    end: int

    def __iter__(self) -> Iterator[bytes]:
        return self.file.part(self.first, self.end)
