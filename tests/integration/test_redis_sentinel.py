"""Redis behind Sentinel: the master is killed, a replica takes its place, and work goes on."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

import pytest
import redis
from pydantic import ValidationError
from sqlalchemy import Engine

from bootstrap.settings import Settings
from domain.action import ActionStatus
from infrastructure.embedded.programs import find_redis_program
from infrastructure.queue.redis_queue import connect_redis
from tests.support.ceph_gateway import free_port
from tests.support.jobs import add_job, read_action
from tests.support.processes import Workers, until
from tests.support.tcp_servers import daemon, tcp_redis

NAME = "esteira-redis"
SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedRedis:
    url: str
    master: "Popen[bytes]"
    sentinel: "redis.Redis"

    def is_watched(self) -> bool:
        """Tell whether the watcher knows the master and a replica that keeps up."""
        try:
            replicas = self.sentinel.execute_command("SENTINEL REPLICAS", NAME)
        except redis.RedisError:
            return False
        return any(replica[b"master-link-status"] == b"ok" for replica in replicas)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[WatchedRedis]:
    first, second, watcher = free_port(), free_port(), free_port()
    configuration = tmp_path / "sentinel.conf"
    configuration.write_text(
        f"port {watcher}\nbind 127.0.0.1\ndir {tmp_path}\n"
        f"sentinel monitor {NAME} 127.0.0.1 {first} 1\n"
        f"sentinel down-after-milliseconds {NAME} 500\n"
        f"sentinel failover-timeout {NAME} 3000\n"
    )
    plain = ["--bind", "127.0.0.1", "--save", ""]
    with ExitStack() as servers:
        master = servers.enter_context(tcp_redis(tmp_path / "first", ["--port", str(first), *plain]))
        replica = [
            "--port",
            str(second),
            *plain,
            "--replicaof",
            "127.0.0.1",
            str(first),
            "--repl-diskless-sync-delay",
            "0",
        ]
        servers.enter_context(tcp_redis(tmp_path / "second", replica))
        command = [str(find_redis_program()), str(configuration), "--sentinel"]
        servers.enter_context(daemon(command, tmp_path / "sentinel.log"))
        client = servers.enter_context(redis.Redis(port=watcher))
        found = WatchedRedis(url=f"redis+sentinel://127.0.0.1:{watcher}/{NAME}/2", master=master, sentinel=client)
        until(found.is_watched, seconds=SECONDS)
        yield found


def test_work_goes_on_when_the_master_is_killed(watched: WatchedRedis, engine: Engine, tmp_path: Path) -> None:
    database_url = engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    workers = Workers(engine=engine, database_url=database_url, redis_url=watched.url, folder=tmp_path)
    try:
        process = workers.start("one")
        before = add_job(engine, etag="fine")
        until(lambda: read_action(engine, before.id).status == ActionStatus.COMPLETED, seconds=SECONDS)

        watched.master.kill()
        after = add_job(engine, etag="fine")
        until(lambda: read_action(engine, after.id).status == ActionStatus.COMPLETED, seconds=SECONDS)

        assert process.poll() is None
        with connect_redis(watched.url) as client:
            assert client.connection_pool.connection_kwargs["db"] == 2
            assert client.info("replication")["role"] == "master"
            assert client.exists("rq:queues")
    finally:
        workers.end()


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://a:26379,b:26379/name",
        "rediss+sentinel://user:secret@a,b/name/3",
        "redis+sentinel://:secret@a:1/esteira.redis-1/0",
    ],
)
def test_addresses_of_sentinel_are_taken(url: str) -> None:
    assert Settings(_env_file=None, redis_url=url).redis_url == url


@pytest.mark.parametrize("url", ["redis+sentinel://a:26379", "redis+sentinel:///name", "redis+sentinel://a:x/name"])
def test_addresses_that_name_no_master_are_refused_with_an_example(url: str) -> None:
    with pytest.raises(ValidationError, match=r"redis\+sentinel://a:26379"):
        Settings(_env_file=None, redis_url=url)
