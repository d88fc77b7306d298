"""The report `inventory`: every document, and the sums."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from application.ports.document_reader import DocumentFilter
from application.ports.inventory_reader import Inventory
from application.reports.contents import Cell, Column, Fact, Facts, Kind, Language, ReportContents, Table
from application.reports.words import say, told_instant
from domain.document import DocumentStatus


def inventory_report(
    inventory: Inventory, document_filter: DocumentFilter, *, language: Language, made_at: datetime
) -> ReportContents:
    """Return the report. Its rows are those of `inventory`, which must stay open until they are read."""
    table = Table(
        title=say(language, "Documents"),
        columns=_columns(language),
        rows=_rows(inventory, language),
        if_empty=say(language, "There are no documents."),
    )
    subtitle = [
        _filter(document_filter, language),
        say(language, "Made on {at} UTC", at=told_instant(language, made_at)),
    ]
    return ReportContents(
        title=say(language, "Inventory of documents"),
        subtitle=subtitle,
        language=language,
        made_at=made_at,
        blocks=[_sums(inventory, language), table],
        is_wide=True,
    )


def _sums(inventory: Inventory, language: Language) -> Facts:
    by_status = [
        Fact(name=say(language, status.value), value=inventory.by_status[status])
        for status in DocumentStatus
        if inventory.by_status.get(status)
    ]
    return Facts(
        title=say(language, "Summary"),
        facts=[
            Fact(name=say(language, "Documents"), value=inventory.count),
            Fact(name=say(language, "Size"), value=inventory.size_bytes, kind=Kind.BYTES),
            Fact(name=say(language, "Pages"), value=inventory.pages),
            Fact(name=say(language, "Passages"), value=inventory.passages),
            *by_status,
        ],
    )


def _columns(language: Language) -> Sequence[Column]:
    columns = (
        ("Filename", Kind.TEXT, 44, True),
        ("Type", Kind.TEXT, 24, True),
        ("Size", Kind.BYTES, 10, True),
        ("Status", Kind.TEXT, 16, True),
        ("Searchable", Kind.FLAG, 8, True),
        ("Pages", Kind.COUNT, 7, True),
        ("Passages", Kind.COUNT, 8, True),
        ("Language", Kind.TEXT, 7, True),
        ("Version", Kind.COUNT, 6, True),
        ("External id", Kind.TEXT, 18, True),
        ("Created (UTC)", Kind.INSTANT, 14, True),
        ("Completed (UTC)", Kind.INSTANT, 14, True),
        ("Error", Kind.TEXT, 18, True),
        ("Document id", Kind.TEXT, 37, False),
    )
    return [
        Column(heading=say(language, heading), kind=kind, width=width, in_print=in_print)
        for heading, kind, width, in_print in columns
    ]


def _rows(inventory: Inventory, language: Language) -> Iterator[Sequence[Cell]]:
    for document in inventory.documents:
        yield (
            document.filename,
            document.content_type,
            document.size_bytes,
            say(language, document.status),
            document.is_searchable,
            document.pages,
            document.passages,
            document.language,
            document.version,
            document.external_id,
            document.created_at,
            document.completed_at,
            document.error_code,
            str(document.id),
        )


def _filter(document_filter: DocumentFilter, language: Language) -> str:
    conditions = {
        "status": document_filter.status and say(language, document_filter.status.value),
        "external id": document_filter.external_id,
        "filename": document_filter.filename,
        "filename with": document_filter.name_contains,
        "SHA-256": ", ".join(document_filter.checksums_sha256 or ()) or None,
        "attached to": document_filter.parent_id,
    }
    terms = "; ".join(f"{say(language, name)} {value}" for name, value in conditions.items() if value is not None)
    return say(language, "Filter: {terms}", terms=terms) if terms else say(language, "All documents")
