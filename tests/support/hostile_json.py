"""What a hostile client may send, for Hypothesis."""

from typing import Any

from hypothesis import strategies as st

TEXT = st.text(st.characters(codec=None, categories=None), max_size=20)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), TEXT, st.just("x" * 5000), st.just(10**400), st.just(2**63)
)
ANYTHING = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3))


def _bodies(**plausible: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Give bodies of which each field is left out, as it should be, or anything."""
    fields = {name: values | ANYTHING for name, values in plausible.items()}
    return st.fixed_dictionaries({}, optional=plausible) | st.fixed_dictionaries({}, optional=fields) | ANYTHING


def presign_bodies() -> st.SearchStrategy[Any]:
    return _bodies(
        filename=st.just("f.txt") | TEXT,
        size_bytes=st.integers(0, 1000),
        content_type=st.just('text/plain; charset="utf-8"'),
        checksum_sha256=st.just("a" * 64),
        external_id=TEXT,
        metadata=st.dictionaries(TEXT, SCALARS, max_size=5),
        chunk_tokens=st.integers(16, 300),
        chunk_overlap=st.integers(0, 50),
    )


def search_bodies() -> st.SearchStrategy[Any]:
    return _bodies(
        query=st.just("words") | TEXT,
        limit=st.integers(1, 100),
        mode=st.sampled_from(["hybrid", "semantic", "keyword"]),
        document_ids=st.lists(st.uuids().map(str) | TEXT, max_size=3),
        metadata=st.dictionaries(TEXT, SCALARS, max_size=5),
        neighbours=st.integers(0, 3),
    )


def job_bodies() -> st.SearchStrategy[Any]:
    params = st.dictionaries(TEXT, ANYTHING, max_size=3)
    types = st.sampled_from(["draw", "simulate"])
    actions = st.fixed_dictionaries({"type": types}, optional={"params": params | ANYTHING})
    return _bodies(actions=st.lists(actions, min_size=1, max_size=3))
