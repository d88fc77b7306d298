"""The one error of this package, and how it is read from an answer (RFC 9457)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

SERVER_UNREACHABLE = "server_unreachable"
STORAGE_UNREACHABLE = "storage_unreachable"
# The server works, but its model will not before somebody has looked after it: sent again, the same would fail again.
MODEL_NOT_USABLE = "model_not_usable"
_OUTAGES = frozenset({429, 502, 503, 504})


class EsteiraError(Exception):
    """A call failed. `code` is for programs and stable, `detail` is a sentence for people.

    `status` is that of HTTP, None where no answer came or none was asked for. `errors` names wrong fields, each by
    `pointer` and `detail`. `retry_after` is how many seconds the server asks to wait. `document_id` is set where an
    error is about one document of several, or where `upload` or `ingest` failed and its document is there, to go on
    with.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int | None = None,
        errors: Sequence[Mapping[str, str]] = (),
        document_id: str | None = None,
    ) -> None:
        super().__init__(f"{detail} ({code})")
        self.code = code
        self.detail = detail
        self.status = status
        self.errors = errors
        self.retry_after: float | None = None
        self.document_id = document_id

    @property
    def is_outage(self) -> bool:
        """True if the other side is away or overloaded, so that other calls would fail as well."""
        if self.code == MODEL_NOT_USABLE:
            return False
        return self.status in _OUTAGES or self.code in {SERVER_UNREACHABLE, STORAGE_UNREACHABLE}


def error_of(response: httpx.Response, *, where: str) -> EsteiraError:
    """Read the problem; what is no problem document gets a sentence of ours, which says `where` it came from."""
    status = response.status_code
    try:
        error = error_of_item({**response.json(), "status": status})
    except (ValueError, LookupError, TypeError):
        told = f"{where} answered HTTP {status} {response.reason_phrase}".rstrip()
        error = EsteiraError(f"http_{status}", f"{told}. Is it an Esteira server?", status=status)
    error.retry_after = retry_after_seconds(response)
    return error


def retry_after_seconds(response: httpx.Response) -> float | None:
    """Return how long the server asks to wait, which it may say in seconds or by a date (RFC 9110 §10.2.3)."""
    value = response.headers.get("Retry-After", "")
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):  # TypeError: a date without a zone
        return None


def error_of_item(item: Mapping[str, Any]) -> EsteiraError:
    """Read a problem, also one in the place of an item. Raises LookupError, TypeError for what is none."""
    fields = [
        {"pointer": str(field.get("pointer", "")), "detail": str(field.get("detail", ""))}
        for field in item.get("errors") or []
        if isinstance(field, dict)
    ]
    wrong = "; ".join(f"{field['pointer']}: {field['detail']}" for field in fields)
    detail = f"{item['detail']} {wrong}".strip()
    return EsteiraError(str(item["code"]), detail, status=int(item["status"]), errors=fields)


def stopped() -> EsteiraError:
    """Return what ends a call that was waiting when its client was stopped."""
    return EsteiraError("stopped", "The client was stopped while it waited.")
