"""Tries by presigned URLs what browsers will do to the object store, and says what stands in the way."""

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from application.ports.presigned_request import PresignedRequest
from domain.errors import EsteiraError
from infrastructure.storage.s3 import S3BlobStore
from infrastructure.storage.s3_bucket import refusal
from infrastructure.storage.setup_step import SetupStep, done, failed, warning

UPLOAD, DOWNLOAD, PRIVACY, ORIGINS = "upload by URL", "download by URL", "privacy", "uploads by pages"
CONTENT = b"Esteira tries the store. This object may be deleted."
CONTENT_TYPE = "text/plain"
URL_SECONDS = 300
PATIENCE_SECONDS = 10
LARGEST_SKEW_SECONDS = 60


class TrialFailed(EsteiraError):
    """The object store does not do what browsers need."""


def try_presigned_urls(store: S3BlobStore, origins: Sequence[str]) -> Iterator[SetupStep]:
    """Upload, download and delete one small object; a failed step is the last."""
    key = f"trial/{secrets.token_hex(16)}"
    put = store.presign_put(key, size_bytes=len(CONTENT), content_type=CONTENT_TYPE, expires_in_seconds=URL_SECONDS)
    get = store.presign_get(key, filename="trial.txt", content_type=CONTENT_TYPE, expires_in_seconds=URL_SECONDS)
    subject = UPLOAD
    try:
        _send(put, content=CONTENT)
        yield done(UPLOAD, f"{_address(put)} takes uploads.")
        subject = DOWNLOAD
        if _send(get).content != CONTENT:
            raise TrialFailed(f"{_address(get)} answers other bytes than were sent: is it another store?")
        yield done(DOWNLOAD, f"{_address(get)} answers downloads.")
        yield _privacy(get)
        for origin in origins:
            subject = ORIGINS
            _upload_from_page(put, origin)
            yield done(ORIGINS, f"a page of {origin} can upload.")
    except EsteiraError as error:
        yield failed(subject, error.detail)
    finally:
        store.delete(key)


def _privacy(get: PresignedRequest) -> SetupStep:
    """See that nobody reads without a signature, or with one that is made up."""
    forged = get.url[:-1] + ("0" if get.url[-1] != "0" else "1")  # the signature stands last
    if _ask("GET", get.url.partition("?")[0]).is_success or _ask("GET", forged).is_success:
        return warning(
            PRIVACY,
            "anybody can read the bucket without a good signature: take away its public policy, or give the store keys "
            "(one without keys checks none).",
        )
    return done(PRIVACY, "nothing is read without a good signature.")


def _upload_from_page(put: PresignedRequest, origin: str) -> None:
    """Do what a browser does for a page: ask if it may, then send. Raises TrialFailed."""
    asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"}
    allowed = _ask("OPTIONS", put.url, headers={"Origin": origin, **asked})
    if not allowed.is_success or allowed.headers.get("Access-Control-Allow-Origin") not in {origin, "*"}:
        raise TrialFailed(
            f"{_address(put)} does not let pages of {origin} upload. A proxy before it must pass on OPTIONS and the "
            "header Origin; a store that takes no rules for a bucket must allow the origin in its own settings."
        )
    sent = _send(put, content=CONTENT, headers={"Origin": origin})
    exposed = sent.headers.get("Access-Control-Expose-Headers", "").lower()
    if "etag" not in exposed and exposed != "*":
        raise TrialFailed(f"{_address(put)} hides the header ETag from pages, which uploads in parts need.")


def _send(
    request: PresignedRequest, *, content: bytes | None = None, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    """Do what the URL is for. Raises TrialFailed."""
    answer = _ask(request.method, request.url, content=content, headers={**request.headers, **(headers or {})})
    if answer.is_success:
        return answer
    if (skew := _skew_seconds(answer)) > LARGEST_SKEW_SECONDS:
        raise TrialFailed(
            f"{_address(request)} refuses the URL, and its clock differs from this machine's by {skew:.0f} s: URLs are "
            "good from their time of signing on. Set the clock that is wrong."
        )
    code = re.search(r"<Code>(\w+)</Code>", answer.text)
    raise TrialFailed(f"{_address(request)} answers {answer.status_code}. {refusal(code.group(1) if code else '')}")


def _ask(
    method: str, url: str, *, content: bytes | None = None, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    """Send a request as a browser would. Raises TrialFailed when nobody answers."""
    try:
        return httpx.request(method, url, content=content, headers=headers, timeout=PATIENCE_SECONDS)
    except (httpx.TransportError, httpx.InvalidURL) as exc:
        host = urlsplit(url).netloc
        raise TrialFailed(
            f"{host} cannot be reached from this machine ({exc}). Browsers upload to it: correct "
            "ESTEIRA_S3_PUBLIC_ENDPOINT_URL, its name or its certificate. If only browsers are meant to reach it, "
            "leave this check out by --skip-public-check."
        ) from exc


def _skew_seconds(answer: httpx.Response) -> float:
    """Return by how much the store's clock differs from ours; 0 where it does not tell."""
    try:
        theirs = parsedate_to_datetime(answer.headers["Date"])
    except (KeyError, ValueError):
        return 0
    return abs((theirs - datetime.now(UTC)).total_seconds())


def _address(request: PresignedRequest) -> str:
    return urlsplit(request.url).netloc
