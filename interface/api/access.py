"""Which scope each address needs: the one table of it. What stands in no line is open to `admin` alone."""

import re
from dataclasses import dataclass
from enum import Enum, auto

from domain.api_key import KeyScope


class Demand(Enum):
    """When a key is asked for."""

    # Nothing is told or changed there, or the URL itself is signed.
    NEVER = auto()
    # An answer without a key, a fuller one with.
    OPTIONAL = auto()
    # Where keys are in use.
    IN_USE = auto()
    # Also where they are not: whoever comes by must not leave keys for the time when they are.
    ALWAYS = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What an address asks of its callers."""

    scope: KeyScope = KeyScope.ADMIN
    demand: Demand = Demand.IN_USE
    takes_stream_token: bool = False


@dataclass(frozen=True, slots=True)
class _Rule:
    methods: frozenset[str]
    path: "re.Pattern[str]"
    access: Access


_READING = frozenset({"GET", "HEAD"})
_ALL = _READING | {"POST", "PUT", "PATCH", "DELETE"}
_OPEN = Access(demand=Demand.NEVER)
_STREAM = Access(scope=KeyScope.READ, takes_stream_token=True)
_STARTING = Access(scope=KeyScope.WRITE)
_FOLLOWING = Access(scope=KeyScope.READ)


def _rule(methods: frozenset[str], path: str, access: Access | KeyScope) -> _Rule:
    return _Rule(methods, re.compile(path), access if isinstance(access, Access) else Access(scope=access))


# The first that fits holds.
_RULES = (
    _rule(_READING, r"/|/assets/.*|/docs|/docs/assets/.*|/openapi\.json|/api/health", _OPEN),
    _rule(_READING, r"/api/ready", Access(scope=KeyScope.OPERATE, demand=Demand.OPTIONAL)),
    # The local store, whose URLs are signed and checked there.
    _rule(_ALL, r"/store/.*", _OPEN),
    _rule(_READING, r"/api/v1/(documents|jobs)/[^/]+/events|/api/v1/jobs/[^/]+/ws", _STREAM),
    # Also what is read there are URLs to write to.
    _rule(_ALL, r"/api/v1/documents/[^/]+/upload(/.*)?", KeyScope.WRITE),
    _rule(_READING, r"/api/v1/documents(/.*)?", KeyScope.READ),
    _rule(_ALL, r"/api/v1/documents(/.*)?", KeyScope.WRITE),
    _rule(_ALL, r"/api/v1/search", KeyScope.READ),
    _rule(_READING, r"/api/v1/(jobs|operations|artifacts)(/.*)?", KeyScope.READ),
    _rule(_ALL, r"/api/v1/(jobs|operations|artifacts)(/.*)?", KeyScope.WRITE),
    # The paths of existing clients.
    _rule(_READING, r"/api/jobs/[^/]+(/status)?|/(status|download)/[^/]+", KeyScope.READ),
    _rule(_ALL, r"/api/(operacao-longa|operacao-customizada|jobs)|/generate", KeyScope.WRITE),
    _rule(_ALL, r"/api/v1/stream-tokens", KeyScope.READ),
    _rule(_ALL, r"/api/v1/(queue|cleanup|doctor)(/.*)?", KeyScope.OPERATE),
    _rule(_READING, r"/metrics/?", KeyScope.OPERATE),
    _rule(_ALL, r"/api/v1/keys(/.*)?", Access(scope=KeyScope.ADMIN, demand=Demand.ALWAYS)),
    # The operations of other packages, at prefixes of their own. What stands above goes first.
    _rule(frozenset({"POST"}), r"/api(/[^/]+)+/start", _STARTING),
    _rule(_READING, r"/api(/[^/]+)+/result/[^/]+", _FOLLOWING),
)


def is_free_prefix(prefix: str) -> bool:
    """Tell whether operations of another package may have this prefix: no line of the house's own speaks of it."""
    return (
        declared_access("POST", f"{prefix}/start") is _STARTING
        and declared_access("GET", f"{prefix}/result/ID") is _FOLLOWING
    )


def declared_access(method: str, path: str) -> Access | None:
    """Return what the table says, None for what it does not know. `path` may be a route's template."""
    fitting = (rule for rule in _RULES if method in rule.methods and rule.path.fullmatch(path))
    return next((rule.access for rule in fitting), None)


def access_to(method: str, path: str) -> Access:
    """Return what the address asks for: `admin`, unless the table says otherwise."""
    return declared_access(method, path) or Access()
