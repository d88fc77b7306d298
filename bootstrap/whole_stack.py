"""The whole of Esteira from one process: embedded parts, API, and a process for each queue."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bootstrap.backends import Backends, own_backends
from bootstrap.serving import bind, prepared_server, public_url_of, serve
from bootstrap.settings import Settings
from bootstrap.working import WORKER_PROGRAM
from infrastructure.embedding.loading import load_embedder
from infrastructure.lifeline import Lifeline
from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.migrate import migrate
from infrastructure.postgres.vectors import ensure_embedding_model


def run_migrate(settings: Settings, backends: Backends) -> int:
    """Bring the database to this version's schema, with an index for the model's vectors."""
    engine = make_engine(backends.database_url, application_name="esteira-migrate", pool_size=1)
    migrate(engine)
    embedder = load_embedder(settings.embedding_model)
    ensure_embedding_model(engine, embedder.model_name, embedder.dimensions)
    engine.dispose()
    return 0


def run_dev(settings: Settings) -> int:
    """Serve everything until Ctrl-C or SIGTERM."""
    listener = bind(settings)
    with own_backends(settings) as backends:
        run_migrate(settings, backends)
        with prepared_server(settings, backends, listener) as server, workers(settings):
            url = public_url_of(settings, listener)
            if backends.stack:
                backends.stack.publish(api_url=url)
            print(f"Esteira is at {url} (its API: {url}/docs). Ctrl-C stops it.", flush=True)
            serve(server, listener)
    return 0


@contextmanager
def temporary_stack(settings: Settings) -> Iterator[str]:
    """Serve everything while the context lasts, on a free port; yield the URL."""
    listener = bind(settings, any_port=True)
    with own_backends(settings) as backends:
        run_migrate(settings, backends)
        with prepared_server(settings, backends, listener) as server, workers(settings):
            url = public_url_of(settings, listener)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="api")
            thread.start()
            try:
                while not server.started and thread.is_alive():
                    time.sleep(0.01)
                yield url
            finally:
                server.should_exit = True
                thread.join()


@contextmanager
def workers(settings: Settings) -> Iterator[None]:
    """Run `worker.py --all` while the context lasts; it ends with this process, however that ends."""
    process = Lifeline().start([sys.executable, str(WORKER_PROGRAM), "--all"])
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(settings.grace_seconds + 2 * settings.beat_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
