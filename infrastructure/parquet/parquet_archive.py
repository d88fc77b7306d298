"""Tables as Parquet files in a ZIP, which does not pack them again: they are packed inside."""

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence, Sized
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from arro3.core import (
    Array,
    DataType,
    Field,
    RecordBatch,
    RecordBatchReader,
    Schema,
    fixed_size_list_array,
    list_array,
)
from arro3.io import write_parquet

from application.ports.corpus_reader import ExportedEmbedding, ExportedRow
from domain.errors import StorageUnavailable
from domain.export_order import ExportTable

NO_ROOM = "The export could not be written: the worker's log says why. Its disk may be full."
# As many as the largest page has: a group is held in memory until it is written.
MOST_ROWS_OF_A_GROUP = 5_000
_TEXT, _INT, _BIG_INT = DataType.string(), DataType.int32(), DataType.int64()
_INSTANT = DataType.timestamp("us", tz="UTC")
_TEXTS = DataType.list(Field("item", _TEXT))
_SCHEMAS = {
    ExportTable.DOCUMENTS: Schema(
        [
            Field("document_id", _TEXT, nullable=False),
            Field("external_id", _TEXT),
            Field("filename", _TEXT, nullable=False),
            Field("content_type", _TEXT, nullable=False),
            Field("size_bytes", _BIG_INT, nullable=False),
            Field("checksum_sha256", _TEXT),
            # As JSON: the keys and types of a map would have to be the same for all documents.
            Field("metadata", _TEXT, nullable=False),
            Field("status", _TEXT, nullable=False),
            Field("version", _INT, nullable=False),
            Field("language", _TEXT),
            Field("parent_document_id", _TEXT),
            Field("chunk_tokens", _INT, nullable=False),
            Field("chunk_overlap", _INT, nullable=False),
            Field("created_at", _INSTANT, nullable=False),
        ]
    ),
    ExportTable.CHUNKS: Schema(
        [
            Field("chunk_id", _TEXT, nullable=False),
            Field("document_id", _TEXT, nullable=False),
            Field("position", _INT, nullable=False),
            Field("text", _TEXT, nullable=False),
            Field("page_start", _INT),
            Field("page_end", _INT),
            Field("char_start", _BIG_INT, nullable=False),
            Field("char_end", _BIG_INT, nullable=False),
            Field("token_count", _INT, nullable=False),
            Field("headings", _TEXTS, nullable=False),
            Field("language", _TEXT, nullable=False),
        ]
    ),
}


class ParquetArchive:
    """Implements application/ports/table_archive.py."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def add(self, table: ExportTable, pages: Iterable[Sequence[ExportedRow]], *, dimensions: int | None) -> int:
        """Write `<table>.parquet`."""
        schema = _SCHEMAS.get(table) or _embeddings_schema(dimensions)
        with self._archive.open(f"{table}.parquet", "w", force_zip64=True) as entry:
            writing = _Writing(entry)
            batches = RecordBatchReader.from_batches(schema, writing.batches(pages, schema))
            try:
                write_parquet(
                    batches, cast("IO[bytes]", writing), compression="zstd(3)", max_row_group_size=MOST_ROWS_OF_A_GROUP
                )
            except BaseException:
                if writing.error:
                    raise writing.error from None
                raise
        return writing.rows


class _Writing(io.RawIOBase):
    """What the library calls back. It keeps the error: the library tells of it in its own words, or panics."""

    def __init__(self, entry: IO[bytes]) -> None:
        self.rows = 0
        self.error: BaseException | None = None
        self._entry = entry

    def batches(self, pages: Iterable[Sequence[ExportedRow]], schema: Schema) -> Iterator[RecordBatch]:
        """Yield a batch for each page."""
        try:
            for page in pages:
                yield _batch(page, schema)
                self.rows += len(page)
        except Exception as error:
            self.error = error
            raise

    def writable(self) -> bool:
        """Tell that it may be written to."""
        return True

    def write(self, data: Any) -> int:  # noqa: ANN401 - whatever has bytes
        """Write into the archive."""
        try:
            return self._entry.write(data)
        except OSError as error:
            self.error = error
            raise


@contextmanager
def open_archive(path: Path) -> Iterator[ParquetArchive]:
    """Make the file. Raises StorageUnavailable where the disk does not take it."""
    try:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            yield ParquetArchive(archive)
    except OSError as error:
        raise StorageUnavailable(NO_ROOM) from error


def _embeddings_schema(dimensions: int | None) -> Schema:
    return Schema(
        [
            Field("chunk_id", _TEXT, nullable=False),
            Field("document_id", _TEXT, nullable=False),
            Field("model", _TEXT, nullable=False),
            Field("vector", DataType.list(Field("item", DataType.float32()), dimensions), nullable=False),
        ]
    )


def _batch(page: Sequence[ExportedRow], schema: Schema) -> RecordBatch:
    return RecordBatch([_column(page, schema.field(name)) for name in schema.names], schema=schema)


def _column(page: Sequence[ExportedRow], field: Field) -> Array:
    if field.name == "vector":
        return _vectors(page, field.type)
    values = [getattr(row, field.name) for row in page]
    if field.name == "headings":
        texts = Array([text for headings in values for text in headings], _TEXT)
        return list_array(_ends(values), texts, type=_TEXTS)
    if field.name == "created_at":
        return Array.from_numpy(np.array([value.replace(tzinfo=None) for value in values], "datetime64[us]")).cast(
            _INSTANT
        )
    return Array([_plain(field.name, value) for value in values], field.type)


def _plain(name: str, value: Any) -> object:  # noqa: ANN401 - of whatever column
    if name == "metadata":
        return json.dumps(value, ensure_ascii=False)
    if value is not None and name.endswith("_id") and name != "external_id":
        return str(value)
    return value


def _vectors(page: Sequence[ExportedRow], kind: DataType) -> Array:
    vectors = [row.vector for row in page if isinstance(row, ExportedEmbedding)]
    flat = Array.from_numpy(np.concatenate(vectors))
    if kind.list_size is not None:
        return fixed_size_list_array(flat, kind.list_size, type=kind)
    return list_array(_ends(vectors), flat, type=kind)


def _ends(lists: Sequence[Sized]) -> Array:
    """Return where each list begins in all of them one after the other, and where the last ends."""
    return Array.from_numpy(np.cumsum([0, *map(len, lists)], dtype=np.int32))
