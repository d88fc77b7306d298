"""Writes an inventory of many documents and prints the peak memory in bytes. Usage: large_report.py KIND COUNT FILE."""

import resource
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from application.ports.document_reader import DocumentFilter
from application.ports.inventory_reader import Inventory, ListedDocument
from application.reports.contents import Language
from application.reports.inventory import inventory_report
from bootstrap.artifacts import load_pdf_writer, load_xlsx_writer
from domain.ids import DEFAULT_TENANT, DocumentId

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def document(number: int) -> ListedDocument:
    return ListedDocument(
        id=DocumentId(UUID(int=number)),
        filename=f"relatório da área técnica, parte {number}.pdf",
        content_type="application/pdf",
        size_bytes=number * 1000,
        status="completed",
        is_searchable=True,
        pages=number % 500,
        passages=number % 2000,
        language="pt",
        version=1,
        external_id=f"processo-{number}",
        created_at=NOON,
        completed_at=NOON,
        error_code=None,
    )


def main(kind: str, count: int, path: Path) -> None:
    writer = {"xlsx": load_xlsx_writer, "pdf": load_pdf_writer}[kind]()
    inventory = Inventory(
        by_status={"completed": count}, size_bytes=1, pages=1, passages=1, documents=map(document, range(count))
    )
    report = inventory_report(
        inventory, DocumentFilter(tenant_id=DEFAULT_TENANT), language=Language.PORTUGUESE, made_at=NOON
    )
    writer.write(report, path, check=lambda: None)
    print(peak_bytes())  # noqa: T201 - the test reads it


def peak_bytes() -> int:
    """The peak of this program alone: what getrusage tells on Linux is also that of the process it was forked from."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
