"""The `esteira` command."""

import signal
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from bootstrap.backends import find_backends
from bootstrap.logs import configure_logs
from bootstrap.settings import Settings, explain
from domain.errors import EsteiraError
from infrastructure.embedded.errors import StackNotRunning
from infrastructure.embedded.stack import attach
from interface.cli.app import create_cli
from interface.cli.services import CliServices, KeyRing

SAMPLES = Path(__file__).resolve().parent.parent / "samples"


def main() -> None:
    """Run the command line and exit."""
    # So that `with` blocks stop what they started, as they do on Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        settings = Settings()
        # Programs that serve log as they are told; commands for people speak by their own output.
        configure_logs("WARNING", settings.log_format)
        create_cli(wire_cli(settings))()
    except ValidationError as error:
        print(explain(error), file=sys.stderr)
        sys.exit(2)
    except EsteiraError as error:
        print(error.detail, file=sys.stderr)
        sys.exit(1)


def wire_cli(settings: Settings) -> CliServices:
    """Return what the command line needs."""
    return CliServices(
        find_running=partial(find_running, settings),
        start_temporary=partial(start_temporary, settings),
        run_dev=partial(run_dev, settings),
        run_api=partial(run_api, settings),
        run_worker=run_worker,
        run_migrate=partial(run_migrate, settings),
        run_storage_setup=partial(run_storage_setup, settings),
        run_storage_copy=partial(run_storage_copy, settings),
        samples_folder=SAMPLES,
        api_key=settings.api_key.get_secret_value() if settings.api_key else None,
        open_keys=partial(open_keys, settings),
        webhook_secrets=partial(webhook_secrets, settings),
    )


def find_running(settings: Settings) -> str | None:
    """Return the URL of the server that is named, else of this data directory; None if there is none."""
    if settings.server:
        return settings.server
    try:
        return attach(settings.absolute_data_dir).api_url
    except StackNotRunning:
        return None


# Below, what takes a second to import is imported by the command that needs it.


def start_temporary(settings: Settings) -> AbstractContextManager[str]:
    """Serve everything while the context lasts."""
    from bootstrap.whole_stack import temporary_stack

    return temporary_stack(settings)


def run_dev(settings: Settings) -> int:
    """Serve everything until Ctrl-C."""
    from bootstrap import whole_stack

    configure_logs(settings.log_level, settings.log_format)
    return whole_stack.run_dev(settings)


def run_api(settings: Settings) -> int:
    """Serve the API until Ctrl-C."""
    from bootstrap import serving

    configure_logs(settings.log_level, settings.log_format)
    return serving.run_api(settings)


def run_worker(arguments: Sequence[str]) -> int:
    """Run a worker until SIGTERM."""
    from bootstrap import worker_command

    return worker_command.main(arguments)


def run_migrate(settings: Settings) -> int:
    """Bring the database up to date."""
    from bootstrap import whole_stack

    # Redis has no schema: it need not even be configured.
    return whole_stack.run_migrate(settings.database_url or find_backends(settings).database_url)


def open_keys(settings: Settings) -> AbstractContextManager[KeyRing]:
    """Give access to the API keys while the context lasts."""
    from bootstrap.key_ring import key_ring

    return key_ring(settings)


def webhook_secrets(settings: Settings) -> Sequence[str]:
    """Return the secrets that callbacks are signed with."""
    from bootstrap.callbacks import webhook_keys
    from bootstrap.parts import load_secret
    from infrastructure.callbacks.standard_webhooks import write_secret

    return [write_secret(key) for key in webhook_keys(settings, partial(load_secret, settings))]


def run_storage_setup(settings: Settings, dry_run: bool, skip_public_check: bool) -> int:
    """Prepare the object store."""
    from bootstrap import storage_setup

    return storage_setup.run_storage_setup(settings, dry_run=dry_run, skip_public_check=skip_public_check)


def run_storage_copy(settings: Settings) -> int:
    """Bring the local store's objects into the bucket."""
    from bootstrap import storage_copy

    return storage_copy.run_storage_copy(settings)


if __name__ == "__main__":
    main()
