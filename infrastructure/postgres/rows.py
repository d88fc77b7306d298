"""Turns rows into the domain's dataclasses and back. Nothing outside this package sees a row."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from domain.action import Action, ActionStatus
from domain.chunk import Chunk
from domain.document import Document
from domain.document_details import DocumentDetails, OutlineEntry
from domain.extracted_page import UnreadablePage
from domain.failure import Failure
from domain.job import Job
from domain.report import Report, Stage, StageTimes

# What an owner says anew with each version; the rest is the document's for good.
DESCRIPTION = (
    "version",
    "filename",
    "content_type",
    "size_bytes",
    "checksum_sha256",
    "metadata",
    "chunk_tokens",
    "chunk_overlap",
)


def document_of(row: Row[Any]) -> Document:
    """Read a row of `documents`."""
    return Document(
        id=row.id,
        tenant_id=row.tenant_id,
        filename=row.filename,
        content_type=row.content_type,
        size_bytes=row.size_bytes,
        checksum_sha256=row.checksum_sha256,
        external_id=row.external_id,
        metadata=row.metadata,
        chunk_tokens=row.chunk_tokens,
        chunk_overlap=row.chunk_overlap,
        version=row.version,
        job_id=row.job_id,
        created_at=row.created_at,
        parent_id=row.parent_id,
        attachment_depth=row.attachment_depth,
        object_name=row.object_name,
    )


def document_values(document: Document) -> dict[str, object]:
    """Return the columns of `documents`."""
    return {field: getattr(document, field) for field in Document.__dataclass_fields__} | {
        "metadata": dict(document.metadata)
    }


def description_values(document: Document) -> dict[str, object]:
    """Return the columns that describe a version."""
    values = document_values(document)
    return {name: values[name] for name in DESCRIPTION}


def action_of(row: Row[Any]) -> Action:
    """Read a row of `job_actions`."""
    values = {field: getattr(row, field) for field in Action.__dataclass_fields__}
    values["status"] = ActionStatus(row.status)
    values["error"] = Failure(**row.error) if row.error else None
    values["report"] = report_of(row.report)
    return Action(**values)


def action_values(action: Action) -> dict[str, object]:
    """Return the columns of `job_actions`."""
    values = {field: getattr(action, field) for field in Action.__dataclass_fields__}
    values["params"] = dict(action.params)
    values["result"] = None if action.result is None else dict(action.result)
    values["error"] = asdict(action.error) if action.error else None
    values["report"] = report_values(action.report)
    return values


def chunk_of(row: Row[Any]) -> Chunk:
    """Read a row of `chunks`."""
    return Chunk(
        position=row.position,
        text=row.text,
        char_start=row.char_start,
        char_end=row.char_end,
        page_start=row.page_start,
        page_end=row.page_end,
        token_count=row.token_count,
        headings=tuple(row.headings),
    )


def job_of(row: Row[Any], actions: tuple[Action, ...]) -> Job:
    """Read a row of `jobs`, with its actions."""
    return Job(
        id=row.id,
        tenant_id=row.tenant_id,
        document_id=row.document_id,
        version=row.version,
        actions=actions,
        callback_url=row.callback_url,
        created_at=row.created_at,
    )


def report_of(values: Mapping[str, Any]) -> Report:
    """Read a report from JSON."""
    unreadable = tuple(UnreadablePage(number=number, code=code) for number, code in values["unreadable"])
    plain = {key: value for key, value in values.items() if key not in {"stage", "stages", "unreadable", "warnings"}}
    return Report(
        **plain,
        stage=Stage(values["stage"]) if values["stage"] else None,
        stages=stages_of(values["stages"]),
        unreadable=unreadable,
        warnings=tuple(values["warnings"]),
    )


def report_values(report: Report) -> dict[str, object]:
    """Return a report as JSON: pages and stages as short arrays."""
    values: dict[str, object] = {field: getattr(report, field) for field in Report.__dataclass_fields__}
    values["stages"] = stages_values(report.stages)
    values["unreadable"] = [[page.number, page.code] for page in report.unreadable]
    return values


def stages_of(values: Sequence[Sequence[Any]]) -> tuple[StageTimes, ...]:
    """Read stages from JSON."""
    return tuple(
        StageTimes(
            name=Stage(name),
            started_at=datetime.fromisoformat(started),
            completed_at=datetime.fromisoformat(completed) if completed else None,
        )
        for name, started, completed in values
    )


def stages_values(stages: Sequence[StageTimes]) -> list[list[str | None]]:
    """Return stages as JSON."""
    return [[t.name, t.started_at.isoformat(), t.completed_at.isoformat() if t.completed_at else None] for t in stages]


def details_of(row: Row[Any]) -> DocumentDetails:
    """Read a row of `document_details`."""
    return DocumentDetails(
        title=row.title,
        author=row.author,
        created_at=row.created_at,
        modified_at=row.modified_at,
        outline=tuple(OutlineEntry(title=title, level=level, page=page) for title, level, page in row.outline),
    )


def details_values(details: DocumentDetails) -> dict[str, object]:
    """Return the columns of `document_details` beside its key: the outline as short arrays."""
    values: dict[str, object] = {field: getattr(details, field) for field in DocumentDetails.__dataclass_fields__}
    values["outline"] = [[entry.title, entry.level, entry.page] for entry in details.outline]
    return values
