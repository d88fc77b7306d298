"""What a client may ask of an import."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from uuid import UUID

from domain.errors import InvalidRequest
from domain.ids import DocumentId
from domain.imported_file import IMPORT_JOB, clean_name, name_problem
from domain.metadata_param import MAX_KEYS, METADATA, MetadataValue, read_metadata
from domain.params import require_known, whole_number

PREFIX = "prefix"
DOCUMENT = "document_id"
CHUNK_TOKENS = "chunk_tokens"
CHUNK_OVERLAP = "chunk_overlap"
LEAST_CHUNK_TOKENS = 16
LARGEST_INTEGER = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOrder:
    """Either a `prefix` of what operators have laid ready, or the document of a ZIP; how its documents are made."""

    prefix: str = ""
    document_id: DocumentId | None = None
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)
    chunk_tokens: int | None = None
    chunk_overlap: int | None = None

    @classmethod
    def of(cls, params: Mapping[str, object]) -> Self:
        """Read what `read_import` returned."""
        document_id = params.get(DOCUMENT)
        return cls(
            prefix=str(params.get(PREFIX, "")),
            document_id=DocumentId(UUID(str(document_id))) if document_id else None,
            metadata=_metadata(params),
            chunk_tokens=_number(params, CHUNK_TOKENS, least=LEAST_CHUNK_TOKENS),
            chunk_overlap=_number(params, CHUNK_OVERLAP, least=0),
        )


def read_import(params: Mapping[str, object], *, chunk_tokens: int) -> Mapping[str, object]:
    """Return the params as the work wants them. `chunk_tokens` hold where none are sent. Raises InvalidRequest."""
    require_known(params, (PREFIX, DOCUMENT, METADATA, CHUNK_TOKENS, CHUNK_OVERLAP))
    if (PREFIX in params) == (DOCUMENT in params):
        raise InvalidRequest("Send either `prefix` or `document_id`.", pointer=f"/{PREFIX}")
    source = {PREFIX: _prefix(params)} if PREFIX in params else {DOCUMENT: _document_id(params)}
    tokens = _number(params, CHUNK_TOKENS, least=LEAST_CHUNK_TOKENS)
    overlap = _number(params, CHUNK_OVERLAP, least=0)
    if overlap is not None and overlap * 2 > (tokens or chunk_tokens):
        raise InvalidRequest("The overlap may be half of the chunk at most.", pointer=f"/{CHUNK_OVERLAP}")
    chunking = {name: value for name, value in ((CHUNK_TOKENS, tokens), (CHUNK_OVERLAP, overlap)) if value is not None}
    return {**source, METADATA: _metadata(params), **chunking}


def _prefix(params: Mapping[str, object]) -> str:
    value = params[PREFIX]
    if not isinstance(value, str) or (value and name_problem(clean_name(value.removesuffix("/")))):
        sentence = "Send a path such as contracts/2026, without a slash in front and without `..`; empty for all."
        raise InvalidRequest(sentence, pointer=f"/{PREFIX}")
    return value.removesuffix("/")


def _document_id(params: Mapping[str, object]) -> str:
    value = params[DOCUMENT]
    try:
        return str(UUID(str(value)))
    except ValueError:
        raise InvalidRequest("Send the id of a document: that of a ZIP.", pointer=f"/{DOCUMENT}") from None


def _number(params: Mapping[str, object], name: str, *, least: int) -> int | None:
    if params.get(name) is None:
        return None
    return whole_number(params, name, least=least, most=LARGEST_INTEGER, default=least)


def _metadata(params: Mapping[str, object]) -> dict[str, MetadataValue]:
    found = read_metadata(params, max_keys=MAX_KEYS - 1)
    if IMPORT_JOB in found:
        raise InvalidRequest(f"`{IMPORT_JOB}` is written by the import itself.", pointer=f"/{METADATA}")
    return found
