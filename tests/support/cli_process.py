"""The command line as a process of its own, with a bootstrap that has no stack. The server is ESTEIRA_SERVER."""

import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(1, str(Path(__file__).parents[2] / "clients" / "python"))

from interface.cli.app import create_cli
from interface.cli.services import CliServices, KeyRing


def no_server() -> str | None:
    return None


def no_stack() -> AbstractContextManager[str]:
    raise AssertionError("a command with a server starts no stack")


def exit_code_three() -> int:
    return 3


def print_arguments(arguments: Sequence[str]) -> int:
    sys.stdout.write(" ".join(["worker", *arguments]))
    return 0


def open_keys() -> AbstractContextManager[KeyRing]:
    raise AssertionError("a command that speaks HTTP opens no database")


def services(samples_folder: Path) -> CliServices:
    return CliServices(
        find_running=no_server,
        start_temporary=no_stack,
        run_dev=exit_code_three,
        run_api=exit_code_three,
        run_worker=print_arguments,
        run_migrate=exit_code_three,
        run_storage_copy=exit_code_three,
        run_storage_setup=lambda _dry_run, _skip: exit_code_three(),
        samples_folder=samples_folder,
        api_key=os.environ.get("ESTEIRA_API_KEY"),
        open_keys=open_keys,
        webhook_secrets=list,
    )


if __name__ == "__main__":
    create_cli(services(Path("samples")))()
