"""The steps of docs/operations.md: from the embedded stack to one of one's own, and from a backup to a fresh one."""

import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from infrastructure.embedded.programs import find_postgres_programs
from tests.support import ceph_gateway as ceph
from tests.support.blob_store_backends import MOTO_CREDENTIALS, moto_server
from tests.support.ceph_gateway import free_port
from tests.support.esteira_client import EsteiraClient
from tests.support.program import API, WORKER, environment, running_program
from tests.support.running_stack import running_stack
from tests.support.tcp_servers import tcp_postgres, tcp_redis

pytestmark = pytest.mark.xdist_group("ceph")

LETTER = b"The lighthouse keeper counted the herons every evening before lighting the lamp."
LATER = b"The ferryman painted his boat green after the flood had taken the old jetty."
QUESTION = "who counted the herons"


@contextmanager
def s3_server(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Ceph where it is installed, else moto; yield the settings."""
    if ceph.missing_programs():
        with moto_server() as url:
            yield {"ESTEIRA_S3_ENDPOINT_URL": url, **MOTO_CREDENTIALS}
    else:
        gateway: ceph.CephGateway = request.getfixturevalue("ceph_gateway")
        yield {"ESTEIRA_S3_ENDPOINT_URL": gateway.url, **gateway.credentials}


def esteira(folder: Path, settings: Mapping[str, str], *arguments: str) -> str:
    """Run a command to its end; return what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "bootstrap.command", *arguments],
        env=environment(folder, settings),
        cwd=folder.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def postgres_command(name: str, *arguments: str) -> None:
    done = subprocess.run(
        [str(find_postgres_programs() / name), *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def client_of(settings: Mapping[str, str]) -> Any:  # noqa: ANN401 - boto3 makes its classes at run time
    return boto3.client(
        "s3",
        endpoint_url=settings["ESTEIRA_S3_ENDPOINT_URL"],
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
    )


def copy_bucket(settings: Mapping[str, str], source: str, folder: Path, target: str) -> None:
    """Do what `aws s3 sync s3://source folder` and `aws s3 sync folder s3://target` do."""
    client = client_of(settings)
    for found in client.list_objects_v2(Bucket=source)["Contents"]:
        path = folder / found["Key"]
        path.parent.mkdir(parents=True, exist_ok=True)
        client.download_file(source, found["Key"], str(path))
        client.upload_file(str(path), target, found["Key"])


@contextmanager
def api_on(folder: Path, settings: Mapping[str, str]) -> Iterator[EsteiraClient]:
    with running_program(API, folder, folder=folder.parent, **settings) as program:
        url = program.said(r'"url": "([^"]+)".*the API answers').group(1)
        with httpx.Client(base_url=url, timeout=60) as http:
            yield EsteiraClient(http=http)


def assert_there(client: EsteiraClient, document_id: str, data: bytes) -> None:
    assert client.search(QUESTION)[0]["text"].startswith("The lighthouse keeper")
    content = client.http.get(f"/api/v1/documents/{document_id}/content")
    assert httpx.get(content.headers["Location"]).content == data


def test_documents_survive_a_move_to_servers_of_ones_own_and_a_restored_backup(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    embedded = tmp_path / "embedded" / "data"
    embedded.parent.mkdir()
    dump = tmp_path / "esteira.dump"
    with running_stack(embedded) as stack, httpx.Client(base_url=stack.url, timeout=60) as http:
        letter = str(EsteiraClient(http=http).ingest("letter.txt", LETTER)["document_id"])
        assert stack.addresses.database_url is not None
        postgres_command("pg_dump", "--format=custom", "--file", str(dump), stack.addresses.database_url)

    port, redis_port = free_port(), free_port()
    with (
        s3_server(request) as s3,
        tcp_postgres(tmp_path / "postgres", port=port, password="rosebud") as database_url,
        tcp_redis(tmp_path / "redis", ["--port", str(redis_port), "--save", ""]),
    ):
        settings = {
            **s3,
            "ESTEIRA_DATABASE_URL": database_url,
            "ESTEIRA_REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
            "ESTEIRA_S3_BUCKET": f"moved-{secrets.token_hex(6)}",
        }
        postgres_command("pg_restore", "--no-owner", "--exit-on-error", "--dbname", database_url, str(dump))
        esteira(embedded, settings, "migrate")
        esteira(embedded, settings, "storage", "setup")
        assert esteira(embedded, settings, "storage", "copy").startswith("1 objects were copied")
        assert esteira(embedded, settings, "storage", "copy").startswith("0 objects were copied, 1 were there")

        own = tmp_path / "own" / "data"
        own.mkdir(parents=True)
        with api_on(own, settings) as client, running_program(WORKER, own, folder=own.parent, **settings):
            assert_there(client, letter, LETTER)
            client.process(letter)
            assert client.follow(letter)[-1]["status"] == "completed"
            assert client.ingest("later.txt", LATER)["status"] == "completed"
            postgres_command("pg_dump", "--format=custom", "--file", f"{dump}2", database_url)

        fresh_url = database_url.rpartition("/")[0] + "/fresh"
        postgres_command("createdb", "--maintenance-db", database_url, "fresh")
        restored = settings | {"ESTEIRA_DATABASE_URL": fresh_url, "ESTEIRA_S3_BUCKET": f"fresh-{secrets.token_hex(6)}"}
        esteira(own, restored, "storage", "setup")
        copy_bucket(settings, settings["ESTEIRA_S3_BUCKET"], tmp_path / "objects", restored["ESTEIRA_S3_BUCKET"])
        postgres_command("pg_restore", "--no-owner", "--exit-on-error", "--dbname", fresh_url, f"{dump}2")
        with api_on(own, restored) as client:
            assert_there(client, letter, LETTER)
            assert len(client.http.get("/api/v1/documents").json()["items"]) == 2
