"""What the server says went wrong (RFC 9457), or that it says nothing."""

from collections.abc import Mapping
from typing import Any

import httpx

SERVER_UNREACHABLE = "server_unreachable"
STORAGE_UNREACHABLE = "storage_unreachable"
OUTAGES = frozenset({429, 502, 503, 504})
# Of those who have no API key, or one that is not good for the call.
REFUSALS = frozenset({"unauthorized", "scope_missing"})


class ApiProblem(Exception):
    """A call failed. `outage` means that other calls would fail as well; a silent server was asked for a while."""

    def __init__(self, code: str, detail: str, *, outage: bool = False) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.outage = outage


def problem_of_item(item: Mapping[str, Any]) -> ApiProblem:
    """Read a problem that stands in the place of an item."""
    fields = "; ".join(f"{e['pointer']}: {e['detail']}" for e in item.get("errors") or [])
    return ApiProblem(str(item["code"]), f"{item['detail']} {fields}".strip(), outage=item["status"] in OUTAGES)


def problem_of(response: httpx.Response) -> ApiProblem:
    """Read a problem from an answer; what is no problem document gets a sentence of ours."""
    outage = response.status_code in OUTAGES
    where = f"{response.request.url.host}:{response.request.url.port or response.request.url.scheme}"
    try:
        document = response.json()
        code, detail = str(document["code"]), str(document["detail"])
    except (ValueError, KeyError, TypeError):
        sentence = f"{where} answered HTTP {response.status_code} {response.reason_phrase}".rstrip()
        return ApiProblem(f"http_{response.status_code}", f"{sentence}. Is it an Esteira server?", outage=outage)
    fields = document.get("errors") or []
    wrong = "; ".join(f"{e.get('pointer', '')}: {e.get('detail', '')}" for e in fields if isinstance(e, dict))
    return ApiProblem(code, f"{detail} {wrong}".strip(), outage=outage)


def about_key(problem: ApiProblem, *, server: str, has_key: bool) -> ApiProblem:
    """Say of a refusal where these commands take their API key from; other problems stay as they are."""
    if problem.code not in REFUSALS:
        return problem
    sentence = f"{problem.detail} These commands send the one in ESTEIRA_API_KEY."
    if not has_key:
        sentence = f"The server at {server} needs an API key: put one into ESTEIRA_API_KEY."
    return ApiProblem(problem.code, sentence, outage=True)
