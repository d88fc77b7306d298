"""The object store on S3, or on whatever speaks its language."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import boto3
import urllib3
from botocore import exceptions as botocore_errors
from botocore.config import Config
from botocore.parsers import ResponseParserError

from application.ports.blob_store import BlobInfo, PresignedRequest
from domain.errors import BlobChanged, BlobNotFound, EsteiraError, StorageUnavailable
from infrastructure.storage.content_disposition import attachment
from infrastructure.storage.hashed_copy import hashed_copy
from infrastructure.storage.object_rules import checked_content_type, checked_key

_CONNECT_TIMEOUT_SECONDS = 3
_ATTEMPTS = 2  # of one call; whoever needs more patience retries the work
_CONNECTIONS = 40  # as many as FastAPI has threads
_BUSY_CODES = frozenset({"SlowDown", "RequestTimeout", "Throttling", "ThrottlingException", "TooManyRequests"})
_ERROR_CODE = re.compile(r"[A-Za-z]{1,60}", re.ASCII)

_NO_CREDENTIALS = (
    "This server has no credentials for the object store: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
    "or give the machine a role."
)
_NO_BUCKET = "The object store has no bucket of the configured name: create it, or correct ESTEIRA_S3_BUCKET."
_REFUSED = (
    "The object store refuses this server{code}: check the endpoint, the region, the clock and the credentials, which "
    "must be allowed to get, put and delete objects and to list the bucket."
)


class S3BlobStore:
    """BlobStore in `bucket`; credentials and region come by boto3's own chain. Thread-safe.

    `endpoint_url` is the store that this server talks to (None: AWS), `public_endpoint_url` the one in presigned URLs
    (None: the same). A dead store costs at most 2 attempts of 3 s to connect or of `read_timeout_seconds` of silence.
    """

    def __init__(
        self,
        *,
        bucket: str,
        endpoint_url: str | None,
        public_endpoint_url: str | None,
        read_timeout_seconds: float = 5,
    ) -> None:
        self._bucket = bucket
        session = boto3.session.Session()

        def client(url: str | None) -> Any:  # noqa: ANN401 - boto3 makes its classes at run time
            config = _config(read_timeout_seconds, path_style=url is not None or "." in bucket)
            made = session.client("s3", endpoint_url=url, config=config)
            if url is not None:
                made.meta.events.register_last("before-parameter-build.s3", _follow_no_redirect)
            return made

        self._client = client(endpoint_url)
        self._signing_client = client(public_endpoint_url) if public_endpoint_url else self._client

    def presign_put(self, key: str, *, size_bytes: int, content_type: str, expires_in_seconds: int) -> PresignedRequest:
        """Sign an upload; Content-Length and Content-Type are among the signed headers."""
        bound = {"ContentLength": size_bytes, "ContentType": checked_content_type(content_type)}
        return self._presigned("PUT", key, bound, expires_in_seconds, headers={"Content-Type": content_type})

    def presign_get(self, key: str, *, filename: str, content_type: str, expires_in_seconds: int) -> PresignedRequest:
        """Sign a download, with the headers that the store is to answer."""
        bound = {
            "ResponseContentDisposition": attachment(filename),
            "ResponseContentType": checked_content_type(content_type),
        }
        return self._presigned("GET", key, bound, expires_in_seconds, headers={})

    def head(self, key: str) -> BlobInfo:
        """Return what is stored. Raises BlobNotFound, StorageUnavailable."""
        try:
            with _store_errors():
                answer = self._client.head_object(Bucket=self._bucket, Key=checked_key(key))
        except BlobNotFound:
            self._require_bucket()
            raise
        return BlobInfo(
            size_bytes=answer["ContentLength"],
            content_type=answer.get("ContentType", "application/octet-stream"),
            etag=answer["ETag"],
        )

    def download(self, key: str, target: Path, *, etag: str, check: Callable[[], None]) -> str:
        """Stream to `target`, return the SHA-256. Raises BlobNotFound, BlobChanged, StorageUnavailable."""
        with _store_errors():
            body = self._client.get_object(Bucket=self._bucket, Key=checked_key(key), IfMatch=etag)["Body"]

        def read(size: int) -> bytes:
            with _store_errors():
                chunk: bytes = body.read(size)
            return chunk

        try:
            return hashed_copy(read, target, check=check)
        finally:
            body.close()

    def upload(self, key: str, source: Path, *, content_type: str) -> str:
        """Put in one request, return the etag. Raises StorageUnavailable."""
        bound = {"Bucket": self._bucket, "Key": checked_key(key), "ContentType": checked_content_type(content_type)}
        with source.open("rb") as file, _store_errors():
            return str(self._client.put_object(Body=file, **bound)["ETag"])

    def delete(self, key: str) -> bool:
        """Delete; True if there was something, which S3 tells only when asked before. Raises StorageUnavailable."""
        try:
            self.head(key)
            with _store_errors():
                self._client.delete_object(Bucket=self._bucket, Key=key)
        except BlobNotFound:
            return False
        return True

    def _presigned(
        self, method: str, key: str, bound: Mapping[str, object], expires_in_seconds: int, *, headers: dict[str, str]
    ) -> PresignedRequest:
        expires_at = datetime.now(UTC) + timedelta(seconds=expires_in_seconds)
        with _store_errors():
            url = self._signing_client.generate_presigned_url(
                {"PUT": "put_object", "GET": "get_object"}[method],
                Params={"Bucket": self._bucket, "Key": checked_key(key), **bound},
                ExpiresIn=expires_in_seconds,
            )
        return PresignedRequest(method=method, url=url, headers=headers, expires_at=expires_at)

    def _require_bucket(self) -> None:
        """Tell a missing bucket from a missing object, which answer a HEAD alike."""
        try:
            with _store_errors():
                self._client.head_bucket(Bucket=self._bucket)
        except BlobNotFound as exc:
            raise StorageUnavailable(_NO_BUCKET) from exc
        except _AccessRefused:
            return  # there is a bucket, which these credentials may not look at


class _AccessRefused(StorageUnavailable):
    """Retryable all the same: it heals as soon as an operator corrects the settings."""


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
def _store_errors() -> Iterator[None]:
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
        return StorageUnavailable(_NO_BUCKET)
    if code == "NoSuchKey" or status == HTTPStatus.NOT_FOUND:
        return BlobNotFound()
    if status == HTTPStatus.PRECONDITION_FAILED:
        return BlobChanged()
    if code in _BUSY_CODES or status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return StorageUnavailable()
    return _AccessRefused(_REFUSED.format(code=f" ({code})" if _ERROR_CODE.fullmatch(code) else ""))
