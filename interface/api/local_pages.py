"""Where no key is asked for: whether a request can come from a program or a page of this machine.

A browser sends what any page in it asks for, so that a request comes from here says nothing about who wrote the page.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from domain.errors import ForeignPage

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalPages:
    """Knows the names of this server, and the origins whose pages may use it."""

    public_url: str
    cors_origins: tuple[str, ...]

    def require(self, method: str | None, headers: Headers) -> None:
        """Raise ForeignPage for a name that is not ours (DNS rebinding), and for changes by pages of others (CSRF).

        A WebSocket has no `method`: what pages of others may read there, no browser asks.
        """
        host, origin = headers.get("host"), headers.get("origin")
        if host is not None and not self._is_own(f"//{host}"):
            raise ForeignPage(
                "This server does not know the name it was called by: set ESTEIRA_PUBLIC_URL to the address that is "
                "used, or call it as localhost."
            )
        if method in _READING or origin is None or self._is_own(origin):
            return
        if origin not in self.cors_origins and "*" not in self.cors_origins:
            raise ForeignPage

    def _is_own(self, url: str) -> bool:
        name = _hostname(url)
        return name is not None and (_is_loopback(name) or name == _hostname(self.public_url))


def _hostname(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _is_loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
