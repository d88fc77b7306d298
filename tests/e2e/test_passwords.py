"""Passwords of encrypted PDFs: given with `process`, through API, database and worker, and then nowhere any more."""

import httpx
import psycopg
import pytest
import redis

from tests.support.esteira_client import EsteiraClient, Json, good
from tests.support.odd_files import encrypted_pdf
from tests.support.running_stack import RunningStack

pytestmark = pytest.mark.xdist_group("whole stack")

PASSWORD = "correct horse battery staple"
WRONG = "incorrect horse battery staple"


@pytest.fixture
def locked(client: EsteiraClient) -> str:
    """A document that was processed without its password."""
    document_id = client.upload("locked.pdf", encrypted_pdf(PASSWORD))
    client.process(document_id)
    assert "protected by a password" in failed_with_encrypted(client.follow(document_id)[-1])
    return document_id


def failed_with_encrypted(status: Json) -> str:
    """Return the sentence."""
    assert (status["status"], status["error"]["code"]) == ("failed", "encrypted")
    return str(status["error"]["message"])


def test_the_right_password_opens_the_document(client: EsteiraClient, locked: str) -> None:
    client.process(locked, password=PASSWORD)
    assert client.follow(locked)[-1]["status"] == "completed"
    assert client.text(locked) == "This page is secret."


def test_a_wrong_password_is_said_to_be_wrong(client: EsteiraClient, locked: str) -> None:
    client.process(locked, password=WRONG)
    assert "password is wrong" in failed_with_encrypted(client.follow(locked)[-1])


def test_a_retry_does_not_know_the_password_that_was_sent_before(client: EsteiraClient, locked: str) -> None:
    job_id = client.process(locked, password=WRONG)["job_id"]
    client.follow(locked)
    good(client.http.post(f"/api/v1/queue/jobs/{job_id}/retry"), 202)
    assert "protected by a password" in failed_with_encrypted(client.follow(locked)[-1])


def test_no_password_is_left_anywhere(whole_stack: RunningStack, client: EsteiraClient, locked: str) -> None:
    for password in (WRONG, PASSWORD):
        client.process(locked, password=password)
        client.follow(locked)
    database_url, redis_url = whole_stack.addresses.database_url, whole_stack.addresses.redis_url
    assert database_url is not None
    assert redis_url is not None
    left = [whole_stack.program.output]
    with psycopg.connect(database_url.replace("+psycopg", "")) as connection:
        for table in ("job_actions", "events", "jobs", "documents", "pages"):
            left += [row[0] for row in connection.execute(f"SELECT t::text FROM {table} t")]  # noqa: S608 - our names
    with redis.Redis.from_url(redis_url) as rq:
        left += [(rq.dump(key) or b"").decode("latin-1") for key in rq.scan_iter()]
    assert left[1:]
    assert not [text for text in left if "horse battery" in text or "sealed_password" in text]


@pytest.mark.parametrize("password", ["", "x" * 2000, 7, "nul \0"])
def test_what_is_no_password_is_refused_and_not_repeated(client: EsteiraClient, locked: str, password: object) -> None:
    answer = client.http.post(f"/api/v1/documents/{locked}/process", json={"password": password})
    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/password"]
    assert "xxxx" not in answer.text
    assert "nul \\u0000" not in answer.text
