"""Ceph's S3 gateway, which checks every signature: one monitor, one disk in memory, one gateway, all as processes here.

Debian has it: apt install --no-install-recommends ceph-mon ceph-osd ceph-common radosgw
"""

import base64
import os
import secrets
import shutil
import signal
import struct
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from infrastructure.embedded.account import Account
from tests.support.http_server import listening_socket
from tests.support.processes import until

PROGRAMS = ("ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")
START_SECONDS = 120

# The monitor gathers proposals for a second by default, and the gateway makes eight pools one after the other.
CONFIGURATION = """
[global]
fsid = {fsid}
mon host = v1:127.0.0.1:{port}
mon initial members = a
mon allow pool size one = true
mon data avail crit = 1
mon max pg per osd = 2000
paxos propose interval = 0.05
paxos min wait = 0.01
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
ms bind ipv6 = false
ms bind msgr2 = false
admin socket = ""
run dir = {folder}
log file = {folder}/$name.log
keyring = {folder}/keyring
[mon.a]
mon data = {folder}/mon
[osd]
osd objectstore = memstore
osd data = {folder}/osd
memstore device bytes = 2147483648
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:{gateway_port}
rgw enable apis = s3
"""
CAPABILITIES = {
    "mon.": {"mon": "allow *"},
    "client.admin": {"mon": "allow *", "osd": "allow *", "mgr": "allow *"},
    "client.rgw": {"mon": "allow rw", "osd": "allow rwx"},
    "osd.0": {"mon": "allow profile osd", "osd": "allow *"},
}


def missing_programs() -> list[str]:
    """Return which of Ceph's programs are not installed."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CephGateway:
    """A gateway that answers at `url`."""

    url: str
    folder: Path
    credentials: dict[str, str]
    """Of somebody who may make buckets, as environment variables."""

    def new_user(self, name: str | None = None, secret: str | None = None) -> dict[str, str]:
        """Make a user who owns nothing; return the credentials as environment variables."""
        name, secret = name or f"user{secrets.token_hex(4)}", secret or secrets.token_hex(16)
        identity = ["--uid", name, "--display-name", name, "--access-key", name, "--secret-key", secret]
        run(self.folder, ["radosgw-admin", "--name", "client.rgw", "user", "create", *identity])
        return {"AWS_ACCESS_KEY_ID": name, "AWS_SECRET_ACCESS_KEY": secret}


@contextmanager
def ceph_gateway(folder: Path) -> Iterator[CephGateway]:
    """Start it in an empty folder; leave nothing running, also when this process is killed."""
    port, gateway_port = free_port(), free_port()
    fsid, disk = str(uuid.uuid4()), str(uuid.uuid4())
    write_files(folder, fsid=fsid, port=port, gateway_port=gateway_port)
    daemons: list[subprocess.Popen[bytes]] = []
    try:
        run(folder, ["monmaptool", "--create", "--addv", "a", f"[v1:127.0.0.1:{port}]", "--fsid", fsid, "monmap"])
        run(folder, ["ceph-mon", "--mkfs", "-i", "a", "--monmap", "monmap"])
        daemons.append(start(folder, ["ceph-mon", "-i", "a", "-f"]))
        run(folder, ["ceph", "osd", "new", disk])
        run(folder, ["ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", disk])
        daemons.append(start(folder, ["ceph-osd", "-i", "0", "-f"]))
        gateway = CephGateway(url=f"http://127.0.0.1:{gateway_port}", folder=folder, credentials={})
        gateway.credentials.update(gateway.new_user())
        daemons.append(start(folder, ["radosgw", "--name", "client.rgw", "-f"]))
        until(answering(gateway.url, daemons), seconds=START_SECONDS)
        yield gateway
    finally:
        # All is in memory: there is nothing to save, and an asked disk takes 5 s to say goodbye.
        for daemon in reversed(daemons):
            daemon.kill()
            daemon.wait()


def write_files(folder: Path, *, fsid: str, port: int, gateway_port: int) -> None:
    """Write the configuration and a key for each member."""
    text = CONFIGURATION.format(fsid=fsid, port=port, gateway_port=gateway_port, folder=folder)
    folder.joinpath("ceph.conf").write_text(text)
    for name in ("mon", "osd"):
        folder.joinpath(name).mkdir()
    # What `ceph-authtool --gen-key` writes: kind, seconds, nanoseconds, length, key.
    key = base64.b64encode(struct.pack("<hiih", 1, int(time.time()), 0, 16) + secrets.token_bytes(16)).decode()
    entries = [
        f"[{name}]\nkey = {key}\n" + "".join(f'caps {what} = "{may}"\n' for what, may in allowed.items())
        for name, allowed in CAPABILITIES.items()
    ]
    folder.joinpath("keyring").write_text("".join(entries))


def run(folder: Path, command: Sequence[str]) -> None:
    """Run one of Ceph's commands to its end."""
    done = subprocess.run(
        [*command, *options(folder)], cwd=folder, capture_output=True, text=True, timeout=START_SECONDS, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


def start(folder: Path, command: Sequence[str]) -> "subprocess.Popen[bytes]":
    """Start a daemon that does not outlive this process."""
    full = [shutil.which(command[0]) or command[0], *command[1:], *options(folder)]
    with folder.joinpath(f"{command[0]}.out").open("wb") as output:
        return subprocess.Popen(
            Account().command(full, death_signal=signal.SIGKILL),
            cwd=folder,
            env={**os.environ, "TETHER_PARENT": str(os.getpid())},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )


def options(folder: Path) -> list[str]:
    """Return where each command finds the cluster; monmaptool needs none."""
    return ["--conf", str(folder / "ceph.conf")]


def answering(url: str, daemons: Sequence["subprocess.Popen[bytes]"]) -> Callable[[], bool]:
    """Return what tells whether the gateway answers, and complains when a daemon has ended."""

    def answers() -> bool:
        assert all(daemon.poll() is None for daemon in daemons), "one of Ceph's daemons has ended"
        try:
            return httpx.get(url).is_success
        except httpx.TransportError:
            return False

    return answers


def free_port() -> int:
    """Return a port that nobody has right now."""
    with listening_socket() as listener:
        return int(listener.getsockname()[1])
