"""The report `search`: the passages that answer a question."""

import json
from collections.abc import Sequence
from datetime import datetime

from application.reports.contents import (
    Column,
    Kind,
    Language,
    Passages,
    PrintedPassage,
    ReportContents,
    Table,
)
from application.reports.words import say, told_instant, told_number
from application.use_cases.search_chunks import FoundPassage, SearchMode, SearchRequest

MODES = {
    SearchMode.HYBRID: "by meaning and words",
    SearchMode.SEMANTIC: "by meaning",
    SearchMode.KEYWORD: "by words",
}
TEXT_COLUMN = 7


def search_report(
    request: SearchRequest, found: Sequence[FoundPassage], *, language: Language, made_at: datetime
) -> ReportContents:
    """Return the report."""
    table = Table(
        title=say(language, "Passages"),
        columns=_columns(language),
        rows=[_row(number, each) for number, each in enumerate(found, start=1)],
        if_empty=say(language, "Nothing was found."),
    )
    printed = [_printed(number, each, language) for number, each in enumerate(found, start=1)]
    return ReportContents(
        title=say(language, "Search results"),
        subtitle=_subtitle(request, len(found), language, made_at),
        language=language,
        made_at=made_at,
        blocks=[Passages(passages=printed, table=table, text_column=TEXT_COLUMN)],
    )


def _subtitle(request: SearchRequest, found: int, language: Language, made_at: datetime) -> list[str]:
    words = {0: "No passages; {mode}", 1: "1 passage; {mode}"}.get(found, "{found} passages, best first; {mode}")
    lines = [
        say(language, "Question: {query}", query=request.query),
        say(language, words, found=found, mode=say(language, MODES[request.mode])),
    ]
    if (chosen := request.passage_filter.document_ids) is not None:
        lines.append(say(language, "In {count} chosen documents", count=len(chosen)))
    if metadata := request.passage_filter.metadata:
        terms = ", ".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in metadata.items())
        lines.append(say(language, "Metadata: {terms}", terms=terms))
    return [*lines, say(language, "Made on {at} UTC", at=told_instant(language, made_at))]


def _columns(language: Language) -> list[Column]:
    columns = (
        ("No.", Kind.COUNT, 6),
        ("Score", Kind.DECIMAL, 10),
        ("Filename", Kind.TEXT, 36),
        ("First page", Kind.COUNT, 10),
        ("Last page", Kind.COUNT, 10),
        ("From character", Kind.COUNT, 12),
        ("To character", Kind.COUNT, 12),
        ("Text", Kind.TEXT, 100),
        ("Headings", Kind.TEXT, 30),
        ("External id", Kind.TEXT, 20),
        ("Document id", Kind.TEXT, 37),
    )
    return [Column(heading=say(language, heading), kind=kind, width=width) for heading, kind, width in columns]


def _row(number: int, found: FoundPassage) -> tuple[str | int | float | None, ...]:
    passage = found.passage
    return (
        number,
        found.score,
        passage.filename,
        found.page_start,
        found.page_end,
        found.char_start,
        found.char_end,
        found.text,
        " > ".join(passage.chunk.headings),
        passage.external_id,
        str(passage.document_id),
    )


def _printed(number: int, found: FoundPassage, language: Language) -> PrintedPassage:
    first, last = found.page_start, found.page_end
    words = "page {first}" if first == last else "pages {first} to {last}"
    pages = [say(language, words, first=first, last=last)] if first is not None else []
    span = {"start": told_number(language, found.char_start), "end": told_number(language, found.char_end)}
    where = [
        say(language, "score {score}", score=told_number(language, found.score, decimals=3)),
        *pages,
        say(language, "characters {start} to {end}", **span),
        *found.passage.chunk.headings[-1:],
    ]
    return PrintedPassage(
        head=f"{number}. {found.passage.filename}",
        where=" · ".join(where),
        text=found.text,
        highlights=found.highlights,
    )
