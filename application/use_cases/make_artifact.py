"""Handles the action `artifact`: makes a report, and keeps the file in the object store."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from application.keep_artifact import KeepArtifact
from application.ports.ingestion_reader import IngestionReader
from application.ports.inventory_reader import InventoryReader
from application.ports.report_writer import ReportWriter
from application.ports.run_context import RunContext
from application.reports.contents import ReportContents
from application.reports.found_passages import search_report
from application.reports.ingestion import ingestion_report
from application.reports.inventory import inventory_report
from application.reports.params import (
    KIND,
    PARAMS,
    REPORT,
    Read,
    ReportName,
    document_filter_of,
    language_of,
    period_of,
    search_request_of,
)
from application.reports.words import say
from application.run_action import Outcome
from application.use_cases.search_chunks import SearchChunks
from domain.action import Action
from domain.ids import DEFAULT_TENANT
from domain.report import Report

ARTIFACT = "artifact"


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeArtifact:
    """`params`: kind, report, params, as read_artifact returns them. Safe to run twice, also at once."""

    writers: Mapping[str, Callable[[], ReportWriter]]
    inventory: InventoryReader
    ingestion: IngestionReader
    search: SearchChunks
    artifacts: KeepArtifact
    scratch: Path

    def __call__(self, action: Action, context: RunContext) -> Outcome:
        """Write the file, then put it."""
        kind, name, params = str(action.params[KIND]), ReportName(str(action.params[REPORT])), _within(action)
        writer = self.writers[kind]()
        language = language_of(params)
        filename = f"{say(language, name.value)}-{context.now():%Y-%m-%d}.{kind}"
        report = Report(progress=action.report.progress).advance(0.05, "Writing the file")
        context.report(report)
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            path = Path(folder) / "artifact"
            with self._contents(name, params, context) as contents:
                writer.write(contents, path, check=context.check)
            report = report.advance(0.9, "Storing the file")
            context.report(report)
            kept = self.artifacts.store(path, filename=filename, content_type=writer.content_type, context=context)
        result = {"filename": kept.filename, "content_type": kept.content_type, "size_bytes": kept.size_bytes}
        return Outcome(result=result, report=report.advance(1.0, "The file is ready"), publish=self.artifacts.publish)

    def clean_up(self, action: Action) -> None:
        """Delete what runs that are over have put for nothing."""
        self.artifacts.clean_up(action)

    def _contents(self, name: ReportName, params: Read, context: RunContext) -> AbstractContextManager[ReportContents]:
        readers: Mapping[ReportName, Callable[[Read, RunContext], AbstractContextManager[ReportContents]]] = {
            ReportName.INVENTORY: self._inventory,
            ReportName.INGESTION: self._ingestion,
            ReportName.SEARCH: self._search,
        }
        return readers[name](params, context)

    @contextmanager
    def _inventory(self, params: Read, context: RunContext) -> Iterator[ReportContents]:
        document_filter = document_filter_of(params)
        with self.inventory.open(document_filter) as inventory:
            yield inventory_report(inventory, document_filter, language=language_of(params), made_at=context.now())

    @contextmanager
    def _ingestion(self, params: Read, context: RunContext) -> Iterator[ReportContents]:
        period = period_of(params, today=context.now().date())
        figures = self.ingestion.figures(DEFAULT_TENANT, first=period.first, last=period.last)
        yield ingestion_report(figures, language=language_of(params), made_at=context.now())

    @contextmanager
    def _search(self, params: Read, context: RunContext) -> Iterator[ReportContents]:
        request = search_request_of(params)
        found = self.search(request)
        yield search_report(request, found, language=language_of(params), made_at=context.now())


def _within(action: Action) -> Read:
    params = action.params[PARAMS]
    return params if isinstance(params, Mapping) else {}
