"""Tables as Parquet files in a ZIP, which does not pack them again: they are packed inside."""

import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from application.ports.corpus_reader import ExportedEmbedding, ExportedRow
from domain.errors import StorageUnavailable
from domain.export_order import ExportTable

NO_ROOM = "The export could not be written: the worker's log says why. Its disk may be full."
_INSTANT = pa.timestamp("us", tz="UTC")
_SCHEMAS = {
    ExportTable.DOCUMENTS: pa.schema(
        [
            pa.field("document_id", pa.string(), nullable=False),
            ("external_id", pa.string()),
            pa.field("filename", pa.string(), nullable=False),
            pa.field("content_type", pa.string(), nullable=False),
            pa.field("size_bytes", pa.int64(), nullable=False),
            ("checksum_sha256", pa.string()),
            # As JSON: the keys and types of a map would have to be the same for all documents.
            pa.field("metadata", pa.string(), nullable=False),
            pa.field("status", pa.string(), nullable=False),
            pa.field("version", pa.int32(), nullable=False),
            ("language", pa.string()),
            ("parent_document_id", pa.string()),
            pa.field("chunk_tokens", pa.int32(), nullable=False),
            pa.field("chunk_overlap", pa.int32(), nullable=False),
            pa.field("created_at", _INSTANT, nullable=False),
        ]
    ),
    ExportTable.CHUNKS: pa.schema(
        [
            pa.field("chunk_id", pa.string(), nullable=False),
            pa.field("document_id", pa.string(), nullable=False),
            pa.field("position", pa.int32(), nullable=False),
            pa.field("text", pa.string(), nullable=False),
            ("page_start", pa.int32()),
            ("page_end", pa.int32()),
            pa.field("char_start", pa.int64(), nullable=False),
            pa.field("char_end", pa.int64(), nullable=False),
            pa.field("token_count", pa.int32(), nullable=False),
            pa.field("headings", pa.list_(pa.string()), nullable=False),
            pa.field("language", pa.string(), nullable=False),
        ]
    ),
}


class ParquetArchive:
    """Implements application/ports/table_archive.py. Each page becomes a row group."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def add(self, table: ExportTable, pages: Iterable[Sequence[ExportedRow]], *, dimensions: int | None) -> int:
        """Write `<table>.parquet`."""
        schema = _SCHEMAS.get(table) or _embeddings_schema(dimensions)
        rows = 0
        with (
            self._archive.open(f"{table}.parquet", "w", force_zip64=True) as entry,
            parquet.ParquetWriter(entry, schema, compression="zstd") as writer,
        ):
            for page in pages:
                writer.write_batch(_batch(page, schema, dimensions))
                rows += len(page)
        return rows


@contextmanager
def open_archive(path: Path) -> Iterator[ParquetArchive]:
    """Make the file. Raises StorageUnavailable where the disk does not take it."""
    try:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            yield ParquetArchive(archive)
    except OSError as error:
        raise StorageUnavailable(NO_ROOM) from error


def _embeddings_schema(dimensions: int | None) -> pa.Schema:
    vector = pa.list_(pa.float32(), dimensions) if dimensions else pa.list_(pa.float32())
    return pa.schema(
        [
            pa.field("chunk_id", pa.string(), nullable=False),
            pa.field("document_id", pa.string(), nullable=False),
            pa.field("model", pa.string(), nullable=False),
            pa.field("vector", vector, nullable=False),
        ]
    )


def _batch(page: Sequence[ExportedRow], schema: pa.Schema, dimensions: int | None) -> pa.RecordBatch:
    columns = []
    for field in schema:
        if field.name == "vector":
            columns.append(_vectors(page, dimensions))
            continue
        values = [getattr(row, field.name) for row in page]
        columns.append(pa.array([_plain(field.name, value) for value in values], field.type))
    return pa.record_batch(columns, schema=schema)


def _plain(name: str, value: Any) -> object:  # noqa: ANN401 - of whatever column
    if name == "metadata":
        return json.dumps(value, ensure_ascii=False)
    if value is not None and name.endswith("_id") and name != "external_id":
        return str(value)
    return value


def _vectors(page: Sequence[ExportedRow], dimensions: int | None) -> pa.Array:
    vectors = [row.vector for row in page if isinstance(row, ExportedEmbedding)]
    flat = pa.array(np.concatenate(vectors))
    if dimensions:
        return pa.FixedSizeListArray.from_arrays(flat, dimensions)
    ends = np.cumsum([0, *(len(vector) for vector in vectors)], dtype=np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), flat)
