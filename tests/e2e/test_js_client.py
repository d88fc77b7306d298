"""The JavaScript client in a real browser, on a page of another origin than the server's."""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.browser import PATIENCE_MS
from tests.support.esteira_client import EsteiraClient
from tests.support.running_stack import RunningStack

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request, Route

pytestmark = pytest.mark.xdist_group("whole stack")
CLIENT_PAGE = "tests/support/pages/client.html"
PART_BYTES = 16 << 20
# One part at a time, so that it is known which one is under way.
BEGIN_IN_PARTS = """() => {
    window.upload = esteira.upload(bigFile(), {
        partsFrom: 1, partsAtOnce: 1, process: false,
        onSaved: (saved) => localStorage.setItem("saved", JSON.stringify(saved)),
        onChange: ({ sent, size }) => window.most = Math.max(window.most ?? 0, sent / size),
    });
}"""
TO_THE_END = "async () => (await esteira.follow((await upload.done).document_id)).status"
IS_WHOLE = """async () => {
    const content = await esteira.content((await upload.done).document_id);
    return (await content.text()) === (await bigFile().text());
}"""


@pytest.fixture
def script(page: "Page", other_origin: str, whole_stack: RunningStack) -> "Page":
    """A page with the client, and a server for it to speak to."""
    return opened(page, other_origin, whole_stack.url)


@pytest.fixture
def puts(page: "Page") -> list[int]:
    """The numbers of the parts for which bytes were sent to the store, 0 where they went as one."""
    sent: list[int] = []

    def note(request: "Request") -> None:
        if request.method == "PUT":
            sent.append(part_of(request.url))

    page.on("request", note)
    return sent


@pytest.fixture
def failures_expected(page: "Page", page_errors: list[str]) -> Iterator[None]:  # noqa: ARG001 - the page judges later
    """Chromium complains of each answer that is no success, and of each lost connection."""
    yield
    page_errors[:] = [error for error in page_errors if not error.startswith("Failed to load resource")]


def opened(page: "Page", origin: str, url: str, *, key: str | None = None) -> "Page":
    page.goto(f"{origin}/{CLIENT_PAGE}")
    page.evaluate("options => { window.esteira = new Esteira(options) }", {"url": url, "apiKey": key})
    return page


def part_of(url: str) -> int:
    return int(parse_qs(urlsplit(url).query).get("part", ["0"])[0])


def held(page: "Page", part: int) -> Callable[[], "Route"]:
    """Let the bytes of this part stand still, the first time; give what waits for that."""
    waiting: list[Route] = []

    def hold(route: "Route") -> None:
        if waiting:
            route.continue_()
        else:
            waiting.append(route)

    def once_it_stands() -> "Route":
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while not waiting:
            assert time.monotonic() < deadline, "its bytes are not sent"
            page.wait_for_timeout(20)
        return waiting[0]

    page.route(lambda url: "/store/" in url and part_of(url) == part, hold)
    return once_it_stands


def in_state(page: "Page", state: str) -> None:
    page.wait_for_function("state => upload.state === state", arg=state, timeout=PATIENCE_MS)


def test_a_file_is_sent_by_one_put_and_followed_to_the_end(
    script: "Page", puts: list[int], client: EsteiraClient
) -> None:
    seen: dict[str, Any] = script.evaluate("""async () => {
        const file = new File(["The lighthouse keeper counts the ships at dusk."], "lighthouse.txt");
        const states = [], statuses = [];
        const onChange = ({ state, sent }) => states.push([state, sent]);
        const upload = esteira.upload(file, { metadata: { shelf: "js" }, onChange });
        const { document_id, job_id } = await upload.done;
        const final = await esteira.follow(document_id, ({ status }) => statuses.push(status));
        return { states, statuses, final, document_id, job_id, size: file.size };
    }""")
    assert [seen["states"][0], seen["states"][-1]] == [["sending", 0], ["processing", seen["size"]]]
    assert all(sent <= seen["size"] for _, sent in seen["states"])
    assert seen["statuses"][-1] == seen["final"]["status"] == "completed"
    assert seen["final"]["job_id"] == seen["job_id"]
    assert puts == [0]
    document = client.http.get(f"/api/v1/documents/{seen['document_id']}").json()
    assert (document["filename"], document["metadata"]) == ("lighthouse.txt", {"shelf": "js"})
    assert document["checksum_sha256"] is not None


