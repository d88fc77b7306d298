"""Where the servers listen: Unix sockets in a private folder, so that no port is taken and no other user gets in."""

import contextlib
import shutil
import socket
import tempfile
from pathlib import Path

from infrastructure.embedded.errors import DataDirectoryUnusable

PREFIX = "esteira-run-"
LONGEST_NAME = ".s.PGSQL.5432"


def make_socket_folder(data_directory: Path) -> Path:
    """Make a folder (0700) in which sockets work: in the data directory, else in the temporary folder.

    The system allows a socket's path 107 bytes (103 on macOS), and some file systems have no sockets.
    """
    for parent in dict.fromkeys((data_directory, Path(tempfile.gettempdir()), Path("/tmp"))):  # noqa: S108 (private)
        with contextlib.suppress(OSError):
            folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
            if takes_sockets(folder):
                return folder
            shutil.rmtree(folder, ignore_errors=True)
    raise DataDirectoryUnusable(
        f"Neither {data_directory} nor the temporary folder takes sockets: set ESTEIRA_DATA_DIR to a short path on a "
        "local disk, or TMPDIR to a folder that can be written."
    )


def takes_sockets(folder: Path) -> bool:
    """Try it. A path that is not UTF-8 could not be written into an address."""
    trial = folder / LONGEST_NAME
    try:
        str(trial).encode()
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(trial))
        trial.unlink()
    except (OSError, UnicodeEncodeError):
        return False
    return True
