"""The data directory: who owns it (a file lock), and where its servers are (`stack.json`)."""

import contextlib
import fcntl
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infrastructure.embedded.account import ROOT, name_of
from infrastructure.embedded.errors import DataDirectoryUnusable, StackAlreadyOwned, StackNotRunning

POLL_SECONDS = 0.05
HANDOVER_SECONDS = 80.0  # longer than a supervisor takes to stop the servers of an owner that died
START_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """A folder with one owner at a time.

    The lock is an open file description: it is held until every process that inherited it has closed it or ended, so
    the supervisor holds it until the servers are down. The lock file holds the pid of the owner.
    """

    path: Path
    is_new: bool = False

    @property
    def lock_file(self) -> Path:
        """The file that is locked."""
        return self.path / "stack.lock"

    @property
    def addresses_file(self) -> Path:
        """The file that says where the servers are."""
        return self.path / "stack.json"

    @classmethod
    def open(cls, path: Path, *, create: bool) -> "DataDirectory":
        """Return the directory, made private if it is new. Raises DataDirectoryUnusable, StackNotRunning."""
        path = path.expanduser().resolve()
        with unusable_on_os_error(path):
            is_new = not path.exists()
            if create:
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
            elif is_new:
                raise StackNotRunning(f"Nothing is running in {path}: start it with `make dev` first.")
            if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
                raise DataDirectoryUnusable(
                    f"{path} belongs to {name_of(path.stat().st_uid)}, and {name_of(os.geteuid())} may not write "
                    "there. Run this as the user who made it, or set ESTEIRA_DATA_DIR to a folder of your own."
                )
        return cls(path, is_new)

    def take(self) -> int:
        """Become the owner; return the descriptor that holds the lock. Raises StackAlreadyOwned.

        The servers of an owner that died are waited for.
        """
        with unusable_on_os_error(self.path):
            lock = os.open(self.lock_file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            self.wait_for_lock(lock)
            self.give_to_owner_of_directory(lock)
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
            self.addresses_file.unlink(missing_ok=True)
        except BaseException:
            os.close(lock)
            raise
        return lock

    def wait_for_lock(self, lock: int) -> None:
        """Lock it, if no living owner has it."""
        deadline = time.monotonic() + HANDOVER_SECONDS
        while not try_lock(lock, fcntl.LOCK_EX):
            owner = named_pid(lock)
            if owner is not None and is_alive(owner):
                raise self.already_owned(owner)
            if time.monotonic() > deadline:
                raise self.already_owned(None)
            time.sleep(POLL_SECONDS)

    def give_to_owner_of_directory(self, file: int) -> None:
        """As root in another user's directory, leave nothing there which they could not use."""
        if os.geteuid() == ROOT:
            directory = self.path.stat()
            os.fchown(file, directory.st_uid, directory.st_gid)

    def already_owned(self, pid: int | None) -> StackAlreadyOwned:
        """Return the error that says who has it and what to do."""
        who = f"process {pid}" if pid else "a process that cannot be seen from here (in another container?)"
        return StackAlreadyOwned(
            f"{self.path} is already in use by {who}. To work with it, attach: `make worker` adds a worker. "
            "To start another stack beside it, set ESTEIRA_DATA_DIR to another folder. "
            + (f"To start anew, stop it first: kill {pid}" if pid else "To start anew, stop it first."),
            owner_pid=pid,
        )

    def owner_pid(self) -> int | None:
        """Return the living owner, None where there is none."""
        with unusable_on_os_error(self.path):
            try:
                lock = os.open(self.lock_file, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                return None
        try:
            if try_lock(lock, fcntl.LOCK_SH):
                return None
            owner = named_pid(lock)
            return owner if owner is not None and is_alive(owner) else None
        finally:
            os.close(lock)

    def write_addresses(self, addresses: Mapping[str, Any]) -> None:
        """Publish for those who attach, at once or not at all."""
        content = json.dumps({"owner_pid": os.getpid(), **addresses}, indent=1)
        descriptor, name = tempfile.mkstemp(prefix="stack.json.", dir=self.path)
        with os.fdopen(descriptor, "w") as file:
            self.give_to_owner_of_directory(descriptor)
            file.write(content)
        Path(name).replace(self.addresses_file)

    def published(self) -> dict[str, Any]:
        """Return what is in the file of addresses, nothing where there is none."""
        with unusable_on_os_error(self.path), contextlib.suppress(FileNotFoundError, ValueError):
            addresses: dict[str, Any] = json.loads(self.addresses_file.read_text())
            return addresses
        return {}

    def read_addresses(self) -> dict[str, Any]:
        """Return what the living owner published; waits while it is starting. Raises StackNotRunning."""
        deadline = time.monotonic() + START_SECONDS
        while (owner := self.owner_pid()) is not None:
            addresses = self.published()
            if addresses.pop("owner_pid", None) == owner:
                return addresses
            if time.monotonic() > deadline:
                raise StackNotRunning(f"Process {owner} has been starting the servers in {self.path} for too long.")
            time.sleep(POLL_SECONDS)
        raise StackNotRunning(f"Nothing is running in {self.path}: start it with `make dev` first.")


@contextmanager
def unusable_on_os_error(path: Path) -> Iterator[None]:
    """Say what a refusal by the system means for the data directory."""
    try:
        yield
    except OSError as error:
        raise DataDirectoryUnusable(
            f"{path} cannot be used as data directory ({error.strerror}). "
            "Set ESTEIRA_DATA_DIR to a folder of your own on a local disk."
        ) from error


def try_lock(descriptor: int, kind: int) -> bool:
    """Lock or leave it."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def named_pid(lock: int) -> int | None:
    """Return the pid in the lock file."""
    try:
        return int(os.pread(lock, 32, 0))
    except ValueError:
        return None


def is_alive(pid: int) -> bool:
    """Return whether there is such a process, whoever's it is."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
