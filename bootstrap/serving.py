"""The API process."""

import contextlib
import errno
import logging
import resource
import signal
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address

import uvicorn
from fastapi import FastAPI

from bootstrap.backends import Backends, find_backends
from bootstrap.duties import wire_recovery, wire_relay
from bootstrap.embedding import wire_warming
from bootstrap.parts import Parts, wire_parts
from bootstrap.services import wire_services
from bootstrap.settings import Settings
from domain.errors import EsteiraError
from infrastructure.postgres.api_key_store import PostgresApiKeyStore
from infrastructure.postgres.migrate import require_schema
from infrastructure.queue.duties import Duties, Duty
from infrastructure.storage.local import LocalBlobStore
from infrastructure.storage.local_http import local_store_app
from interface.api.app import create_app
from interface.api.feeds import Feeds

log = logging.getLogger(__name__)

GRACEFUL_SECONDS = 5
BACKLOG = 2048
MAX_SOCKET_MESSAGE_BYTES = 4096
# macOS refuses more than this, whatever its hard limit says.
MOST_OPEN_FILES = 10240


class PortTaken(EsteiraError):
    """The port is in use. Stop the program that has it, or choose another by ESTEIRA_PORT."""

    code = "port_taken"


class AddressUnusable(EsteiraError):
    """The address cannot be served. Choose another by ESTEIRA_HOST and ESTEIRA_PORT."""

    code = "address_unusable"


class NoApiKey(EsteiraError):
    """Every call needs an API key, and there is no valid one. Make one: esteira keys create."""

    code = "no_api_key"


def bind(settings: Settings, *, any_port: bool = False) -> socket.socket:
    """Take the address, so that it is known before anything starts. Raises PortTaken, AddressUnusable."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # Named, or asyncio leaves Nagle's algorithm on and every answer waits 40 ms for the client's delayed ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, 0 if any_port else settings.port))
        # From here on who comes waits instead of being turned away, and who wants the same port is told at once.
        listener.listen(BACKLOG)
    except (OSError, UnicodeError) as error:  # a host name that is too long is the latter
        listener.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            sentence = (
                f"Port {settings.port} is in use. Stop the program that has it, or choose another by ESTEIRA_PORT."
            )
            raise PortTaken(sentence) from error
        reason = error.strerror if isinstance(error, OSError) else error
        sentence = (
            f"{settings.host} port {settings.port} cannot be served ({reason}). "
            "Choose another address by ESTEIRA_HOST and ESTEIRA_PORT."
        )
        raise AddressUnusable(sentence) from error
    return listener


def public_url_of(settings: Settings, listener: socket.socket) -> str:
    """Return the address under which clients reach the API."""
    host = {"0.0.0.0": "localhost", "::": "localhost"}.get(settings.host, settings.host)  # noqa: S104 - a comparison
    return settings.public_url or f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"


def keys_required(settings: Settings, listener: socket.socket) -> bool:
    """Tell whether callers need API keys: where it is set, and wherever other machines can reach the address."""
    # Not the setting: a host name, and what is left out, are addresses only now.
    address = ip_address(listener.getsockname()[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return settings.require_api_key or not (mapped or address).is_loopback


def require_key(parts: Parts, listener: socket.socket) -> None:
    """Raise NoApiKey where nobody could call."""
    if not PostgresApiKeyStore(parts.engine).has_valid(at=datetime.now(UTC)):
        address = listener.getsockname()[0]
        raise NoApiKey(
            f"On {address} every call needs an API key, and there is no valid one. Make one, then start again: "
            "esteira keys create --name NAME --scope admin. To serve this machine alone, set ESTEIRA_HOST=127.0.0.1 "
            "and leave ESTEIRA_REQUIRE_API_KEY out."
        )


class ApiServer(uvicorn.Server):
    """Ends what lasts as long as somebody looks, which uvicorn would wait for and then cut."""

    def __init__(self, config: uvicorn.Config, feeds: Feeds) -> None:
        super().__init__(config)
        self._feeds = feeds

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let all who follow something end, then shut down."""
        self._feeds.close()
        await super().shutdown(sockets)


def make_app(parts: Parts, backends: Backends, *, public_url: str, relay: Duty, with_keys: bool) -> FastAPI:
    """Return the API, with the local store's door beside it where that is in use."""
    services = wire_services(parts, backends, public_url=public_url, wake_relay=relay.wake, keys_required=with_keys)
    app = create_app(services)
    if isinstance(parts.blobs, LocalBlobStore):
        app.mount("/store", local_store_app(parts.blobs))
    return app


@contextlib.contextmanager
def prepared_server(settings: Settings, backends: Backends, listener: socket.socket) -> Iterator[uvicorn.Server]:
    """Return a server that is wired and keeps up its duties, ready to run on `listener`."""
    public_url = public_url_of(settings, listener)
    parts = wire_parts(settings, backends, public_url=public_url, application_name="esteira-api")
    require_schema(parts.engine)
    if with_keys := keys_required(settings, listener):
        require_key(parts, listener)
    parts.models.warm_up()
    relay = wire_relay(parts)
    app = make_app(parts, backends, public_url=public_url, relay=relay, with_keys=with_keys)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        server_header=False,
        # Clients have nothing to say by sockets, and a compressor for each would be most of what one costs.
        ws_max_size=MAX_SOCKET_MESSAGE_BYTES,
        ws_per_message_deflate=False,
    )
    with Duties([relay, *wire_recovery(parts), wire_warming(parts.models)]):
        yield ApiServer(config, app.state.feeds)


def run_api(settings: Settings) -> int:
    """Serve the API alone, on what is configured or on the running embedded stack, until SIGTERM or Ctrl-C."""
    with bind(settings) as listener, prepared_server(settings, find_backends(settings), listener) as server:
        log.info("the API answers", extra={"url": public_url_of(settings, listener)})
        serve(server, listener)
    return 0


def serve(server: uvicorn.Server, listener: socket.socket) -> None:
    """Run until SIGTERM or Ctrl-C, then return, so that what was started is stopped in order."""
    _allow_many_connections()
    # uvicorn raises the signal once more when it is done, which would end the process on the spot.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listener])


def _allow_many_connections() -> None:
    """Raise the limit of open files as far as the system lets us: 256 or 1024 streams are soon reached."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def stop(server: uvicorn.Server) -> None:
    """Let `serve` return, from any thread."""
    server.should_exit = True
