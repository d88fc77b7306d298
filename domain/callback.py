"""Callbacks: which addresses they may go to, and the job that tells of another job's end."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit
from uuid import UUID

from domain.errors import CallbackRefused
from domain.ids import JobId
from domain.job import Job, PlannedAction, new_job

CALLBACK = "callback"
CALLBACK_QUEUE = "callbacks"
# The first of the schedule that the Standard Webhooks specification gives as its example: a day and a half in all.
CALLBACK_DELAYS_SECONDS = (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 50_400.0)
MAX_CALLBACK_ATTEMPTS = len(CALLBACK_DELAYS_SECONDS) + 1
MAX_CALLBACK_URL_CHARACTERS = 2048

IpAddress = IPv4Address | IPv6Address
IpNetwork = IPv4Network | IPv6Network

# Of IANA's special-purpose registries (RFC 6890) all that is not the public internet. Of IPv6, only 2000::/3 is.
_NOT_PUBLIC = tuple(
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        # Protocols (Teredo among them), documentation, 6to4: the last names an IPv4 address of anywhere.
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)
_PUBLIC_IPV6 = IPv6Network("2000::/3")
# Where clouds answer with credentials, and what is no single machine: no setting opens these.
_NEVER = tuple(
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4"),
        *("::/128", "fd00:ec2::254/128", "fe80::/10", "ff00::/8"),
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")

_SENDABLE = re.compile(r"[!-~]+")
_HOST_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?", re.IGNORECASE)
# Resolvers read such names as IPv4 addresses in old notations, 127.1 or 0x7f000001.
_NUMBER_AT_THE_END = re.compile(r"(.*\.)?(0x[0-9a-f]*|[0-9]+)\.?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRules:
    """Which addresses callbacks may go to: the public internet, and the networks that a setting names."""

    networks: tuple[IpNetwork, ...] = ()

    def allow(self, address: IpAddress) -> bool:
        """Tell whether a callback may connect to it. An IPv4 address inside an IPv6 one is judged as itself."""
        if isinstance(address, IPv6Address):
            if address.scope_id:
                return False
            inner = address.ipv4_mapped or (_ipv4_behind(address) if address in _NAT64 else None)
            if inner:
                return self.allow(inner)
        if any(address in network for network in _NEVER):
            return False
        if any(address in network for network in self.networks):
            return True
        if isinstance(address, IPv6Address) and address not in _PUBLIC_IPV6:
            return False
        return not any(address in network for network in _NOT_PUBLIC)

    def require(self, url: str) -> None:
        """Raise CallbackRefused for what the URL alone tells; its name is looked up when it is called."""
        host = _host_of(url)
        if host.casefold().rstrip(".").rpartition(".")[2] == "localhost":
            host = "127.0.0.1"
        try:
            address = ip_address(host)
        except ValueError:
            if _NUMBER_AT_THE_END.fullmatch(host) or not _HOST_NAME.fullmatch(host):
                raise CallbackRefused("The callback_url has no valid host: send a host name, in ASCII.") from None
            return
        if not self.allow(address):
            raise CallbackRefused


def _ipv4_behind(address: IPv6Address) -> IPv4Address:
    return IPv4Address(int(address) & 0xFFFF_FFFF)


def _host_of(url: str) -> str:
    if len(url) > MAX_CALLBACK_URL_CHARACTERS:
        raise CallbackRefused(f"The callback_url is too long: {MAX_CALLBACK_URL_CHARACTERS} characters at most.")
    try:
        parts = urlsplit(url)
        is_url = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url or not _SENDABLE.fullmatch(url) or "\\" in url or "#" in url:
        raise CallbackRefused("The callback_url is no address: send one such as https://example.org/done, in ASCII.")
    if "@" in parts.netloc:
        raise CallbackRefused("The callback_url has a user or password in it: leave them out; callbacks are signed.")
    return parts.hostname or ""


def callback_of(job: Job, *, now: datetime) -> Job:
    """Return the job that tells of this job's end."""
    told: Mapping[str, object] = {"job_id": str(job.id), "ended_at": end_of(job)}
    planned = PlannedAction(type=CALLBACK, queue=CALLBACK_QUEUE, params=told, max_attempts=MAX_CALLBACK_ATTEMPTS)
    return new_job([planned], now=now, tenant_id=job.tenant_id)


def told_job(params: Mapping[str, object]) -> JobId:
    """Return which job's end a callback tells of."""
    return JobId(UUID(str(params["job_id"])))


def end_of(job: Job) -> str | None:
    """Return what tells this end of the job from others: a job that was retried ends once more."""
    return job.completed_at.astimezone(UTC).isoformat() if job.completed_at else None