@pytest.mark.usefixtures("failures_expected")
def test_what_was_ingested_is_read_searched_and_deleted(script: "Page") -> None:
    seen: dict[str, Any] = script.evaluate("""async () => {
        const words = "Salt marshes slow the spring tide.";
        const { document_id } = await esteira.upload(new File([words], "marsh.txt")).done;
        await esteira.follow(document_id);
        const { results } = await esteira.search({ query: "salt marshes", document_ids: [document_id] });
        return {
            words, found: results[0].text,
            text: await esteira.text(document_id),
            chunks: (await esteira.chunks(document_id)).items.map(({ text }) => text),
            content: await (await esteira.content(document_id)).text(),
            listed: (await esteira.documents({ filename: "marsh.txt", limit: 1 })).items.length,
            receipt: await esteira.delete(document_id),
            gone: await esteira.document(document_id).catch(({ code, status }) => [code, status]),
        };
    }""")
    assert seen["found"] == seen["content"] == seen["words"]
    assert seen["words"] in seen["text"]
    assert seen["chunks"] == [seen["words"]]
    assert seen["listed"] == 1
    assert seen["receipt"]["deleted"]["chunks"] == 1
    assert seen["gone"] == ["document_not_found", 404]


def test_a_large_file_goes_in_parts_three_at_once(script: "Page", puts: list[int]) -> None:
    standing: list[Route] = []

    def hold(route: "Route") -> None:
        if len(puts) > 3:
            route.continue_()
        else:
            standing.append(route)

    script.route(lambda url: "/store/" in url, hold)
    signed: list[str] = []
    script.on("response", lambda answer: signed.append(answer.url) if "/parts/" in answer.url else None)
    script.evaluate(BEGIN_IN_PARTS.replace("partsAtOnce: 1", "partsAtOnce: 9").replace("bigFile()", "bigFile(4)"))
    # Which three come first is up to the order in which their URLs are signed.
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while len(signed) < 4 or len(standing) < 3:
        assert time.monotonic() < deadline, (signed, standing)
        script.wait_for_timeout(20)
    assert len(standing) == len(set(puts)) == len(puts) == 3
    for route in standing:
        route.continue_()
    assert script.evaluate("async () => { await upload.done; return [upload.sent === upload.size, most] }") == [True, 1]
    assert sorted(puts) == [1, 2, 3, 4]
    assert script.evaluate("localStorage.getItem('saved')") == "null"


def test_what_came_in_parts_is_processed(script: "Page", client: EsteiraClient) -> None:
    script.evaluate("() => { window.upload = esteira.upload(bigFile(2), { partsFrom: 1 }) }")
    assert script.evaluate(TO_THE_END) == "completed"
    assert "herring" in client.text(script.evaluate("upload.documentId"))


def test_a_pause_ends_what_runs_and_the_rest_is_sent_afterwards(script: "Page", puts: list[int]) -> None:
    second = held(script, 2)
    script.evaluate(BEGIN_IN_PARTS)
    second()
    script.evaluate("upload.pause()")
    assert script.evaluate("[upload.state, upload.sent]") == ["paused", PART_BYTES]
    script.evaluate("upload.resume()")
    assert script.evaluate(IS_WHOLE)
    assert puts == [1, 2, 2, 3]


def test_after_a_reload_only_missing_parts_are_sent(script: "Page", puts: list[int], whole_stack: RunningStack) -> None:
    second = held(script, 2)
    script.evaluate(BEGIN_IN_PARTS)
    second()
    puts.clear()
    opened(script, script.url.removesuffix(f"/{CLIENT_PAGE}"), whole_stack.url)
    other = "esteira.resumeUpload(new File(['x'], 'y'), JSON.parse(localStorage.getItem('saved'))).done"
    assert script.evaluate(f"{other}.catch(({{ code }}) => code)") == "file_changed"
    script.evaluate("""() => {
        const saved = JSON.parse(localStorage.getItem("saved"));
        window.upload = esteira.resumeUpload(bigFile(), saved, { process: false });
    }""")
    assert script.evaluate(IS_WHOLE)
    assert sorted(puts) == [2, 3]


