"""The workflows for n8n: whole in themselves, true to our interface, and played as requests. n8n itself is not run."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from application.use_cases.deliver_callback import DeliverCallback
from domain.callback import CALLBACK, CallbackRules
from domain.ids import JobId
from infrastructure.callbacks.http_callback_sender import HttpCallbackSender
from infrastructure.callbacks.standard_webhooks import read_secret
from interface.api.v1.schemas.callbacks import callback_body
from tests.support.api import Api
from tests.support.callback_receiver import SECRET, a_receiver
from tests.support.n8n_player import Player
from tests.support.unhurried import Unhurried

FOLDER = Path(__file__).parents[2] / "examples" / "n8n"
WORKFLOWS = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))}
# Looked up in packages/nodes-base of n8n-io/n8n.
VERSIONS = {"manualTrigger": 1, "set": 3.4, "httpRequest": 4.2, "code": 2, "wait": 1.1, "if": 2.2, "stopAndError": 1}
BASE = "={{ $('Settings').first().json.esteira }}"
HERE = CallbackRules(networks=(ip_network("127.0.0.0/8"),))
FILE = {"filename": 'a "b".txt', "content_type": "text/plain", "size_bytes": 4}

each_workflow = pytest.mark.parametrize("name", WORKFLOWS)


@pytest.fixture
def api() -> Api:
    return Api(callbacks=HERE)


@pytest.fixture
def client(api: Api) -> Iterator[httpx.Client]:
    with api.serve() as client:
        yield client


@each_workflow
def test_a_workflow_is_whole(name: str) -> None:
    workflow = WORKFLOWS[name]
    nodes = {node["name"]: node for node in workflow["nodes"]}
    assert len({node["id"] for node in workflow["nodes"]}) == len(nodes) == len(workflow["nodes"])
    assert {n: (node["type"], node["typeVersion"]) for n, node in nodes.items()} == {
        n: (node["type"], VERSIONS[node["type"].removeprefix("n8n-nodes-base.")]) for n, node in nodes.items()
    }
    reached = {"Start"}
    for source, outputs in workflow["connections"].items():
        targets = [target for output in outputs["main"] for target in output]
        assert all((target["type"], target["index"]) == ("main", 0) for target in targets)
        assert {source, *(target["node"] for target in targets)} <= nodes.keys()
        assert len(outputs["main"]) == (2 if nodes[source]["type"].endswith(".if") else 1)
        reached |= {target["node"] for target in targets}
    assert reached == nodes.keys()
    named = set(re.findall(r"\$\('([^']+)'\)", json.dumps(workflow)))
    assert named <= nodes.keys()


@each_workflow
def test_what_a_workflow_calls_is_in_our_interface(name: str, client: httpx.Client) -> None:
    interface = client.get("/openapi.json").json()
    called = [node for node in WORKFLOWS[name]["nodes"] if node["parameters"].get("url", "").startswith(BASE)]
    assert len(called) == 4
    for node in called:
        parameters = node["parameters"]
        path = re.sub(r"\{\{ .+? \}\}", "{document_id}", parameters["url"].removeprefix(BASE))
        operation = interface["paths"][path][parameters["method"].lower()]
        sent = set(re.findall(r'"(\w+)":', parameters.get("jsonBody", "")))
        assert sent <= fields_of(interface, operation)
        assert parameters["genericAuthType"] == "httpHeaderAuth"


def fields_of(interface: Any, operation: Any) -> set[str]:  # noqa: ANN401
    if "requestBody" not in operation:
        return set()
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    [reference] = [each["$ref"] for each in schema.get("anyOf", [schema]) if "$ref" in each]
    return set(interface["components"]["schemas"][reference.rpartition("/")[2]]["properties"])


def uploaded(api: Api, client: httpx.Client, name: str, *, resume_url: str = "") -> tuple[Player, JobId]:
    """Play a workflow up to the moment when the document waits for a worker."""
    player = Player(workflow=WORKFLOWS[name], client=client, resume_url=resume_url)
    assigned = player.node("Settings")["parameters"]["assignments"]["assignments"]
    player.give("Settings", {each["name"]: each["value"] for each in assigned} | {"esteira": str(client.base_url)})
    player.give("Describe the file", FILE)
    announced = player.call("Announce").json()
    put = player.node("Upload")["parameters"]
    assert (player.text(put["url"]), put["method"]) == (announced["upload"]["url"], announced["upload"]["method"])
    assert json.loads(player.text(put["jsonHeaders"])) == announced["upload"]["headers"]
    [document] = api.database.documents.values()
    assert document.filename == FILE["filename"]
    api.blobs.put(document.object_key, b"text", document.content_type)
    return player, JobId(UUID(player.call("Process").json()["job_id"]))


def searched(player: Player) -> str:
    """Play the end, from the node that asks for the status on; return where it comes out."""
    assert player.after("Completed?") == "Search"
    if not player.is_true("Completed?"):
        return player.after("Completed?", 1)
    player.call("Search")
    return "Search"


def test_the_workflow_that_asks_goes_round_until_it_is_done(api: Api, client: httpx.Client) -> None:
    player, job_id = uploaded(api, client, "poll")
    rounds = ["Process"]
    while rounds[-1] != "Completed?":
        assert player.after(rounds[-1]) == "Wait"
        assert player.after("Wait") == "Ask how far it is"
        player.call("Ask how far it is")
        assert player.after("Ask how far it is") == "Still moving?"
        rounds.append("Still moving?" if player.is_true("Still moving?") else player.after("Still moving?", 1))
        if len(rounds) == 2:
            api.start(job_id)
        elif len(rounds) == 3:
            api.complete(job_id)
    assert rounds == ["Process", "Still moving?", "Still moving?", "Completed?"]
    assert searched(player) == "Search"
    [asked] = api.search.asked
    assert [str(each) for each in asked.passage_filter.document_ids or ()] == [player.given["Announce"]["document_id"]]


def test_the_workflow_that_sleeps_is_woken_by_the_callback(api: Api, client: httpx.Client) -> None:
    with a_receiver() as n8n:
        player, job_id = uploaded(api, client, "callback", resume_url=n8n.url)
        wait = player.node(player.after("Process"))["parameters"]
        assert (wait["resume"], wait["httpMethod"]) == ("webhook", "POST")
        api.start(job_id)
        api.complete(job_id)
        deliver(api)
        [call] = n8n.received
    assert json.loads(call.body)["data"]["document_id"] == player.given["Announce"]["document_id"]
    assert player.after("Wait for the callback") == "Ask how it ended"
    player.call("Ask how it ended")
    assert searched(player) == "Search"


@each_workflow
def test_a_document_that_does_not_complete_stops_the_workflow(name: str, api: Api, client: httpx.Client) -> None:
    player, _ = uploaded(api, client, name, resume_url="http://127.0.0.1:1/")
    client.post(f"/api/v1/documents/{player.given['Announce']['document_id']}/cancel")
    player.call("Ask how far it is" if name == "poll" else "Ask how it ended")
    assert searched(player) == "Stop"
    assert player.last["status"] == "cancelled"


def deliver(api: Api) -> None:
    """Do what a worker of the queue `callbacks` does."""
    [told] = [job for job in api.database.jobs.values() if job.actions[0].type == CALLBACK]
    sender = HttpCallbackSender(rules=HERE, load_keys=lambda: [read_secret(SECRET)])
    handler = DeliverCallback(transactions=api.database, sender=sender, write=callback_body)
    claimed = told.actions[0].claim(
        worker="w", now=api.clock(), lease=timedelta(minutes=1), timeout=timedelta(minutes=1)
    )
    assert handler(claimed, Unhurried()).result["status"] == 204
