"""Parts of uploads as files: a folder an upload, a file a part, and a file that says what they are for.

A part is kept as objects are, with a footer. Putting them together copies them: a URL that lives on may replace a part
at any time, and must not reach into an object.
"""

import fcntl
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from domain.errors import PartsMismatch, UploadNotFound
from domain.multipart import LEAST_PART_BYTES, StoredPart
from infrastructure.storage.object_files import IncomingObject, ObjectFiles, OpenObject, open_object
from infrastructure.storage.object_rules import checked_content_type, checked_key

_COPY_BYTES = 1 << 20
_PURPOSE = "upload.json"
_PART_TYPE = "application/octet-stream"
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


class PartFiles:
    """Uploads under `folder`. Processes may share it."""

    def __init__(self, folder: Path, objects: ObjectFiles) -> None:
        self._folder = folder
        self._objects = objects
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def start(self, key: str, content_type: str) -> str:
        """Begin an upload. Raises OSError, as all methods do."""
        upload_id = secrets.token_hex(16)
        purpose = {"key": checked_key(key), "content_type": checked_content_type(content_type)}
        (self._folder / upload_id).mkdir(mode=0o700)
        (self._folder / upload_id / _PURPOSE).write_text(json.dumps(purpose), "utf-8")
        return upload_id

    def commit(self, incoming: IncomingObject, upload_id: str, number: int) -> str:
        """Put what was received in the place of a part; return its etag. Raises UploadNotFound."""
        folder = self._place(upload_id)
        try:
            return incoming.commit_to(folder / str(number), _PART_TYPE)
        except FileNotFoundError:
            raise UploadNotFound from None

    def parts(self, key: str, upload_id: str) -> Sequence[StoredPart]:
        """Return what has arrived, by number. Raises UploadNotFound."""
        with self._claimed(key, upload_id) as upload:
            return [upload.part(number).stored for number in upload.numbers()]

    def complete(self, key: str, upload_id: str, parts: Sequence[StoredPart]) -> None:
        """Copy the parts into an object, then drop them. Raises UploadNotFound, PartsMismatch."""
        with self._claimed(key, upload_id) as upload:
            self._check(upload, parts)
            with closing(self._objects.receive()) as incoming:
                for part in parts:
                    upload.part(part.number).copy_to(incoming)
                incoming.commit(key, upload.content_type)
            self._drop(upload_id)

    def abort(self, key: str, upload_id: str) -> bool:
        """Drop the parts; True if there was an upload."""
        try:
            with self._claimed(key, upload_id):
                self._drop(upload_id)
        except UploadNotFound:
            return False
        return True

    def unfinished(self) -> Iterator[tuple[str, str, float]]:
        """Yield the id and the key of each upload, and when it began in seconds since 1970."""
        for folder in self._folder.iterdir():
            try:
                with (folder / _PURPOSE).open("rb") as purpose:
                    began = os.fstat(purpose.fileno()).st_mtime
                    described = json.load(purpose)
            except (FileNotFoundError, NotADirectoryError, ValueError):  # a scrap, or gone by now
                continue
            if _ID.fullmatch(folder.name):
                yield folder.name, described["key"], began

    def scraps(self) -> Sequence[Path]:
        """Return folders that are no upload: its begin or its end was broken off by a kill."""
        uploads = {upload_id for upload_id, _, _ in self.unfinished()}
        return [folder for folder in self._folder.iterdir() if folder.name not in uploads]

    def _check(self, upload: "_Claimed", parts: Sequence[StoredPart]) -> None:
        arrived = set(upload.numbers())
        for part in parts:
            if part.number not in arrived or upload.part(part.number).stored.etag != part.etag:
                raise PartsMismatch(f"Part {part.number} is another by now: look which parts arrived.")
        if any(part.size_bytes < LEAST_PART_BYTES for part in parts[:-1]):
            raise PartsMismatch("A part that is not the last has less than 5 MiB.")

    @contextmanager
    def _claimed(self, key: str, upload_id: str) -> Iterator["_Claimed"]:
        """Hold an upload alone; who waited for one that is gone by then finds none."""
        folder = self._place(upload_id)
        try:
            with (folder / _PURPOSE).open("rb") as purpose:
                fcntl.flock(purpose, fcntl.LOCK_EX)
                described = json.load(purpose)
                if not folder.exists() or described["key"] != key:
                    raise UploadNotFound
                yield _Claimed(folder=folder, content_type=described["content_type"])
        except FileNotFoundError:
            raise UploadNotFound from None

    def _place(self, upload_id: str) -> Path:
        if not _ID.fullmatch(upload_id):
            raise UploadNotFound
        return self._folder / upload_id

    def _drop(self, upload_id: str) -> None:
        """Take the folder away at once, so that no part comes into it while its files go."""
        away = self._folder / f"gone-{upload_id}"
        self._place(upload_id).rename(away)
        shutil.rmtree(away, ignore_errors=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claimed:
    folder: Path
    content_type: str

    def numbers(self) -> Sequence[int]:
        return sorted(int(file.name) for file in self.folder.iterdir() if file.name.isdecimal())

    def part(self, number: int) -> "_Part":
        return _Part(file=self.folder / str(number), number=number)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    file: Path
    number: int

    @property
    def stored(self) -> StoredPart:
        with closing(self._open()) as opened:
            return StoredPart(number=self.number, size_bytes=opened.info.size_bytes, etag=opened.info.etag)

    def copy_to(self, incoming: IncomingObject) -> None:
        with closing(self._open()) as opened:
            for offset in range(0, opened.info.size_bytes, _COPY_BYTES):
                incoming.write(opened.read(_COPY_BYTES, offset))

    def _open(self) -> OpenObject:
        return open_object(self.file)
