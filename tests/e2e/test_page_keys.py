"""The page where the server asks for keys: it asks for one, and says what a key does not open."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.axe import serious_findings
from tests.support.program import running_program
from tests.support.running_stack import RunningStack, running_stack

if TYPE_CHECKING:
    from playwright.sync_api import Page

CREATE = ("-m", "bootstrap.command", "keys", "create", "--json", "--name", "a test")
# The page's own client, with the key that was given to the page.
WITH_CLIENT = "const { client } = await import(`${location.origin}/assets/lib/client.js`);"


def make_key(data_dir: Path, *scopes: str) -> str:
    arguments = (*CREATE, *(argument for scope in scopes for argument in ("--scope", scope)))
    with running_program(arguments, data_dir) as program:
        assert program.ended() == 0, program.output
    return str(json.loads(program.output[program.output.index("{") :])["key"])


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("with keys") / "data"


@pytest.fixture(scope="module")
def all_scopes(data_dir: Path) -> str:
    return make_key(data_dir, "admin")


@pytest.fixture(scope="module")
def locked(data_dir: Path, all_scopes: str) -> Iterator[RunningStack]:
    """A stack that lets nobody in without a key."""
    assert all_scopes  # it would not start without one
    with running_stack(data_dir, ESTEIRA_REQUIRE_API_KEY="true") as running:
        yield running


def give_key(page: "Page", key: str) -> None:
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Use this key").click()


def call(page: "Page", script: str) -> Any:  # noqa: ANN401 - what the script returns
    """Run JavaScript with the page's client; a refusal is returned by its code."""
    return page.evaluate(f"async () => {{ {WITH_CLIENT} try {{ {script} }} catch (error) {{ return error.code; }} }}")


@pytest.fixture(autouse=True)
def _refusals_are_expected(page_errors: list[str]) -> Iterator[None]:
    yield
    page_errors[:] = [error for error in page_errors if "status of 401" not in error and "status of 403" not in error]


def test_a_wrong_key_is_refused_and_a_right_one_opens_the_page(
    page: "Page", locked: RunningStack, all_scopes: str
) -> None:
    page.goto(f"{locked.url}/#/operations")
    page.get_by_role("heading", name="This server asks for a key").wait_for()
    assert serious_findings(page) == []
    give_key(page, "est_wrong")
    page.get_by_role("alert").get_by_text("does not take this key").wait_for()
    give_key(page, all_scopes)
    page.get_by_role("heading", name="All is well").wait_for()
    page.reload()
    page.get_by_role("heading", name="All is well").wait_for()
    page.get_by_role("button", name="Forget the key").click()
    page.get_by_role("heading", name="This server asks for a key").wait_for()


def test_a_key_that_no_header_can_carry_is_not_sent(page: "Page", locked: RunningStack, all_scopes: str) -> None:
    page.goto(f"{locked.url}/#/operations")
    page.get_by_label("API key").wait_for()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    give_key(page, f"\N{LEFT DOUBLE QUOTATION MARK}{all_scopes}\N{RIGHT DOUBLE QUOTATION MARK}")
    page.get_by_role("alert").get_by_text("no spaces, accents or typographic signs").wait_for()
    assert sent == []
    give_key(page, f" {all_scopes} ")
    page.get_by_role("heading", name="All is well").wait_for()


def test_following_goes_by_events_with_a_key(page: "Page", locked: RunningStack, all_scopes: str) -> None:
    page.goto(f"{locked.url}/#/operations")
    give_key(page, all_scopes)
    page.get_by_role("heading", name="All is well").wait_for()
    opened: list[str] = []
    page.on("request", lambda request: opened.append(request.url))
    final = call(
        page,
        """const upload = client.upload(new File(["The keeper lights the lamp."], "lamp.txt"));
        const { document_id } = await upload.done;
        return (await client.follow(document_id)).status;""",
    )
    assert final == "completed"
    assert any("/events" in url for url in opened)
    assert [url for url in opened if all_scopes in url] == []


def test_a_key_that_may_only_read_sees_and_changes_nothing(page: "Page", locked: RunningStack, data_dir: Path) -> None:
    page.goto(f"{locked.url}/#/operations")
    give_key(page, make_key(data_dir, "read"))
    page.get_by_text("keys with the scope operate").wait_for()
    assert isinstance(call(page, "return await client.documents();")["items"], list)
    assert call(page, "return await client.delete('01890a5d-ac96-774b-bcce-b302099a8057');") == "scope_missing"
    page.get_by_role("button", name="Use another key").click()
    page.get_by_label("API key").wait_for()
