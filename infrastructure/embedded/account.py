"""Whom the servers run as: the present user; when that is root, which PostgreSQL refuses, somebody else.

Root hands the servers to the owner of the data directory if that is an ordinary user, who can then go on alone; else to
the system's `postgres` or `nobody`. Where folders on the way are closed to that user (/root, a private temporary
folder), no folder is opened: the servers are lent one capability, to pass closed folders, and nothing else of root.
"""

import json
import logging
import os
import pwd
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from infrastructure.embedded.errors import DataDirectoryUnusable

log = logging.getLogger(__name__)

ROOT = 0
UNPRIVILEGED = ("postgres", "nobody")
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2  # linux/capability.h; containers often have the first only
TETHER = Path(__file__).resolve().with_name("tether.py")
PYTHON = (sys.executable, "-I", "-S", "-X", f"utf8={sys.flags.utf8_mode}")
REACHES_ALL = 'for path do cd -- "$path" 2>&- || { test -f "$path" && test -r "$path"; } || exit 1; done'


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user to run servers as; `uid` None is the present one."""

    uid: int | None = None
    gid: int | None = None
    groups: tuple[int, ...] = ()
    capability: int | None = None

    def command(self, command: Sequence[str], *, death_signal: int) -> list[str]:
        """Return the command that runs `command` as this user and dies with its parent (see tether.py)."""
        orders = {
            "uid": self.uid,
            "gid": self.gid,
            "groups": self.groups,
            "capability": self.capability,
            "death_signal": int(death_signal),
        }
        return [*PYTHON, str(TETHER), json.dumps(orders), *command]

    def give(self, path: Path) -> None:
        """Make this user the owner of a file or folder, links not followed."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def give_tree(self, folder: Path) -> None:
        """Make this user the owner of a folder and all in it."""
        for parent, folders, files in os.walk(folder):
            for name in (".", *folders, *files):
                self.give(Path(parent) / name)

    def run(self, command: Sequence[str], *, death_signal: int) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end as this user, away from the terminal's signals; output and errors are in stdout."""
        return subprocess.run(
            self.command(command, death_signal=death_signal),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={"LC_ALL": "C", "PATH": "/usr/local/bin:/usr/bin:/bin", "TETHER_PARENT": str(os.getpid())},
            start_new_session=True,
            check=False,
        )


def choose_account(data_directory: Path, cluster: Path) -> Account:
    """Return whom to run as. Raises DataDirectoryUnusable when the present user cannot be that."""
    if os.geteuid() != ROOT:
        return ordinary_account(cluster)
    for folder in (cluster, data_directory):
        owner = folder.stat().st_uid if folder.exists() else ROOT
        if owner != ROOT and (cluster.exists() or has_name(owner)):
            return account_of(owner, folder.stat().st_gid)
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=entry.pw_uid, gid=entry.pw_gid, groups=(entry.pw_gid,))
    raise DataDirectoryUnusable(
        "PostgreSQL does not run as root, and this system has no user `postgres` or `nobody` to run it as. "
        "Run this as an ordinary user."
    )


def ordinary_account(cluster: Path) -> Account:
    """Return the present user, if the cluster is not somebody else's and initdb can name them."""
    if cluster.exists() and cluster.stat().st_uid != os.geteuid():
        raise DataDirectoryUnusable(
            f"The database in {cluster} belongs to {name_of(cluster.stat().st_uid)}, and you are "
            f"{name_of(os.geteuid())}. Run this as the user who made it, or set ESTEIRA_DATA_DIR to a folder of "
            "your own."
        )
    if not cluster.exists() and not has_name(os.geteuid()):
        raise DataDirectoryUnusable(
            f"PostgreSQL cannot make a database as uid {os.geteuid()}, which has no name on this system. "
            "Run this as a user with a line in /etc/passwd."
        )
    return Account()


def account_of(uid: int, gid: int) -> Account:
    """Return the user with all their groups; a uid without a name has the group of its files only."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return Account(uid=uid, gid=gid, groups=(gid,))
    return Account(uid=uid, gid=entry.pw_gid, groups=tuple(os.getgrouplist(entry.pw_name, entry.pw_gid)))


def lend_passage(account: Account, programs: Sequence[Path], readable: Sequence[Path]) -> Account:
    """Return the account with the least capability with which it reaches all this; most often none is needed.

    `programs` answer to --version. Raises DataDirectoryUnusable when nothing helps.
    """
    if account.uid is None:
        return account
    capabilities = (None, CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE) if sys.platform == "linux" else (None,)
    for capability in capabilities:
        candidate = replace(account, capability=capability)
        if can_pass(candidate, programs, readable):
            if capability is not None:
                log.info("Folders on the way are closed to %s: lending capability %d", account.uid, capability)
            return candidate
    raise DataDirectoryUnusable(
        f"PostgreSQL does not run as root, and {name_of(account.uid)}, as whom it would run, cannot reach "
        f"{' and '.join(str(path) for path in readable)}. Run this as an ordinary user, or keep the program and "
        "ESTEIRA_DATA_DIR in folders that are open to all."
    )


def can_pass(account: Account, programs: Sequence[Path], readable: Sequence[Path]) -> bool:
    """Try, as that user, to start the programs, enter the folders and read the files."""
    checks = [
        ["/bin/sh", "-c", REACHES_ALL, "sh", *map(str, readable)],
        *([str(each), "--version"] for each in programs),
    ]
    for check in checks:
        result = account.run(check, death_signal=9)
        if result.returncode != 0:
            log.debug("As %s with capability %s: %s", account.uid, account.capability, result.stdout.strip())
            return False
    return True


def has_name(uid: int) -> bool:
    """Return whether the system knows the user."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def name_of(uid: int) -> str:
    """Return how to call a user in a sentence."""
    return f"{pwd.getpwuid(uid).pw_name} (uid {uid})" if has_name(uid) else f"uid {uid}"
