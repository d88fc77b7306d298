"""A bucket of S3, or of whatever speaks its language: its clients, its signatures and what its errors mean."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import boto3
import urllib3
from botocore import exceptions as botocore_errors
from botocore.config import Config
from botocore.parsers import ResponseParserError

from application.ports.presigned_request import PresignedRequest
from domain.errors import (
    BlobChanged,
    BlobNotFound,
    EsteiraError,
    PartsMismatch,
    StorageRefused,
    StorageUnavailable,
    UploadNotFound,
)
from infrastructure.storage.object_rules import checked_key

_CONNECT_TIMEOUT_SECONDS = 3
_ATTEMPTS = 2  # of one call; whoever needs more patience retries the work
_CONNECTIONS = 40  # as many as FastAPI has threads
_BUSY_CODES = frozenset({"SlowDown", "RequestTimeout", "Throttling", "ThrottlingException", "TooManyRequests"})
_WRONG_PARTS = frozenset({"InvalidPart", "InvalidPartOrder", "EntityTooSmall"})
_ERROR_CODE = re.compile(r"[A-Za-z]{1,60}", re.ASCII)

_NO_CREDENTIALS = (
    "This server has no credentials for the object store: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
    "or give the machine a role."
)
NO_BUCKET = "The object store has no bucket of the configured name: create it, or correct ESTEIRA_S3_BUCKET."
_REFUSED = "The object store refuses this server{code}: {reason}."
_ANY_REASON = (
    "check the endpoint, the region, the clock and the credentials, which must be allowed to get, put and delete "
    "objects and to list the bucket"
)
_REASONS = {
    "AccessDenied": "the credentials must be allowed to get, put and delete objects and to list the bucket",
    "InvalidAccessKeyId": "it does not know the credentials: check AWS_ACCESS_KEY_ID, and that the endpoint is right",
    "SignatureDoesNotMatch": (
        "the credentials' two halves do not belong together: check AWS_SECRET_ACCESS_KEY. A proxy that changes the "
        "header Host has the same effect"
    ),
    "RequestTimeTooSkewed": "its clock and this machine's differ by more than 15 minutes: set the one that is wrong",
    "BucketAlreadyExists": "the bucket belongs to others: choose another name by ESTEIRA_S3_BUCKET",
}


class S3Bucket:
    """Clients for `name`; credentials and region come by boto3's own chain. Thread-safe.

    See S3BlobStore for the two endpoints.
    """

    def __init__(
        self, name: str, *, endpoint_url: str | None, public_endpoint_url: str | None, read_timeout_seconds: float
    ) -> None:
        self.name = name
        session = boto3.session.Session()

        def client(url: str | None) -> Any:  # noqa: ANN401 - boto3 makes its classes at run time
            config = _config(read_timeout_seconds, path_style=url is not None or "." in name)
            made = session.client("s3", endpoint_url=url, config=config)
            if url is not None:
                made.meta.events.register_last("before-parameter-build.s3", _follow_no_redirect)
            return made

        self.client = client(endpoint_url)
        self._signing_client = client(public_endpoint_url) if public_endpoint_url else self.client

    def presigned(
        self,
        method: str,
        operation: str,
        key: str,
        bound: Mapping[str, object],
        expires_in_seconds: int,
        *,
        headers: dict[str, str],
    ) -> PresignedRequest:
        """Sign one of boto3's operations."""
        expires_at = datetime.now(UTC) + timedelta(seconds=expires_in_seconds)
        with store_errors():
            url = self._signing_client.generate_presigned_url(
                operation,
                Params={"Bucket": self.name, "Key": checked_key(key), **bound},
                ExpiresIn=expires_in_seconds,
            )
        return PresignedRequest(method=method, url=url, headers=headers, expires_at=expires_at)


class AccessRefused(StorageRefused):
    """Retryable all the same: it heals as soon as an operator corrects the settings."""


class NotOffered(StorageRefused):
    """The object store does not offer this."""


def _config(read_timeout_seconds: float, *, path_style: bool) -> Config:
    """Make the configuration; virtual-host addresses are AWS's own, and its certificates cover no bucket with dots."""
    return Config(
        signature_version="s3v4",
        s3={"addressing_style": "path" if path_style else "virtual"},
        connect_timeout=_CONNECT_TIMEOUT_SECONDS,
        read_timeout=read_timeout_seconds,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        max_pool_connections=_CONNECTIONS,
        # The default adds a checksum of the empty body to presigned PUTs, and compatible stores refuse it.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )


def _follow_no_redirect(context: dict[str, Any], **_: object) -> None:
    """Keep botocore from looking for the bucket in other regions of a store that is not AWS.

    Where a proxy redirects everything, the look-up is redirected too, looked up, and so on until the stack ends.
    """
    context.setdefault("s3_redirect", {})["redirected"] = True


@contextmanager
def store_errors() -> Iterator[None]:
    """Raise our errors for what boto3 raises."""
    try:
        yield
    except botocore_errors.ClientError as exc:
        raise _error_of(exc) from exc
    except (
        botocore_errors.NoCredentialsError,
        botocore_errors.PartialCredentialsError,
        botocore_errors.CredentialRetrievalError,
        botocore_errors.TokenRetrievalError,
        botocore_errors.SSOError,
    ) as exc:
        raise StorageUnavailable(_NO_CREDENTIALS) from exc
    except (
        botocore_errors.ConnectionError,
        botocore_errors.HTTPClientError,
        botocore_errors.IncompleteReadError,
        ResponseParserError,
        urllib3.exceptions.HTTPError,
    ) as exc:
        raise StorageUnavailable from exc


def _error_of(answer: botocore_errors.ClientError) -> EsteiraError:
    code = str(answer.response.get("Error", {}).get("Code", ""))
    status = int(answer.response.get("ResponseMetadata", {}).get("HTTPStatusCode", HTTPStatus.INTERNAL_SERVER_ERROR))
    if code == "NoSuchBucket":
        return StorageUnavailable(NO_BUCKET)
    if status in {HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.METHOD_NOT_ALLOWED}:
        return NotOffered()
    if code == "NoSuchUpload":
        return UploadNotFound()
    if code in _WRONG_PARTS:
        return PartsMismatch()
    if code == "NoSuchKey" or status == HTTPStatus.NOT_FOUND:
        return BlobNotFound()
    if status == HTTPStatus.PRECONDITION_FAILED:
        return BlobChanged()
    if code in _BUSY_CODES or status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return StorageUnavailable()
    return AccessRefused(refusal(code))


def refusal(code: str) -> str:
    """Say what to do about the store's error code."""
    named = f" ({code})" if _ERROR_CODE.fullmatch(code) else ""
    return _REFUSED.format(code=named, reason=_REASONS.get(code, _ANY_REASON))
