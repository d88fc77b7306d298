"""The JavaScript client in a real browser, on a page of another origin than the server's."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.esteira_client import EsteiraClient
from tests.support.running_stack import RunningStack

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.xdist_group("whole stack")
CLIENT_PAGE = "tests/support/pages/client.html"


@pytest.fixture
def script(page: "Page", other_origin: str, whole_stack: RunningStack) -> "Page":
    """A page with the client, and a server for it to speak to."""
    page.goto(f"{other_origin}/{CLIENT_PAGE}")
    page.evaluate("url => { window.esteira = new Esteira({ url }) }", whole_stack.url)
    return page


def test_a_file_is_sent_by_one_put_and_followed_to_the_end(script: "Page", client: EsteiraClient) -> None:
    seen: dict[str, Any] = script.evaluate("""async () => {
        const file = new File(["The lighthouse keeper counts the ships at dusk."], "lighthouse.txt");
        const states = [], statuses = [];
        const onChange = ({ state, sent }) => states.push([state, sent]);
        const upload = esteira.upload(file, { metadata: { shelf: "js" }, onChange });
        const { document_id, job_id } = await upload.done;
        const final = await esteira.follow(document_id, ({ status }) => statuses.push(status));
        return { states, statuses, final, document_id, job_id, size: file.size };
    }""")
    assert [state for state, _ in seen["states"]][::1][0] == "waiting"
    assert seen["states"][-1] == ["processing", seen["size"]]
    assert all(sent <= seen["size"] for _, sent in seen["states"])
    assert seen["statuses"][-1] == seen["final"]["status"] == "completed"
    assert seen["final"]["job_id"] == seen["job_id"]
    document = client.http.get(f"/api/v1/documents/{seen['document_id']}").json()
    assert (document["filename"], document["metadata"]) == ("lighthouse.txt", {"shelf": "js"})
    assert document["checksum_sha256"] is not None
    assert "ships at dusk" in client.text(seen["document_id"])
