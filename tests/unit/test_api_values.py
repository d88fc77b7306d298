import json
from datetime import UTC, datetime, timedelta, timezone
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from application.state_version import Hindrance, StateVersion
from domain.errors import InvalidRequest, ModelNotUsable
from domain.ids import DEFAULT_TENANT, DocumentId, new_uuid7
from interface.api.conditional import etag_of, etag_of_many, matches
from interface.api.cursors import document_cursor, position_cursor, read_document_cursor, read_position_cursor
from interface.api.errors import STATUS_OF, UNAVAILABLE, json_pointer, problem
from interface.api.media_types import prefers_plain_text
from interface.api.v1.schemas.problem import FieldProblem
from interface.api.v1.schemas.uploads import PresignBody
from interface.api.v1.schemas.values import Instant, MediaType, Metadata

UPLOAD = {"filename": "report.pdf", "size_bytes": 4}


@given(st.uuids())
def test_a_document_cursor_comes_back(document_id: DocumentId) -> None:
    assert read_document_cursor(document_cursor(document_id)) == document_id


@given(st.integers(0, 2**31 - 1))
def test_a_position_cursor_comes_back(position: int) -> None:
    assert read_position_cursor(position_cursor(position)) == position


def test_no_cursor_is_the_beginning() -> None:
    assert (read_document_cursor(None), read_position_cursor(None)) == (None, -1)


@given(st.text(max_size=60) | st.binary(max_size=20).map(lambda content: content.hex()))
def test_any_other_cursor_is_refused_or_within_bounds(cursor: str) -> None:
    try:
        position = read_position_cursor(cursor)
    except InvalidRequest:
        return
    assert 0 <= position < 2**31


@pytest.mark.parametrize("position", [2**31, 2**32 - 1])
def test_a_position_that_no_column_holds_is_refused(position: int) -> None:
    with pytest.raises(InvalidRequest):
        read_position_cursor(position_cursor(position))


@pytest.mark.parametrize(
    ("if_none_match", "expected"),
    [
        (None, False),
        ("*", True),
        ('W/"7"', True),
        ('"7"', True),
        ('"6", W/"7" , "8"', True),
        ('W/"6"', False),
        ('W/"77"', False),
        ("7", False),
        ("", False),
    ],
)
def test_tags_are_compared_weakly(if_none_match: str | None, expected: bool) -> None:
    assert matches(if_none_match, etag_of(StateVersion(7))) is expected


def test_the_tag_tells_what_keeps_a_document_waiting() -> None:
    tags = [etag_of(StateVersion(7, hindrance)) for hindrance in (None, *Hindrance)]
    assert tags == ['W/"7"', 'W/"7-paused"', 'W/"7-unserved"']


def test_the_tag_of_many_changes_with_each_of_them() -> None:
    first, second = (DocumentId(new_uuid7()) for _ in range(2))
    one, two, paused = StateVersion(1), StateVersion(2), StateVersion(1, Hindrance.PAUSED)
    tags = {
        etag_of_many([first, second], {first: one, second: one}),
        etag_of_many([first, second], {first: two, second: one}),
        etag_of_many([first, second], {first: paused, second: one}),
        etag_of_many([first, second], {first: one}),
        etag_of_many([second, first], {first: one, second: one}),
        etag_of_many([first], {first: one}),
    }
    assert len(tags) == 6


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", False),
        ("", False),
        ("application/json", False),
        ("text/plain", True),
        ("TEXT/PLAIN; charset=utf-8", True),
        ("text/plain;q=0", False),
        ("application/json, text/plain;q=0.5", False),
        ("application/json;q=0.5, text/plain;q=0.9", True),
        ("text/plain;q=nonsense", True),
    ],
)
def test_plain_text_is_given_to_those_who_prefer_it(accept: str, expected: bool) -> None:
    assert prefers_plain_text(accept) is expected


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), "2026-01-02T03:04:05.678Z"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=-3))), "2026-01-02T06:04:05.000Z"),
    ],
)
def test_times_are_written_in_utc(moment: datetime, written: str) -> None:
    class Body(BaseModel):
        at: Instant

    assert Body(at=moment).model_dump_json() == f'{{"at":"{written}"}}'


