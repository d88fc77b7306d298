"""Callbacks of the processing of documents: asked for with it, also where it runs already, and told when it ends."""

from collections.abc import Iterator
from ipaddress import ip_network

import httpx
import pytest

from domain.callback import CALLBACK, CallbackRules
from domain.document import Document
from domain.job import Job
from tests.support.api import Api

URL = "https://example.org/done"
OTHER = "https://example.org/other"


@pytest.fixture
def api() -> Api:
    return Api(callbacks=CallbackRules(networks=(ip_network("10.1.0.0/16"),)))


@pytest.fixture
def client(api: Api) -> Iterator[httpx.Client]:
    with api.serve() as client:
        yield client


def told(api: Api) -> list[str]:
    """Return the jobs whose end is to be told."""
    callbacks = (action for job in api.database.jobs.values() for action in job.actions if action.type == CALLBACK)
    return [str(action.params["job_id"]) for action in callbacks]


def process(client: httpx.Client, document: Document, **body: object) -> httpx.Response:
    return client.post(f"/api/v1/documents/{document.id}/process", json=body)


def job_of(api: Api, answer: httpx.Response) -> Job:
    assert answer.status_code == 202, answer.text
    return next(job for job in api.database.jobs.values() if str(job.id) == answer.json()["job_id"])


def test_the_end_of_a_processing_is_told(api: Api, client: httpx.Client) -> None:
    job = job_of(api, process(client, api.add_document(content=b"%PDF"), callback_url=URL))
    api.start(job.id)
    assert (job.callback_url, told(api)) == (URL, [])
    api.complete(job.id)
    assert told(api) == [str(job.id)]


def test_a_processing_that_runs_gets_the_callback_of_who_asks_later(api: Api, client: httpx.Client) -> None:
    document = api.add_document(content=b"%PDF")
    job = job_of(api, process(client, document))
    api.start(job.id)
    assert job_of(api, process(client, document, callback_url=URL)).id == job.id
    assert job_of(api, process(client, document, callback_url=URL)).callback_url == URL
    assert job_of(api, process(client, document)).callback_url == URL, "who asks without one takes none away"
    api.complete(job.id)
    assert told(api) == [str(job.id)]


def test_a_processing_that_runs_with_another_callback_is_not_taken_over(api: Api, client: httpx.Client) -> None:
    document = api.add_document(content=b"%PDF")
    job = job_of(api, process(client, document, callback_url=URL))
    answer = process(client, document, callback_url=OTHER)
    assert (answer.status_code, answer.json()["code"]) == (409, "callback_taken")
    assert api.database.jobs[job.id].callback_url == URL


def test_each_document_of_a_batch_is_told(api: Api, client: httpx.Client) -> None:
    documents = [api.add_document(content=b"%PDF") for _ in range(3)]
    process(client, documents[2], callback_url=OTHER)
    body = {"document_ids": [str(document.id) for document in documents], "callback_url": URL}
    first, second, third = client.post("/api/v1/documents/process", json=body).json()["items"]
    assert third["code"] == "callback_taken"
    for item in (first, second):
        client.post(f"/api/v1/documents/{item['document_id']}/cancel")
    assert sorted(told(api)) == sorted([first["job_id"], second["job_id"]])


def test_a_document_that_is_deleted_while_it_is_processed_is_told_as_cancelled(api: Api, client: httpx.Client) -> None:
    document = api.add_document(content=b"%PDF")
    job = job_of(api, process(client, document, callback_url=URL))
    api.start(job.id)
    client.delete(f"/api/v1/documents/{document.id}")
    assert (told(api), api.database.jobs[job.id].status) == ([str(job.id)], "cancelled")


@pytest.mark.parametrize("url", ["http://10.2.0.1/", "http://localhost/", "mailto:a@example.org"])
def test_a_callback_that_cannot_be_called_starts_nothing(api: Api, client: httpx.Client, url: str) -> None:
    document = api.add_document(content=b"%PDF")
    batch = {"document_ids": [str(document.id)], "callback_url": url}
    for answer in (process(client, document, callback_url=url), client.post("/api/v1/documents/process", json=batch)):
        assert (answer.status_code, answer.json()["code"]) == (422, "callback_refused")
    assert api.database.jobs == {}


def test_what_the_setting_opens_is_taken(api: Api, client: httpx.Client) -> None:
    assert process(client, api.add_document(content=b"%PDF"), callback_url="http://10.1.2.3:5678/").status_code == 202
