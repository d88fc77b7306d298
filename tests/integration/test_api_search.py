from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest

from application.ports.passage_search import Passage
from application.use_cases.search_chunks import FoundPassage
from domain.chunk import Chunk
from domain.errors import EmbeddingUnavailable, ModelNotUsable
from domain.ids import ChunkId, DocumentId, new_uuid7
from tests.support.api import Api

SEARCH = "/api/v1/search"
CHUNK = Chunk(
    position=3,
    text="the passage",
    char_start=10,
    char_end=21,
    page_start=2,
    page_end=3,
    token_count=2,
    headings=("Top", "Below"),
)
PASSAGE = Passage(
    key=1,
    chunk_id=ChunkId(new_uuid7()),
    document_id=DocumentId(new_uuid7()),
    filename="report.pdf",
    external_id="x",
    metadata={"year": 2026},
    language="en",
    chunk=CHUNK,
)


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def client(api: Api) -> Iterator[httpx.Client]:
    with api.serve() as client:
        yield client


def test_a_passage_is_shown_with_its_document_and_place(api: Api, client: httpx.Client) -> None:
    api.search.found = [
        FoundPassage(
            passage=PASSAGE,
            score=0.75,
            text="before the passage",
            char_start=3,
            char_end=21,
            page_start=1,
            page_end=3,
            highlights=[(0, 6), (11, 18)],
        )
    ]

    body = client.post(SEARCH, json={"query": "passage"}).json()

    assert body["results"] == [
        {
            "document_id": str(PASSAGE.document_id),
            "filename": "report.pdf",
            "external_id": "x",
            "metadata": {"year": 2026},
            "chunk_id": str(PASSAGE.chunk_id),
            "text": "before the passage",
            "score": 0.75,
            "page_start": 1,
            "page_end": 3,
            "char_start": 3,
            "char_end": 21,
            "headings": ["Top", "Below"],
            "highlights": [{"start": 0, "end": 6}, {"start": 11, "end": 18}],
        }
    ]
    assert isinstance(body["took_ms"], int)


def test_a_question_is_passed_on_whole(api: Api, client: httpx.Client) -> None:
    document_id = "0190a3b4-0000-7000-8000-000000000000"
    question = {
        "query": "words",
        "limit": 3,
        "mode": "keyword",
        "document_ids": [document_id],
        "metadata": {"a": 1},
        "neighbours": 2,
        "group_by": "page",
    }
    assert client.post(SEARCH, json=question).json()["results"] == []

    [asked] = api.search.asked
    assert (asked.query, asked.limit, asked.mode, asked.neighbours) == ("words", 3, "keyword", 2)
    assert asked.group_by == "page"
    where = asked.passage_filter
    assert where.document_ids is not None
    assert (list(where.document_ids), where.metadata) == ([UUID(document_id)], {"a": 1})


def test_what_is_left_out_has_defaults(api: Api, client: httpx.Client) -> None:
    client.post(SEARCH, json={"query": "words"})
    [asked] = api.search.asked
    assert (
        asked.limit,
        asked.mode,
        asked.passage_filter.document_ids,
        asked.passage_filter.metadata,
        asked.neighbours,
        asked.group_by,
    ) == (
        10,
        "hybrid",
        None,
        {},
        0,
        None,
    )


@pytest.mark.parametrize(
    ("question", "pointer"),
    [
        ({}, "/query"),
        ({"query": ""}, "/query"),
        ({"query": " \t"}, "/query"),
        ({"query": "x" * 4001}, "/query"),
        ({"query": 1}, "/query"),
        ({"query": "a\0b"}, "/query"),
        ({"query": "x" * 10_000}, "/query"),
        ({"query": "x", "limit": 0}, "/limit"),
        ({"query": "x", "limit": 101}, "/limit"),
        ({"query": "x", "limit": True}, "/limit"),
        ({"query": "x", "mode": "magic"}, "/mode"),
        ({"query": "x", "neighbours": 4}, "/neighbours"),
        ({"query": "x", "group_by": "chapter"}, "/group_by"),
        ({"query": "x", "document_ids": ["y"]}, "/document_ids/0"),
        ({"query": "x", "metadata": {"a": []}}, "/metadata/a"),
        ({"query": "x", "top_k": 5}, "/top_k"),
    ],
)
def test_bad_questions_are_refused(client: httpx.Client, question: dict[str, object], pointer: str) -> None:
    answer = client.post(SEARCH, json=question)
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, [pointer])


def test_a_model_that_does_not_run_says_when_to_come_back(api: Api, client: httpx.Client) -> None:
    def fail(_request: object) -> list[FoundPassage]:
        raise EmbeddingUnavailable("CUDA out of memory in /opt/models")

    api.search.fail = fail
    answer = client.post(SEARCH, json={"query": "x"})
    assert (answer.status_code, answer.json()["code"]) == (503, "embedding_unavailable")
    assert answer.headers["Retry-After"] == "5"
    assert "/opt" not in answer.text


def test_a_model_that_cannot_be_loaded_does_not_say_to_come_back(api: Api, client: httpx.Client) -> None:
    def fail(_request: object) -> list[FoundPassage]:
        raise ModelNotUsable("There is no folder /opt/models.")

    api.search.fail = fail
    answer = client.post(SEARCH, json={"query": "x"})
    assert (answer.status_code, answer.json()["code"]) == (503, "model_not_usable")
    assert "Retry-After" not in answer.headers
    assert "/opt" not in answer.text


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("x" * 4001, "query: The text is too long: send 4000 characters at most."),
        ("", "query: The text is too short: send 1 or more characters."),
    ],
)
def test_the_length_of_a_text_is_told_in_characters(client: httpx.Client, query: str, sentence: str) -> None:
    assert client.post(SEARCH, json={"query": query}).json()["detail"] == sentence