@pytest.mark.parametrize(
    "media_type",
    ["application/pdf", "text/plain; charset=utf-8", 'text/plain;charset="utf 8"', "application/vnd.oasis+xml", "x/y"],
)
def test_media_types_are_taken(media_type: str) -> None:
    assert TypeAdapter(MediaType).validate_python(media_type) == media_type


@pytest.mark.parametrize(
    "media_type",
    ["", "pdf", "a/", "/b", "a/b\r\nX: y", "a/b\n", "a/b\x7f", "a/b; charset", "t/\u00e7", "a/" + "x" * 300],
)
def test_what_is_no_media_type_is_refused(media_type: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(MediaType).validate_python(media_type)


@pytest.mark.parametrize(
    "metadata",
    [
        {"k": {"deep": 1}},
        {"k": [1]},
        {"k": float("nan")},
        {"k": float("inf")},
        {"k": 2**63},
        {"k": "x" * 4097},
        {"k": "a\0"},
        {"k": "\ud800"},
        {"": 1},
        {"k" * 129: 1},
        {"k\0": 1},
        {str(number): number for number in range(65)},
    ],
)
def test_metadata_is_flat_finite_and_bounded(metadata: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(Metadata).validate_python(metadata)
    assert refused.value.error_count() == 1


def test_metadata_keeps_its_types() -> None:
    metadata = {"a": 1, "b": 1.0, "c": True, "d": None, "e": "1", "f": -(2**63) + 1}
    found = TypeAdapter(Metadata).validate_python(metadata)
    assert [(value, type(value)) for value in found.values()] == [(v, type(v)) for v in metadata.values()]


@pytest.mark.parametrize(
    "change",
    [
        {"filename": ""},
        {"filename": "x" * 4097},
        {"filename": "a\0b"},
        {"size_bytes": -1},
        {"size_bytes": "4"},
        {"size_bytes": 4.0},
        {"size_bytes": True},
        {"size_bytes": 2**63},
        {"checksum_sha256": "a" * 63},
        {"checksum_sha256": "g" * 64},
        {"checksum_sha256": "a" * 64 + "\n"},
        {"external_id": ""},
        {"external_id": "x" * 513},
        {"chunk_tokens": 15},
        {"chunk_tokens": 10**20},
        {"chunk_overlap": -1},
        {"unknown": 1},
    ],
)
def test_announcements_are_bounded(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PresignBody.model_validate(UPLOAD | change)


def test_an_announcement_is_passed_on_whole() -> None:
    body = PresignBody.model_validate(UPLOAD | {"checksum_sha256": "AB" * 32, "chunk_tokens": 64, "chunk_overlap": 0})
    request = body.to_request(DEFAULT_TENANT)
    assert (request.tenant_id, request.filename, request.size_bytes) == (DEFAULT_TENANT, "report.pdf", 4)
    assert (request.checksum_sha256, request.chunk_tokens, request.chunk_overlap) == ("ab" * 32, 64, 0)
    assert (request.content_type, request.external_id, request.metadata) == (None, None, {})


def test_pointers_are_escaped() -> None:
    assert json_pointer(()) == ""
    assert json_pointer(("metadata", "a/b~c", "[key]")) == "/metadata/a~1b~0c"
    assert json_pointer(("document_ids", 0)) == "/document_ids/0"


def test_a_problem_can_name_any_field() -> None:
    answer = problem(422, "invalid_request", "No.", errors=[FieldProblem(pointer="/\ud800", detail="No.")])
    assert json.loads(bytes(answer.body)) == {
        "type": "about:blank",
        "title": HTTPStatus(422).phrase,  # which Python 3.13 changed
        "status": 422,
        "code": "invalid_request",
        "detail": "No.",
        "errors": [{"pointer": "/\ud800", "detail": "No."}],
    }


def test_whatever_does_not_answer_is_503_and_nothing_else_is() -> None:
    assert {kind for kind, status in STATUS_OF.items() if status == 503} == UNAVAILABLE.keys()
    # A model that cannot be loaded stays so until somebody mends it.
    assert {kind for kind in STATUS_OF if kind.retryable} == UNAVAILABLE.keys() - {ModelNotUsable}
