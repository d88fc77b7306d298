"""Handles the action `export`: documents, chunks and vectors as tables, in one file that is downloaded."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from application.keep_artifact import KeepArtifact
from application.ports.corpus_reader import Corpus, CorpusReader, ExportedRow
from application.ports.run_context import RunContext
from application.ports.table_archive import OpenArchive
from application.run_action import Outcome
from domain.action import Action
from domain.errors import TooLarge
from domain.export_order import ExportOrder, ExportTable
from domain.multipart import MOST_BYTES_OF_ONE_PUT
from domain.report import Report

TOO_LARGE = "The export is larger than 5 GiB: choose fewer documents, or leave the vectors out by `include`."


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportDocuments:
    """Safe to run twice: each run makes a file of its own, and one of them is published."""

    corpus: CorpusReader
    open_archive: OpenArchive
    artifacts: KeepArtifact
    scratch: Path

    def __call__(self, action: Action, context: RunContext) -> Outcome:
        """Write the file and keep it. Raises TooLarge, StorageUnavailable, DatabaseUnavailable."""
        order = ExportOrder.of(action.params)
        progress = _Progress(context=context, report=Report(progress=action.report.progress))
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            path = Path(folder) / "export.zip"
            with self.corpus.snapshot(order) as corpus, self.open_archive(path) as archive:
                progress.total = sum(corpus.count(table) for table in order.include)
                rows = {
                    table: archive.add(table, progress.through(corpus, table), dimensions=corpus.dimensions())
                    for table in order.include
                }
            if path.stat().st_size > MOST_BYTES_OF_ONE_PUT:
                raise TooLarge(TOO_LARGE)
            name = f"esteira-export-{context.now():%Y-%m-%d}.zip"
            kept = self.artifacts.store(path, filename=name, content_type="application/zip", context=context)
        result = {
            "rows": {table.value: count for table, count in rows.items()},
            "size_bytes": kept.size_bytes,
            "download_path": f"/api/v1/artifacts/{action.job_id}/download?action_id={action.id}",
        }
        return Outcome(result=result, report=progress.report, publish=self.artifacts.publish)

    def clean_up(self, action: Action) -> None:
        """Delete what runs have put that are over and were not published."""
        self.artifacts.clean_up(action)


@dataclass(slots=True, kw_only=True)
class _Progress:
    context: RunContext
    report: Report
    total: int = 0
    done: int = field(default=0)

    def through(self, corpus: Corpus, table: ExportTable) -> Iterator[Sequence[ExportedRow]]:
        """Pass the pages on, and tell how many rows there were."""
        for page in corpus.pages(table):
            self.context.check()
            yield page
            self.done += len(page)
            share = self.done / max(self.total, self.done)
            self.report = self.report.advance(share, f"{self.done:,} of {self.total:,} rows")
            self.context.report(self.report)
