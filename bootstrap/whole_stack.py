"""The whole of Esteira from one process: embedded parts, API, and a process for each queue."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bootstrap.backends import own_backends
from bootstrap.serving import bind, prepared_server, public_url_of, serve, stop
from bootstrap.settings import Settings
from bootstrap.supervising import WORKER_PROGRAM, silence_seconds
from infrastructure.embedded.errors import ServerDidNotStart
from infrastructure.lifeline import Lifeline
from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.migrate import migrate
from infrastructure.queue.supervisor import Child, keep


def run_migrate(database_url: str) -> int:
    """Bring the database to this version's schema."""
    migrate(make_engine(database_url, application_name="esteira-migrate", pool_size=0))
    return 0


def run_dev(settings: Settings) -> int:
    """Serve everything until Ctrl-C or SIGTERM."""
    with bind(settings) as listener, own_backends(settings) as backends:
        run_migrate(backends.database_url)
        with prepared_server(settings, backends, listener) as server, workers(settings):
            url = public_url_of(settings, listener)
            if backends.stack:
                backends.stack.publish(api_url=url)
                # Nothing can be served without them: better an end with a word than errors for ever.
                backends.stack.when_ended(partial(stop, server))
            print(f"Esteira is at {url} (its API: {url}/docs). Ctrl-C stops it.", flush=True)
            serve(server, listener)
        if backends.stack:
            backends.stack.require_running()
    return 0


@contextmanager
def temporary_stack(settings: Settings) -> Iterator[str]:
    """Serve everything while the context lasts, on a free port; yield the URL. The terminal is the caller's."""
    settings = for_one_command(settings)
    with bind(settings, any_port=True) as listener, own_backends(settings) as backends:
        run_migrate(backends.database_url)
        with prepared_server(settings, backends, listener) as server, workers(settings, log_level="WARNING"):
            url = public_url_of(settings, listener)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="api")
            thread.start()
            try:
                while not server.started:
                    if not thread.is_alive():
                        raise ServerDidNotStart("The API did not start; the log says why.")
                    time.sleep(0.01)
                yield url
            finally:
                server.should_exit = True
                thread.join()


def for_one_command(settings: Settings) -> Settings:
    """Return them with an address that this machine alone can reach, whatever that of a lasting server is."""
    return settings.model_copy(update={"host": "127.0.0.1", "public_url": None})


@contextmanager
def workers(settings: Settings, *, log_level: str | None = None) -> Iterator[None]:
    """Keep `worker.py --all` running while the context lasts; it ends with this process, however that ends."""
    supervisor = Child(
        name="the workers' supervisor",
        command=[sys.executable, str(WORKER_PROGRAM), "--all"],
        lifeline=Lifeline(),
        silence_seconds=silence_seconds(settings),
        settings={"ESTEIRA_LOG_LEVEL": log_level} if log_level else {},
        # Ctrl-C reaches it through this process, or it would be started again while this one winds up.
        own_session=True,
    )
    stopping = threading.Event()
    stop_seconds = settings.grace_seconds + 2 * settings.beat_seconds
    thread = threading.Thread(
        target=keep, args=([supervisor],), kwargs={"until": stopping, "stop_seconds": stop_seconds}, name="workers"
    )
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
