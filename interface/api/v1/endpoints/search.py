"""Search over what was published."""

import time

from fastapi import APIRouter

from domain.ids import DEFAULT_TENANT
from interface.api.v1.requests import Services
from interface.api.v1.schemas.problem import INVALID
from interface.api.v1.schemas.search import SearchBody, SearchResult, SearchResults

router = APIRouter(tags=["search"])


@router.post("/search", operation_id="search", summary="Find the passages that answer a question", responses=INVALID)
def search(services: Services, body: SearchBody) -> SearchResults:
    """Search by meaning, by words, or both at once."""
    began_at = time.perf_counter()
    found = services.search_chunks(body.to_request(DEFAULT_TENANT))
    took_ms = round((time.perf_counter() - began_at) * 1000)
    return SearchResults(results=[SearchResult.of(passage) for passage in found], took_ms=took_ms)
