"""New documents: announced to the API, which says where their bytes go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from esteira_client.answers import Json
from esteira_client.api import Api
from esteira_client.errors import EsteiraError, error_of_item
from esteira_client.requests import creating, get, path
from esteira_client.steps import Flow


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """What is promised of a document. What is None is left to the server."""

    filename: str
    size_bytes: int
    content_type: str | None = None
    checksum_sha256: str | None = None
    external_id: str | None = None
    metadata: Json | None = None
    chunk_tokens: int | None = None
    chunk_overlap: int | None = None
    multipart: bool = False

    def as_json(self) -> Json:
        """Return it as the API takes it."""
        promised = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in promised.items() if value is not None and value is not False}


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleUpload:
    """A document whose bytes go to `url` by one PUT with exactly `headers`."""

    document_id: str
    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadInParts:
    """A document whose bytes go to the store in parts, all of `part_size` bytes but the last."""

    document_id: str
    upload_id: str
    part_size: int


def announce(
    api: Api, document: NewDocument, *, idempotency_key: str | None = None
) -> Flow[SingleUpload | UploadInParts]:
    """Add a document; return where its bytes go. With the key of an earlier call, that is signed anew."""
    request = creating("/documents/upload/presigned", document.as_json(), key=idempotency_key)
    answer = yield from api.json(request)
    with api.understood():
        return _announced(answer)


def announce_all(
    api: Api, documents: Sequence[NewDocument], *, idempotency_key: str | None = None
) -> Flow[Sequence[SingleUpload | UploadInParts | EsteiraError]]:
    """Add up to 500 documents in one call; return for each where its bytes go, or why not."""
    body = {"documents": [document.as_json() for document in documents]}
    answer = yield from api.json(creating("/documents/upload/presigned/batch", body, key=idempotency_key))
    with api.understood():
        return [error_of_item(item) if "code" in item else _announced(item) for item in answer["items"]]


def open_upload(api: Api, document_id: str) -> Flow[UploadInParts]:
    """Return a document's upload in parts, to go on with it."""
    answer = yield from api.json(get(path("documents", document_id, "upload", "parts")))
    with api.understood():
        return UploadInParts(document_id=document_id, upload_id=answer["upload_id"], part_size=answer["part_size"])


def _announced(answer: Json) -> SingleUpload | UploadInParts:
    document_id, upload = answer["document_id"], answer["upload"]
    if upload["method"] == "MULTIPART":
        return UploadInParts(document_id=document_id, upload_id=upload["upload_id"], part_size=upload["part_size"])
    return SingleUpload(document_id=document_id, url=upload["url"], headers=upload["headers"])
