"""The port CallbackSender by HTTP: one POST, no redirect, no proxy, no cookie, and the answer's body is not read."""

import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from urllib.parse import SplitResult, urlsplit

import httpcore
import httpx

from application.ports.callback_sender import Callback
from domain.callback import CallbackRules
from domain.errors import CallbackFailed, CallbackGone, CallbackRefused
from infrastructure.callbacks.guarded_network import Deadline, GuardedBackend, Resolve, resolve_by_system
from infrastructure.callbacks.standard_webhooks import signed_headers

CONNECT_SECONDS = 5.0
# Less than a worker may go on for with work that was cancelled (ESTEIRA_HANG_SECONDS).
TOTAL_SECONDS = 15.0
LONGEST_RETRY_AFTER_SECONDS = 24 * 3600


class HttpCallbackSender:
    """Implements application/ports/callback_sender.py. `load_keys` gives those that it is signed with."""

    def __init__(
        self,
        *,
        rules: CallbackRules,
        load_keys: Callable[[], Sequence[bytes]],
        resolve: Resolve = resolve_by_system,
        tls: ssl.SSLContext | None = None,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self._rules = rules
        self._load_keys = load_keys
        self._resolve = resolve
        self._tls = tls
        self._total_seconds = total_seconds

    def send(self, callback: Callback) -> int:
        """Post it, and judge the answer by its status alone."""
        url = urlsplit(callback.url)
        about = f"the callback of job {callback.job_id}"
        with _mapped(url.hostname, about):
            status, retry_after = self._post(url, callback)
        if 200 <= status < 300:  # noqa: PLR2004 - what counts as success
            return status
        if status == HTTPStatus.GONE:
            raise CallbackGone(f"{url.hostname} answered 410 to {about}: it is not called again.")
        raise CallbackFailed(f"{url.hostname} answered {status} to {about}.", retry_after_seconds=retry_after)

    def _post(self, url: SplitResult, callback: Callback) -> tuple[int, float]:
        deadline = Deadline(at=time.monotonic() + self._total_seconds)
        network = GuardedBackend(rules=self._rules, resolve=self._resolve, deadline=deadline)
        # Made when it is needed: reading the authorities' certificates takes a while.
        tls = self._tls or httpx.create_ssl_context() if url.scheme == "https" else None
        with (
            httpcore.ConnectionPool(ssl_context=tls, network_backend=network) as pool,
            pool.stream(
                "POST",
                _split(url),
                headers=self._headers(url, callback),
                content=callback.body,
                extensions={"timeout": {"connect": CONNECT_SECONDS}},
            ) as answer,
        ):
            return answer.status, _retry_after_seconds(answer)

    def _headers(self, url: SplitResult, callback: Callback) -> list[tuple[str, str]]:
        timestamp = int(callback.sent_at.timestamp())
        signed = signed_headers(
            self._load_keys(), message_id=callback.message_id, timestamp=timestamp, body=callback.body
        )
        plain = {
            "Host": url.netloc,
            "User-Agent": "esteira",
            "Accept": "*/*",
            "Content-Type": "application/json",
            "Content-Length": str(len(callback.body)),
        }
        return [*plain.items(), *signed.items()]


def _split(url: SplitResult) -> httpcore.URL:
    """Return it in parts: made of the whole, a URL of httpcore loses what follows a semicolon."""
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    return httpcore.URL(scheme=url.scheme, host=url.hostname or "", port=url.port, target=target)


@contextmanager
def _mapped(host: str | None, about: str) -> Iterator[None]:
    """Map what can happen on the way; the URL itself may be a secret, and is not told."""
    try:
        yield
    except httpcore.TimeoutException as error:
        raise CallbackFailed(f"{host} did not answer {about} in time.") from error
    except httpcore.NetworkError as error:
        raise CallbackFailed(f"{host} could not be reached for {about}.") from error
    except httpcore.ProtocolError as error:
        raise CallbackFailed(f"{host} does not answer {about} as HTTP demands.") from error
    except CallbackRefused as error:
        raise CallbackRefused(
            f"{host} leads into a private network, so {about} is not sent: name the network in "
            "ESTEIRA_CALLBACK_PRIVATE_NETWORKS if it may be."
        ) from error


def _retry_after_seconds(answer: httpcore.Response) -> float:
    """Return for how long the receiver wants to be left alone; dates are not read."""
    said = next((value for name, value in answer.headers if name.lower() == b"retry-after"), b"")
    return min(float(said), LONGEST_RETRY_AFTER_SECONDS) if said.isdigit() and len(said) < 10 else 0.0  # noqa: PLR2004