@pytest.mark.usefixtures("failures_expected")
def test_a_lost_connection_is_waited_for(script: "Page", puts: list[int]) -> None:
    second = held(script, 2)
    script.evaluate(BEGIN_IN_PARTS)
    broken = second()
    script.context.set_offline(True)
    broken.abort("internetdisconnected")
    in_state(script, "offline")
    assert script.evaluate("[upload.sent, upload.error.code]") == [PART_BYTES, "unreachable"]
    script.context.set_offline(False)
    assert script.evaluate(IS_WHOLE)
    assert puts == [1, 2, 2, 3]


@pytest.mark.usefixtures("failures_expected")
@pytest.mark.parametrize("parts_from", [1, 1 << 30], ids=["in parts", "as one"])
def test_a_refused_url_is_signed_anew(script: "Page", puts: list[int], parts_from: int) -> None:
    script.route("**/store/**", lambda route: route.continue_(url=f"{route.request.url}0"), times=1)
    script.evaluate(
        """partsFrom => {
            window.upload = esteira.upload(new File(["Gulls follow the plough."], "gulls.txt"), { partsFrom });
        }""",
        parts_from,
    )
    assert script.evaluate(TO_THE_END) == "completed"
    assert len(puts) == 2


@pytest.mark.usefixtures("failures_expected")
def test_what_stays_refused_has_failed_and_can_be_tried_again(script: "Page", puts: list[int]) -> None:
    script.route("**/store/**", lambda route: route.continue_(url=f"{route.request.url}0"))
    failed = script.evaluate("""async () => {
        window.upload = esteira.upload(new File(["Rooks nest early."], "rooks.txt"));
        return upload.done.catch(({ code, status }) => [code, status, upload.state]);
    }""")
    assert failed == ["upload_url_invalid", 403, "failed"]
    assert len(puts) == 3
    script.unroute_all()
    script.evaluate("upload.retry()")
    assert script.evaluate(TO_THE_END) == "completed"


@pytest.mark.usefixtures("failures_expected")
def test_a_cancelled_upload_leaves_nothing(script: "Page", client: EsteiraClient) -> None:
    second = held(script, 2)
    script.evaluate(BEGIN_IN_PARTS)
    second()
    seen = script.evaluate("""async () => {
        const documentId = upload.documentId;
        await upload.cancel();
        return [upload.state, await upload.done.catch(({ code }) => code), localStorage.getItem("saved"), documentId];
    }""")
    assert seen[:3] == ["cancelled", "aborted", "null"]
    assert client.http.get(f"/api/v1/documents/{seen[3]}").status_code == 404


@pytest.mark.usefixtures("failures_expected")
def test_an_upload_that_is_cancelled_while_it_is_announced_leaves_nothing(
    script: "Page", client: EsteiraClient
) -> None:
    announced: list[str] = []

    def swallow(route: "Route") -> None:
        announced.append(route.fetch().json()["document_id"])

    script.route("**/presigned", swallow, times=1)
    script.evaluate("() => { window.upload = esteira.upload(new File(['Rain at noon.'], 'rain.txt')) }")
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not announced:
        assert time.monotonic() < deadline, "it is not announced"
        script.wait_for_timeout(20)
    assert client.http.get(f"/api/v1/documents/{announced[0]}").status_code == 200
    script.evaluate("upload.cancel()")
    assert client.http.get(f"/api/v1/documents/{announced[0]}").status_code == 404


@pytest.mark.usefixtures("failures_expected")
def test_what_the_store_has_forgotten_is_sent_anew_by_one_retry(script: "Page", client: EsteiraClient) -> None:
    second = held(script, 2)
    script.evaluate(BEGIN_IN_PARTS)
    forgotten = second()
    document_id = script.evaluate("upload.documentId")
    client.http.delete(f"/api/v1/documents/{document_id}/upload")
    forgotten.fulfill(
        status=404,
        headers={"Access-Control-Allow-Origin": "*"},
        body="<Error><Code>NoSuchUpload</Code><Message>It is not there.</Message></Error>",
    )
    in_state(script, "failed")
    assert script.evaluate("localStorage.getItem('saved')") == "null"
    script.evaluate("upload.retry()")
    assert script.evaluate(IS_WHOLE)
    assert script.evaluate("upload.documentId") != document_id


