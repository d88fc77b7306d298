"""Each request has an id, which stands on its answer and on every line that it causes."""

import io
import json
import logging
from collections.abc import Callable, Iterator

import httpx
import pytest

from domain.errors import DatabaseUnavailable
from infrastructure.telemetry.logs import log_handler
from tests.support.api import Api

STATUS = "/api/v1/documents/0192f000-0000-7000-8000-000000000000/status"
Lines = Callable[[], list[dict[str, object]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Keep what is logged from DEBUG on; give the lines of the request `one`, once the server has stopped."""
    stream = io.StringIO()
    root, interface = logging.getLogger(), logging.getLogger("interface")
    before, root.handlers = root.handlers, [log_handler("json", stream)]
    interface.setLevel("DEBUG")
    yield lambda: [line for line in map(json.loads, stream.getvalue().splitlines()) if line.get("request") == "one"]
    interface.setLevel("NOTSET")
    root.handlers = before


def ask(api: Api, path: str) -> None:
    with api.serve() as client:
        client.get(path, headers={"X-Request-ID": "one"})


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with Api().serve() as client:
        yield client


def test_a_sane_id_is_taken_and_given_back(client: httpx.Client) -> None:
    assert client.get("/api/health", headers={"X-Request-ID": "a-1.b"}).headers["X-Request-ID"] == "a-1.b"


@pytest.mark.parametrize("sent", ["", "x" * 129, "a b", 'a"b', "\u00e7"])
def test_any_other_is_replaced(client: httpx.Client, sent: str) -> None:
    given = client.get("/api/health", headers={"X-Request-ID": sent.encode()}).headers["X-Request-ID"]
    assert given != sent
    assert len(given) == 36


def test_a_refused_request_and_one_that_nothing_answers_have_an_id_too(client: httpx.Client) -> None:
    for answer in (client.post(STATUS), client.get("/none")):
        assert answer.status_code >= 400
        assert answer.headers["X-Request-ID"]


def test_the_line_of_an_answer_has_the_template_and_nothing_of_the_query(lines: Lines) -> None:
    ask(Api(), f"{STATUS}?wait=1&token=hunter2")
    (line,) = lines()
    assert (line["message"], line["route"]) == ("answered", "/api/v1/documents/{document_id}/status")
    assert (line["method"], line["status"], line["level"]) == ("GET", 404, "info")
    assert isinstance(line["ms"], float)
    assert "hunter2" not in str(line)


def test_reading_that_goes_well_is_worth_a_line_to_the_curious_alone(lines: Lines) -> None:
    ask(Api(), "/api/health")
    assert [line["level"] for line in lines()] == ["debug"]


def test_lines_that_a_request_causes_in_a_thread_have_its_id(lines: Lines) -> None:
    api = Api()
    api.database.is_down = True
    ask(api, STATUS)
    assert [line["message"] for line in lines()] == ["a request failed: database_unavailable", "answered"]


def away() -> None:
    raise DatabaseUnavailable


def test_so_have_those_of_threads_that_it_starts_itself(lines: Lines) -> None:
    ask(Api(parts={"database": away}), "/api/ready")
    assert [line["message"] for line in lines()] == ["database is not ready: database_unavailable", "answered"]
