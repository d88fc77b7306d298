"""What a client may ask of an export."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from domain.errors import InvalidRequest
from domain.ids import DocumentId
from domain.metadata_param import METADATA, MetadataValue, read_metadata
from domain.params import DOCUMENT_IDS, document_ids, require_known

INCLUDE = "include"
MAX_DOCUMENT_IDS = 10_000


class ExportTable(StrEnum):
    """What an export may hold, in the order in which it is written."""

    DOCUMENTS = "documents"
    CHUNKS = "chunks"
    EMBEDDINGS = "embeddings"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOrder:
    """Which documents, None for all, whose metadata has all of these values; and which tables."""

    document_ids: tuple[DocumentId, ...] | None = None
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)
    include: tuple[ExportTable, ...] = tuple(ExportTable)

    @classmethod
    def of(cls, params: Mapping[str, object]) -> Self:
        """Read what a client sent, or what `read_export` returned. Raises InvalidRequest."""
        require_known(params, (DOCUMENT_IDS, METADATA, INCLUDE))
        return cls(
            document_ids=document_ids(params, most=MAX_DOCUMENT_IDS),
            metadata=read_metadata(params),
            include=_tables(params),
        )


def read_export(params: Mapping[str, object]) -> Mapping[str, object]:
    """Return the params as the work wants them. Raises InvalidRequest."""
    order = ExportOrder.of(params)
    ids = None if order.document_ids is None else [str(each) for each in order.document_ids]
    return {DOCUMENT_IDS: ids, METADATA: dict(order.metadata), INCLUDE: [table.value for table in order.include]}


def _tables(params: Mapping[str, object]) -> tuple[ExportTable, ...]:
    value = params.get(INCLUDE, list(ExportTable))
    known = ", ".join(ExportTable)
    if not isinstance(value, list) or not value or any(each not in list(ExportTable) for each in value):
        raise InvalidRequest(f"Send a list of some of these: {known}.", pointer=f"/{INCLUDE}")
    return tuple(table for table in ExportTable if table in value)
