"""Redis behind Sentinel, by an address: redis+sentinel://[USER:PASSWORD@]HOST[:PORT][,HOST[:PORT]…]/NAME[/DATABASE]."""

from typing import Any
from urllib.parse import unquote, urlsplit

from redis import Redis
from redis.sentinel import Sentinel

DEFAULT_PORT = 26379


def is_sentinel_url(url: str) -> bool:
    """Tell whether the address is of this kind."""
    return url.startswith(("redis+sentinel://", "rediss+sentinel://"))


def connect_by_sentinel(url: str, **options: Any) -> Redis:  # noqa: ANN401 - redis-py's own options
    """Return a client of whichever server is the master at the time; user and password are Redis's, not Sentinel's."""
    parts = urlsplit(url)
    identity, _, hosts = parts.netloc.rpartition("@")
    user, _, password = identity.partition(":")
    name, _, database = parts.path.strip("/").partition("/")
    known = {"username": unquote(user) or None, "password": unquote(password) or None}
    tls = {"ssl": True} if parts.scheme.startswith("rediss") else {}
    sentinels = [_host_and_port(each) for each in hosts.split(",")]
    watchers = Sentinel(sentinels, sentinel_kwargs=options)  # type: ignore[no-untyped-call] # redis-py has no types here
    master: Redis = watchers.master_for(name, db=int(database or 0), **known, **tls, **options)  # type: ignore[no-untyped-call] # the same
    return master


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return (host, int(port)) if host else (text, DEFAULT_PORT)
