"""Folders for files that exist while they are worked on. What a killed process left is removed by the next one."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

LOCK_NAME = ".lock"


class ScratchFolder:
    """A folder of this process, locked while it lives; the lock ends with the process, however that ends."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(root)
        # Made under a name that sweepers skip, and renamed once it is locked.
        unlocked = Path(tempfile.mkdtemp(prefix=".new-", dir=root))
        self._lock = os.open(unlocked / LOCK_NAME, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.path = unlocked.rename(root / unlocked.name.removeprefix(".new-"))


def _remove_abandoned(root: Path) -> None:
    for folder in root.iterdir():
        if not folder.name.startswith(".") and _is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_abandoned(folder: Path) -> bool:
    try:
        lock = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return True  # it had a lock before it had its name: who removes it is at it, or was killed over it
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(lock)
