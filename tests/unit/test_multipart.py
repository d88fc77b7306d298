"""How a file is divided into parts."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.errors import InvalidRequest, UploadCompleted, UploadExpired
from domain.ids import UploadId, new_uuid7
from domain.multipart import LEAST_PART_BYTES, MEBIBYTE, MOST_PARTS, Upload, part_size_for
from tests.support.document_factory import a_document

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def upload_of(size_bytes: int, *, completed_at: datetime | None = None) -> Upload:
    return Upload(
        id=UploadId(new_uuid7()),
        document=a_document(size_bytes=size_bytes),
        store_id="s",
        part_size=part_size_for(size_bytes),
        expires_at=NOW,
        completed_at=completed_at,
    )


@given(size_bytes=st.integers(0, 50 << 40))
@example(5 << 30)
@example(5 << 40)
@example(MOST_PARTS * 16 * MEBIBYTE)
@example(MOST_PARTS * 16 * MEBIBYTE + 1)
def test_the_parts_are_the_file_and_the_store_takes_them(size_bytes: int) -> None:
    upload = upload_of(size_bytes)
    assert 1 <= upload.part_count <= MOST_PARTS
    assert upload.part_size >= LEAST_PART_BYTES
    last = upload.size_of(upload.part_count)
    assert (upload.part_count - 1) * upload.part_size + last == size_bytes
    assert 0 < last <= upload.part_size or (size_bytes, upload.part_count) == (0, 1)


@pytest.mark.parametrize("number", [-1, 0, 4, 10_001])
def test_a_part_that_there_is_not_has_no_size(number: int) -> None:
    with pytest.raises(InvalidRequest, match="the parts 1 to 3"):
        upload_of(40 * MEBIBYTE).size_of(number)


def test_an_upload_is_open_until_its_time_is_over_or_it_is_completed() -> None:
    upload_of(1).require_open(now=NOW - timedelta(seconds=1))
    with pytest.raises(UploadExpired):
        upload_of(1).require_open(now=NOW)
    with pytest.raises(UploadCompleted):
        upload_of(1, completed_at=NOW).require_open(now=NOW + timedelta(days=1))