@pytest.mark.usefixtures("failures_expected")
def test_who_follows_is_told_that_the_server_is_away_and_back(script: "Page", client: EsteiraClient) -> None:
    document_id = client.upload("moor.txt", b"Fog lies on the moor.")
    away = {"status": 503, "headers": {"Retry-After": "0", "Access-Control-Allow-Origin": "*"}, "body": "<h1>Away</h1>"}
    script.route("**/events", lambda route: route.fulfill(**away), times=1)
    told = script.evaluate(
        """async (id) => {
            const told = [], stop = new AbortController();
            const onError = (error) => told.push(error && [error.code, error.isPassing]);
            await esteira.follow(id, () => stop.abort(), { signal: stop.signal, onError }).catch(() => {});
            return told;
        }""",
        document_id,
    )
    assert told == [["unreachable", True], None]


@pytest.mark.usefixtures("failures_expected")
def test_a_server_that_is_away_is_asked_again(script: "Page") -> None:
    away = {"status": 503, "headers": {"Retry-After": "0", "Access-Control-Allow-Origin": "*"}, "body": "<h1>Away</h1>"}
    for address in ("**/presigned", "**/process", "**/events", "**/documents?*"):
        script.route(address, lambda route: route.fulfill(**away), times=2)
    script.evaluate("() => { window.upload = esteira.upload(new File(['Moss grows north.'], 'moss.txt')) }")
    assert script.evaluate(TO_THE_END) == "completed"
    assert script.evaluate("esteira.documents({ limit: 1 }).then(({ items }) => items.length)") == 1


@pytest.mark.usefixtures("failures_expected")
@pytest.mark.parametrize("body", ["", "<html>", "data: {}\n\n"], ids=["nothing", "a page", "no event stream"])
def test_where_events_do_not_come_through_it_asks(script: "Page", body: str) -> None:
    headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "text/html"}
    script.route("**/events", lambda route: route.fulfill(status=200, headers=headers, body=body))
    script.evaluate("() => { window.upload = esteira.upload(new File(['Bees sleep.'], 'bees.txt')) }")
    assert script.evaluate(TO_THE_END) == "completed"


@pytest.mark.usefixtures("failures_expected")
def test_an_event_stream_goes_on_where_it_was_cut(script: "Page") -> None:
    known: list[str | None] = []
    script.on("request", lambda it: known.append(it.headers.get("last-event-id")) if "/events" in it.url else None)
    first = 'event: status\nid: 0\ndata: {"status": "pending", "cut": true}\n\nevent: sta'
    headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "text/event-stream"}
    script.route("**/events", lambda route: route.fulfill(status=200, headers=headers, body=first), times=1)
    seen = script.evaluate("""async () => {
        const { document_id } = await esteira.upload(new File(["Otters fish."], "otters.txt")).done;
        const seen = [];
        await esteira.follow(document_id, ({ status, cut = false }) => seen.push([status, cut]));
        return seen;
    }""")
    assert seen[0] == ["pending", True]
    assert seen[-1] == ["completed", False]
    assert known == [None, "0"]


def test_who_follows_learns_that_the_document_was_deleted(script: "Page") -> None:
    code = script.evaluate("""async () => {
        const { document_id } = await esteira.upload(new File(["x"], "x.txt"), { process: false }).done;
        const seen = [];
        const following = esteira.follow(document_id, ({ status }) => {
            seen.push(status);
            esteira.delete(document_id);
        });
        return [await following.catch(({ code }) => code), seen];
    }""")
    assert code == ["document_not_found", ["awaiting_upload"]]


def test_who_stops_following_is_told(script: "Page") -> None:
    code = script.evaluate("""async () => {
        const { document_id } = await esteira.upload(new File(["x"], "x.txt"), { process: false }).done;
        const stop = new AbortController();
        return esteira.follow(document_id, () => stop.abort(), { signal: stop.signal }).catch(({ code }) => code);
    }""")
    assert code == "aborted"


def test_many_are_watched_by_one_request_until_all_are_final(script: "Page") -> None:
    asked: list[str] = []
    script.on("request", lambda it: asked.append(it.url) if "/documents/status?" in it.url else None)
    seen: dict[str, str] = script.evaluate("""async () => {
        const files = Array.from({ length: 12 }, (_, n) => new File([`Buoy ${n} rings.`], `buoy-${n}.txt`));
        const ids = (await Promise.all(files.map((file) => esteira.upload(file).done))).map((it) => it.document_id);
        const last = {}, stop = new AbortController();
        const moving = () => ids.filter((id) => !["completed", "failed"].includes(last[id]));
        await new Promise((resolve) => esteira.watch(moving, (changed) => {
            for (const { document_id, status } of changed) last[document_id] = status;
            if (!moving().length) resolve();
        }, { signal: stop.signal }));
        stop.abort();
        return last;
    }""")
    assert sorted(seen.values()) == ["completed"] * 12
    assert all(url.count("%2C") <= 11 for url in asked)


