"""What owners say of their documents, as a filter of search: types count, all must hold."""

from typing import Any

import pytest
from sqlalchemy import Engine

from application.ports.passage_search import PassageFilter
from domain.ids import DEFAULT_TENANT
from infrastructure.postgres.passage_search import PostgresPassageSearch
from tests.stored_documents import add_passages

STORED: dict[str, dict[str, Any]] = {
    "number": {"a": 1},
    "decimal": {"a": 1.5},
    "true": {"a": True},
    "false": {"a": False},
    "text": {"a": "1"},
    "word": {"a": "true"},
    "null": {"a": None},
    "empty": {"a": ""},
    "none": {},
    "more": {"a": 1, "b": "x", "ç %_\\": "[1]"},
    "large": {"a": 2**63 - 1},
}


@pytest.fixture
def search(engine: Engine) -> PostgresPassageSearch:
    for name, metadata in STORED.items():
        add_passages(engine, f"cat {name}", metadata=metadata)
    return PostgresPassageSearch(engine)


@pytest.mark.parametrize(
    ("metadata", "names"),
    [
        ({}, set(STORED)),
        ({"a": 1}, {"number", "more"}),
        ({"a": 1.0}, {"number", "more"}),
        ({"a": 1.5}, {"decimal"}),
        ({"a": True}, {"true"}),
        ({"a": False}, {"false"}),
        ({"a": "1"}, {"text"}),
        ({"a": "true"}, {"word"}),
        ({"a": None}, {"null"}),
        ({"a": ""}, {"empty"}),
        ({"a": 0}, set()),
        ({"a": 1, "b": "x"}, {"more"}),
        ({"a": 1, "b": None}, set()),
        ({"A": 1}, set()),
        ({"ç %_\\": "[1]"}, {"more"}),
        ({"a": 2**63 - 1}, {"large"}),
        ({"a": 2**63 - 2}, set()),
    ],
)
def test_equal_values_of_equal_types_are_found(
    search: PostgresPassageSearch, metadata: dict[str, Any], names: set[str]
) -> None:
    where = PassageFilter(tenant_id=DEFAULT_TENANT, metadata=metadata)
    found = search.passages(list(search.keyword({"en": ["cat"]}, where, pool=100)))
    assert {passage.chunk.text.removeprefix("cat ") for passage in found} == names
