"""One run of an import: goes through the files of a source, one at a time, and counts what becomes of them."""

from dataclasses import dataclass, field
from pathlib import Path

from application.imported_files import KeepFile
from application.ports.import_source import ImportSource, LookAtFile, OpenZip
from application.ports.run_context import RunContext
from domain.errors import BlobChanged, BlobNotFound, DocumentNotFound, TooLarge
from domain.failure import DocumentUnreadable, FailureCode
from domain.import_order import ImportOrder
from domain.imported_file import FileProblem, ImportTally, SourceFile, name_problem, shown_name
from domain.report import Report

ZIP = ".zip"


@dataclass(slots=True, kw_only=True)
class Importing:
    """`folder` holds one file, and one ZIP, at a time."""

    keep: KeepFile
    open_zip: OpenZip
    look: LookAtFile
    max_bytes: int
    folder: Path
    order: ImportOrder
    job_id: str
    context: RunContext
    report: Report
    tally: ImportTally = field(default_factory=ImportTally)
    total: int = 0

    def from_source(self, source: ImportSource, prefix: str) -> None:
        """Import what lies under a prefix; ZIP files are unpacked."""
        for page in source.files(prefix):
            self.context.check()
            self.total += len(page)
        for page in source.files(prefix):
            for file in page:
                self._one(source, file, inside="")

    def from_zip(self, path: Path, name: str) -> None:
        """Import what is in a ZIP file, whose name comes before those of its files. Raises DocumentUnreadable."""
        with self.open_zip(path) as opened:
            for page in opened.files(""):
                self.total += len(page)
            for page in opened.files(""):
                for file in page:
                    self._one(opened, file, inside=f"{name}/")

    def _one(self, source: ImportSource, file: SourceFile, *, inside: str) -> None:
        """Import one file; what is wrong with it ends it alone."""
        self.context.check()
        name = inside + file.name
        try:
            self._file(source, file, name, is_inside=bool(inside))
        except DocumentUnreadable as error:
            self._failed(name, error.failure_code)
        except (TooLarge, DocumentNotFound) as error:
            self._failed(name, error.code)
        except BlobNotFound:
            self._failed(name, FileProblem.FILE_GONE)
        except BlobChanged:
            self._failed(name, FileProblem.FILE_CHANGED)
        self.report = self.report.advance(
            self.tally.files / max(self.total, self.tally.files, 1), f"{self.tally.files:,} of {self.total:,} files"
        )
        self.context.report(self.report)

    def _file(self, source: ImportSource, file: SourceFile, name: str, *, is_inside: bool) -> None:
        if problem := file.problem or name_problem(name):
            self._failed(name, problem)
        elif file.size_bytes > self.max_bytes:
            raise TooLarge
        elif name.lower().endswith(ZIP) and not is_inside:
            self._zip(source, file, name)
        else:
            self._document(source, file, name)

    def _document(self, source: ImportSource, file: SourceFile, name: str) -> None:
        known = self.keep.known(name)
        if known and self.keep.has_etag(known, file):
            self.tally = self.tally.and_kept(known.kept_by(self.job_id))
            return
        path = self.folder / "file"
        checksum = source.fetch(file, path, check=self.context.check)
        if known and known.document.checksum_sha256 == checksum:
            self.tally = self.tally.and_kept(known.kept_by(self.job_id))
            return
        if path.stat().st_size == 0:
            raise DocumentUnreadable(FailureCode.EMPTY)
        self.look(path, name)
        kept = self.keep(path, name, checksum, order=self.order, job_id=self.job_id, run=self.context.run)
        self.tally = self.tally.and_kept(kept)

    def _zip(self, source: ImportSource, file: SourceFile, name: str) -> None:
        self.total -= 1  # its files count, not itself
        path = self.folder / "archive"
        try:
            source.fetch(file, path, check=self.context.check)
            self.from_zip(path, name)
        except (DocumentUnreadable, BlobNotFound, BlobChanged):
            self.total += 1
            raise

    def _failed(self, name: str, code: str) -> None:
        self.tally = self.tally.and_failed(shown_name(name), str(code))