def test_what_does_not_move_is_asked_about_less_often(
    page: "Page", other_origin: str, whole_stack: RunningStack, client: EsteiraClient
) -> None:
    page.clock.install()
    opened(page, other_origin, whole_stack.url)
    asked: list[str | None] = []
    page.on("request", lambda it: asked.append(it.headers.get("if-none-match")) if "status?" in it.url else None)

    def seconds_pass(seconds: int) -> int:
        before = len(asked)
        for _ in range(seconds):
            page.clock.run_for(1000)
            page.evaluate("esteira.documents({ limit: 1 }).then(() => null)")  # by then the other answer is there too
        return len(asked) - before

    document_id = client.announce("still.txt", b"x")["document_id"]
    page.evaluate("id => { esteira.watch(() => [id], (changed) => window.changed = changed) }", document_id)
    assert seconds_pass(10) > 5
    seconds_pass(10)
    assert 0 < seconds_pass(20) < 6
    assert asked[0] is None
    assert None not in asked[1:]
    assert page.evaluate("changed.map(({ status }) => status)") == ["awaiting_upload"]


@pytest.mark.usefixtures("failures_expected")
def test_a_store_that_never_answers_while_the_server_does_has_failed(
    page: "Page", other_origin: str, whole_stack: RunningStack, puts: list[int]
) -> None:
    page.clock.install()
    opened(page, other_origin, whole_stack.url)
    page.route("**/store/**", lambda route: route.abort("connectionrefused"))
    page.evaluate("() => { window.upload = esteira.upload(new File(['x'], 'x.txt')) }")
    while page.evaluate("upload.state") != "failed":
        page.clock.run_for(60_000)
    assert len(puts) == 8
    assert page.evaluate("upload.error.code") == "unreachable"
    assert "CORS" in page.evaluate("upload.error.detail")


def test_a_failed_document_tells_its_code(script: "Page") -> None:
    error = script.evaluate("""async () => {
        const { document_id } = await esteira.upload(new File(["%PDF-1.7 torn"], "torn.pdf")).done;
        return (await esteira.follow(document_id)).error;
    }""")
    assert error["code"] == "corrupt"
    assert error["message"]


@pytest.mark.usefixtures("failures_expected")
def test_what_the_server_refuses_is_told_with_code_and_detail(script: "Page") -> None:
    seen = script.evaluate("""async () => {
        const tell = (error) => ({ ...error, name: error.name, message: error.message });
        return [
            await esteira.search({ query: "" }).catch(tell),
            await esteira.upload(new File(["x"], "x.txt"), { chunk_tokens: 1 }).done.catch(tell),
        ];
    }""")
    assert [(it["name"], it["code"], it["status"]) for it in seen] == [("EsteiraError", "invalid_request", 422)] * 2
    assert [it["errors"][0]["pointer"] for it in seen] == ["/query", "/chunk_tokens"]
    assert all(it["message"] == it["detail"] for it in seen)


@pytest.mark.parametrize("key", ["chav\N{LATIN SMALL LETTER E WITH ACUTE}", "key\N{HORIZONTAL ELLIPSIS}", "a\nb"])
def test_a_key_that_no_header_can_carry_is_told_before_anything_is_sent(
    page: "Page", other_origin: str, whole_stack: RunningStack, key: str
) -> None:
    script = opened(page, other_origin, whole_stack.url, key=key)
    sent: list[str] = []
    script.on("request", lambda request: sent.append(request.url))
    assert script.evaluate("esteira.documents().catch((error) => [error.code, error.isPassing])") == ["not_sent", False]
    assert sent == []


def test_a_job_is_followed_and_its_file_is_fetched(script: "Page") -> None:
    seen = script.evaluate("""async () => {
        const { job_id } = await esteira.startArtifact({ kind: "xlsx", report: "inventory" });
        const job = await esteira.followJob(job_id);
        const file = await (await fetch(await esteira.artifactUrl(job_id))).blob();
        return [job.status, file.size > 1000, (await esteira.queueInfo()).queues.artifacts.finished > 0];
    }""")
    assert seen == ["completed", True, True]
