"""Reads what a client wants in an artifact. What it sent is not repeated in any sentence."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from application.ports.document_reader import DocumentFilter
from application.ports.passage_search import PassageFilter
from application.reports.contents import Language
from application.use_cases.search_chunks import MOST_RESULTS, SearchMode, SearchRequest
from domain.document import DocumentStatus
from domain.errors import InvalidRequest
from domain.ids import DEFAULT_TENANT, DocumentId
from domain.metadata_param import read_metadata
from domain.params import document_id, document_ids, one_of, require_known, text, whole_number

KIND, REPORT, PARAMS, LANGUAGE = "kind", "report", "params", "language"
MOST_DAYS, DEFAULT_DAYS = 366, 30
MOST_IDS = 1000
_CHECKSUM = re.compile(r"[0-9a-f]{64}")

Read = Mapping[str, object]


class FileKind(StrEnum):
    """What file it shall be."""

    XLSX = "xlsx"
    PDF = "pdf"


class ReportName(StrEnum):
    """What it shall tell."""

    INVENTORY = "inventory"
    INGESTION = "ingestion"
    SEARCH = "search"


def read_artifact(params: Mapping[str, object]) -> Read:
    """Return the params of the action, whole. Raises InvalidRequest with a pointer into them."""
    require_known(params, (KIND, REPORT, PARAMS))
    kind, report = one_of(params, KIND, FileKind), one_of(params, REPORT, ReportName)
    wanted = params.get(PARAMS)
    if not isinstance(wanted, Mapping | None):
        raise InvalidRequest("Send an object with the report's params, or leave it out.", pointer=f"/{PARAMS}")
    try:
        read = _READERS[report](wanted or {})
    except InvalidRequest as error:
        raise InvalidRequest(error.detail, pointer=f"/{PARAMS}{error.pointer or ''}") from error
    return {KIND: kind, REPORT: report, PARAMS: read}


def language_of(params: Read) -> Language:
    """Return the language of the report."""
    return Language(str(params[LANGUAGE]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Both days and those between."""

    first: date
    last: date


def period_of(params: Read, *, today: date) -> Period:
    """Return the period that was asked for: where a day was left out, 30 days in all."""
    first, last = (date.fromisoformat(str(params[name])) if params[name] else None for name in ("from", "to"))
    if first is None:
        last = last or today
        return Period(first=last - timedelta(days=DEFAULT_DAYS - 1), last=last)
    return Period(first=first, last=last or max(first, min(today, first + timedelta(days=MOST_DAYS - 1))))


def document_filter_of(params: Read) -> DocumentFilter:
    """Return which documents are listed."""
    status, checksum, parent = (params[name] for name in ("status", "checksum_sha256", "parent_document_id"))
    external_id, filename = params["external_id"], params["filename"]
    # Jobs that were started before there was this param have none.
    name_contains = params.get("name_contains")
    return DocumentFilter(
        tenant_id=DEFAULT_TENANT,
        status=DocumentStatus(str(status)) if status else None,
        external_id=None if external_id is None else str(external_id),
        filename=None if filename is None else str(filename),
        name_contains=None if name_contains is None else str(name_contains),
        checksums_sha256=[str(checksum)] if checksum else None,
        parent_id=DocumentId(UUID(str(parent))) if parent else None,
    )


def search_request_of(params: Read) -> SearchRequest:
    """Return what is looked for."""
    ids, metadata = params["document_ids"], params["metadata"]
    passage_filter = PassageFilter(
        tenant_id=DEFAULT_TENANT,
        document_ids=[DocumentId(UUID(str(each))) for each in ids] if isinstance(ids, list) else None,
        metadata=metadata if isinstance(metadata, Mapping) else {},
    )
    return SearchRequest(
        query=str(params["query"]),
        passage_filter=passage_filter,
        mode=SearchMode(str(params["mode"])),
        limit=int(str(params["limit"])),
    )


def _read_inventory(params: Mapping[str, object]) -> Read:
    names = ("status", "external_id", "filename", "name_contains", "checksum_sha256", "parent_document_id")
    require_known(params, (*names, LANGUAGE))
    checksum = text(params, "checksum_sha256", most=64)
    if checksum is not None and not _CHECKSUM.fullmatch(checksum.lower()):
        raise InvalidRequest("Send a SHA-256 in hex: 64 digits.", pointer="/checksum_sha256")
    parent = text(params, "parent_document_id", most=100)
    if (part := text(params, "name_contains", most=200)) == "":
        raise InvalidRequest("Send a part of the name, or leave it out.", pointer="/name_contains")
    return {
        "status": one_of(params, "status", DocumentStatus) if params.get("status") is not None else None,
        "external_id": text(params, "external_id", most=512),
        "filename": text(params, "filename", most=4096),
        "name_contains": part,
        "checksum_sha256": checksum.lower() if checksum else None,
        "parent_document_id": str(document_id(parent, pointer="/parent_document_id")) if parent is not None else None,
        LANGUAGE: one_of(params, LANGUAGE, Language, default=Language.ENGLISH),
    }


def _read_ingestion(params: Mapping[str, object]) -> Read:
    require_known(params, ("from", "to", LANGUAGE))
    first, last = (_day(params, name) for name in ("from", "to"))
    if first and last and not first <= last < first + timedelta(days=MOST_DAYS):
        raise InvalidRequest(f"Send a day from that of `from` on, and {MOST_DAYS} days at most.", pointer="/to")
    return {
        "from": first.isoformat() if first else None,
        "to": last.isoformat() if last else None,
        LANGUAGE: one_of(params, LANGUAGE, Language, default=Language.ENGLISH),
    }


def _read_search(params: Mapping[str, object]) -> Read:
    require_known(params, ("query", "mode", "limit", "document_ids", "metadata", LANGUAGE))
    query = text(params, "query", most=4000)
    if query is None or not query.strip():
        raise InvalidRequest("There is nothing to search for: send some words.", pointer="/query")
    ids = document_ids(params, most=MOST_IDS)
    return {
        "query": query,
        "mode": one_of(params, "mode", SearchMode, default=SearchMode.HYBRID),
        "limit": whole_number(params, "limit", least=1, most=MOST_RESULTS, default=MOST_RESULTS),
        "document_ids": None if ids is None else [str(each) for each in ids],
        "metadata": read_metadata(params),
        LANGUAGE: one_of(params, LANGUAGE, Language, default=Language.ENGLISH),
    }


_READERS: Mapping[str, Callable[[Mapping[str, object]], Read]] = {
    ReportName.INVENTORY: _read_inventory,
    ReportName.INGESTION: _read_ingestion,
    ReportName.SEARCH: _read_search,
}


def _day(params: Mapping[str, object], name: str) -> date | None:
    value = text(params, name, most=10)
    if value is None:
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError as error:
        raise InvalidRequest("Send a day such as 2026-01-31.", pointer=f"/{name}") from error
    if not date(2000, 1, 1) <= day <= date(2999, 12, 31):
        raise InvalidRequest("Send a day from 2000-01-01 to 2999-12-31.", pointer=f"/{name}")
    return day
