"""What can go wrong with the embedded servers. Each sentence says what to do; a server's own words go to our log."""

from domain.errors import EsteiraError


class StackAlreadyOwned(EsteiraError):
    """Another process already serves this data directory."""

    code = "stack_already_owned"

    def __init__(self, detail: str | None = None, *, owner_pid: int | None = None) -> None:
        super().__init__(detail)
        self.owner_pid = owner_pid


class StackNotRunning(EsteiraError):
    """Nothing serves this data directory: start it with `make dev` first."""

    code = "stack_not_running"


class DataDirectoryUnusable(EsteiraError):
    """The data directory cannot be used: set ESTEIRA_DATA_DIR to a folder of your own on a local disk."""

    code = "data_directory_unusable"


class OtherPostgresMajor(EsteiraError):
    """The data directory was made by another major version of PostgreSQL."""

    code = "other_postgres_major"

    def __init__(self, detail: str | None = None, *, found: str, shipped: str) -> None:
        super().__init__(detail)
        self.found = found
        self.shipped = shipped


class ServerNotInstalled(EsteiraError):
    """A server's program is not installed: run `make setup`."""

    code = "server_not_installed"


class ServerDidNotStart(EsteiraError):
    """A server did not start; the log says why."""

    code = "server_did_not_start"


class ServersLost(EsteiraError):
    """Something outside of Esteira ended the embedded servers. Start it again: the data is kept."""

    code = "servers_lost"
