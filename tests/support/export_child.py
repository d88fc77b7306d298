"""Writes an export in a process of its own: prints how much memory it took, in bytes, and how many rows there were.

Usage: export_child.py DATABASE_URL FILE
"""

import json
import resource
import sys
from pathlib import Path

from domain.export_order import ExportOrder, ExportTable
from infrastructure.parquet.parquet_archive import open_archive
from infrastructure.postgres.corpus import PostgresCorpusReader
from infrastructure.postgres.engine import make_engine

UNIT = 1 if sys.platform == "darwin" else 1024


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT


def main(database_url: str, path: Path) -> None:
    reader = PostgresCorpusReader(make_engine(database_url, application_name="export"))
    before = peak_bytes()
    with reader.snapshot(ExportOrder()) as corpus, open_archive(path) as archive:
        dimensions = corpus.dimensions()
        rows = {table.value: archive.add(table, corpus.pages(table), dimensions=dimensions) for table in ExportTable}
    answer = {"rows": rows, "peak_bytes": peak_bytes(), "before_bytes": before, "file_bytes": path.stat().st_size}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
