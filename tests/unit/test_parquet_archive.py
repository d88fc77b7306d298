"""What goes wrong while tables are written comes out as it was, though a library stands between."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from application.ports.corpus_reader import ExportedEmbedding, ExportedRow
from domain.errors import RunCancelled, StorageUnavailable
from domain.export_order import ExportTable
from domain.ids import ChunkId, DocumentId
from infrastructure.parquet.parquet_archive import open_archive

ROWS = 2000


def page(number: int) -> Sequence[ExportedRow]:
    vectors = np.random.default_rng(number).random((ROWS, 384), dtype=np.float32)
    return [
        ExportedEmbedding(
            chunk_id=ChunkId(UUID(int=number * ROWS + row)),
            document_id=DocumentId(UUID(int=number)),
            model="m",
            vector=vector,
        )
        for row, vector in enumerate(vectors)
    ]


def cancelled() -> Iterator[Sequence[ExportedRow]]:
    yield page(0)
    raise RunCancelled


def test_a_cancel_between_two_pages_is_a_cancel(tmp_path: Path) -> None:
    with pytest.raises(RunCancelled), open_archive(tmp_path / "a.zip") as archive:
        archive.add(ExportTable.EMBEDDINGS, cancelled(), dimensions=384)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_told_as_one() -> None:
    with pytest.raises(StorageUnavailable), open_archive(Path("/dev/full")) as archive:
        archive.add(ExportTable.EMBEDDINGS, map(page, range(8)), dimensions=384)
