"""What the house makes of action types that come from other packages, good ones and bad ones."""

import sys
from asyncio import CancelledError
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import Field

from bootstrap.plugins import accepted
from bootstrap.settings import Settings
from domain.action import Action, Run
from domain.errors import InvalidRequest, RunCancelled, UnexpectedError
from domain.failure import ActionFailed, Failure
from domain.ids import ActionId, JobId, new_uuid7
from domain.nesting import MAX_LEVELS
from domain.report import Report
from esteira_actions import Action as Offered
from esteira_actions import Failed, Params, TryAgain
from esteira_actions import Run as OfferedRun
from infrastructure.plugins.entry_points import OfferedAction
from infrastructure.plugins.errors import PluginUnusable
from infrastructure.plugins.plugin_handler import MOST_RESULT_BYTES, PluginHandler

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SETTINGS = Settings(_env_file=None)


class Page(Params):
    number: int = Field(default=1, ge=1)


class Shares(Params):
    share: float = 0
    more: dict[str, Any] = Field(default_factory=dict)


class Pages(Params):
    pages: list[Page] = Field(max_length=2)
    since: datetime | None = None


def nested(levels: int) -> dict[str, object]:
    value: dict[str, object] = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


@dataclass
class Context:
    """What a run tells; `stop` is raised once it asks, a cancel after so many pauses."""

    stop: Exception | None = None
    stops_after_pauses: int | None = None
    reports: list[Report] = field(default_factory=list)
    paused: list[float] = field(default_factory=list)

    @property
    def run(self) -> Run:
        return an_action().run

    def check(self) -> None:
        if self.stop:
            raise self.stop

    def pause(self, seconds: float) -> bool:
        self.paused.append(seconds)
        if len(self.paused) == self.stops_after_pauses:
            self.stop = RunCancelled()
        return True

    def report(self, report: Report) -> None:
        self.reports.append(report)

    def now(self) -> datetime:
        return NOW


def an_action(**params: object) -> Action:
    return Action(
        id=ActionId(new_uuid7()),
        job_id=JobId(new_uuid7()),
        type="t",
        queue="long_operations",
        params=params,
        attempt=2,
        due_at=NOW,
        created_at=NOW,
        report=Report(progress=20),
    )


def offer(run: Callable[[Any, OfferedRun], Any] = lambda _params, _run: None, **changes: Any) -> OfferedAction:  # noqa: ANN401
    return OfferedAction(package="theirs 1.0", action=Offered(**{"name": "t", "run": run, **changes}))


def worked(run: Callable[[Any, OfferedRun], Any], context: Context | None = None) -> Mapping[str, object]:
    return PluginHandler(offered=offer(run))(an_action(), context or Context()).result


def test_an_offer_becomes_an_action_type_with_the_servers_settings_where_it_says_nothing() -> None:
    (kind,) = accepted(SETTINGS, [offer(params=Pages, prefix="/api/v1/a/b", timeout_seconds=9)], taken=["simulate"])
    assert (kind.name, kind.queue, kind.timeout) == ("t", "long_operations", timedelta(seconds=9))
    assert (kind.max_attempts, kind.retry.first_delay_seconds) == (SETTINGS.max_attempts, SETTINGS.retry_delay_seconds)
    assert (kind.is_operation, kind.prefix) == (True, "/api/v1/a/b")
    assert kind.params_schema is not None
    assert kind.params_schema["properties"]["pages"]["items"] == {"$ref": "#/components/schemas/t.Page"}
    own = offer(queue="artifacts", max_attempts=1, retry_delay_seconds=0)
    (kind,) = accepted(SETTINGS, [own], taken=[])
    assert (kind.queue, kind.max_attempts, kind.retry.first_delay_seconds, kind.is_operation) == (
        "artifacts",
        1,
        0,
        False,
    )


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"name": "simulate"}, "offers the action type simulate, which is already that of Esteira itself"),
        ({"name": "first"}, "offers the action type first, which is already that of another 3.0"),
        ({"prefix": "/api/v1/first"}, "wants the prefix /api/v1/first, which is already that of another 3.0"),
        ({"prefix": "/api/v1/documents/mine"}, "wants the prefix /api/v1/documents/mine, which stands in the way"),
        ({"prefix": "/api/v1/operations/simulate"}, "which stands in the way of the API"),
        ({"prefix": "/api/v1/keys"}, "which stands in the way of the API"),
        ({"queue": "theirs"}, "wants the queue theirs, and there are only long_operations and artifacts"),
        ({"queue": "cleanup_tasks"}, "wants the queue cleanup_tasks"),
        ({"params": dict}, "has params of t that cannot be described"),
    ],
)
def test_an_offer_that_stands_in_the_way_is_refused_by_its_package(changes: dict[str, Any], fault: str) -> None:
    first = OfferedAction(package="another 3.0", action=offer(name="first", prefix="/api/v1/first").action)
    with pytest.raises(PluginUnusable) as refused:
        accepted(SETTINGS, [first, offer(**changes)], taken=["simulate"])
    assert refused.value.detail.startswith("The package theirs 1.0 ")
    assert fault in refused.value.detail


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "No Name"},
        {"name": ""},
        *({"prefix": prefix} for prefix in ("tubehunt", "/api", "/api/", "/api/v1/{x}", "/API/v1/x", "/v1/x")),
        {"timeout_seconds": 0},
        {"max_attempts": -1},
        {"retry_delay_seconds": -1},
    ],
)
def test_what_no_server_could_use_is_refused_where_it_is_written(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"is no name|is no prefix|above 0"):
        offer(**changes)


def test_params_are_read_by_their_model_and_come_to_the_work_as_such() -> None:
    (kind,) = accepted(SETTINGS, [offer(params=Pages)], taken=[])
    assert kind.read_params is not None
    read = kind.read_params({"pages": [{}], "since": "2030-01-01T00:00:00Z"})
    assert read == {"pages": [{"number": 1}], "since": "2030-01-01T00:00:00Z"}
    seen: list[Pages] = []
    handler = PluginHandler(offered=offer(lambda params, _run: seen.append(params), params=Pages))
    handler(an_action(**read), Context())
    assert seen == [Pages(pages=[Page()], since=NOW)]


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({}, "/pages"),
        ({"pages": [{}, {"number": "secret"}]}, "/pages/1/number"),
        ({"pages": [], "a/b": 1}, "/a~1b"),
        ({"pages": [{}] * 3}, "/pages"),
    ],
)
def test_wrong_params_are_refused_with_their_place_and_are_not_repeated(params: dict[str, Any], pointer: str) -> None:
    (kind,) = accepted(SETTINGS, [offer(params=Pages)], taken=[])
    assert kind.read_params is not None
    with pytest.raises(InvalidRequest) as refused:
        kind.read_params(params)
    assert (refused.value.pointer, refused.value.detail[-1], "secret" in refused.value.detail) == (pointer, ".", False)


@pytest.mark.parametrize(
    "params", [{"share": "nan"}, {"share": "-inf"}, {"more": nested(MAX_LEVELS + 1)}, {"more": {"a": "\0"}}]
)
def test_params_that_a_model_takes_and_no_database_are_refused(params: dict[str, Any]) -> None:
    (kind,) = accepted(SETTINGS, [offer(params=Shares)], taken=[])
    assert kind.read_params is not None
    with pytest.raises(InvalidRequest, match="cannot be stored"):
        kind.read_params(params)


def test_a_run_tells_its_progress_which_never_falls_and_knows_who_it_is() -> None:
    context, seen = Context(), []

    def run(_params: object, run: OfferedRun) -> dict[str, object]:
        seen.append((run.action_id, run.attempt))
        for share in (-1.0, 0.5, 0.1, 7.0):
            run.progress(share, f"at {share}\0\ud800" + "x" * 1000)
        run.pause(0.5)
        return {"done": (1, 2)}

    action = an_action()
    outcome = PluginHandler(offered=offer(run))(action, context)
    assert [report.progress for report in context.reports] == [20, 47, 47, 95]
    assert context.reports[1].message.startswith("at 0.5?xxx")
    assert len(context.reports[1].message) == 500
    assert (seen, context.paused, outcome.result) == ([(str(action.id), 2)], [0.5], {"done": [1, 2]})


@pytest.mark.parametrize("ask", [lambda run: run.check(), lambda run: run.progress(0, ""), lambda run: run.pause(1)])
def test_a_run_that_was_cancelled_stops_where_it_asks(ask: Callable[[OfferedRun], None]) -> None:
    with pytest.raises(RunCancelled):
        worked(lambda _params, run: ask(run), Context(stop=RunCancelled()))


def test_a_long_pause_ends_soon_after_a_cancel() -> None:
    context = Context(stops_after_pauses=3)
    with pytest.raises(RunCancelled):
        worked(lambda _params, run: run.pause(3600), context)
    assert context.paused == [0.5, 0.5, 0.5]


def test_a_pause_is_as_long_as_was_asked_for() -> None:
    context = Context()
    worked(lambda _params, run: run.pause(1.25), context)
    assert context.paused == [0.5, 0.5, 0.25]


@pytest.mark.parametrize(("kind", "retryable"), [(Failed, False), (TryAgain, True)])
def test_a_failure_is_told_in_the_words_of_the_package(kind: type[Failed], *, retryable: bool) -> None:
    def run(_params: object, _run: object) -> None:
        raise kind("gone", "It is gone.\0")

    with pytest.raises(ActionFailed) as failed:
        worked(run)
    assert Failure.from_error(failed.value) == Failure(code="gone", message="It is gone.", retryable=retryable)


def test_what_is_unexpected_stays_so_and_an_exit_does_not_end_the_worker() -> None:
    with pytest.raises(ZeroDivisionError):
        worked(lambda _params, _run: 1 / 0)
    with pytest.raises(UnexpectedError):
        worked(lambda _params, _run: sys.exit(3))


@pytest.mark.parametrize("kind", [KeyboardInterrupt, CancelledError, GeneratorExit, BaseException])
def test_what_is_no_exception_ends_the_action_as_any_fault_does(kind: type[BaseException]) -> None:
    def run(_params: object, _run: object) -> None:
        raise kind

    with pytest.raises(UnexpectedError):
        worked(run)


@pytest.mark.parametrize(
    "result",
    [
        [],
        "text",
        {"a": object()},
        {"a": float("nan")},
        {"a": "\0"},
        {"a\0": 1},
        {"a": "\ud800"},
        {"a": b"x"},
        3,
        nested(MAX_LEVELS + 1),
    ],
)
def test_a_result_that_cannot_be_stored_fails_for_good_and_names_the_package(result: object) -> None:
    with pytest.raises(ActionFailed) as failed:
        worked(lambda _params, _run: result)
    assert (failed.value.failure.code, failed.value.failure.retryable) == ("invalid_result", False)
    assert "theirs 1.0" in failed.value.failure.message


def test_a_result_may_be_nothing_or_large_but_not_huge() -> None:
    assert worked(lambda _params, _run: None) == {}
    assert worked(lambda _params, _run: {"a": r"\u0000"}) == {"a": r"\u0000"}
    with pytest.raises(ActionFailed) as failed:
        worked(lambda _params, _run: {"a": "x" * MOST_RESULT_BYTES})
    assert failed.value.failure.code == "result_too_large"


def test_params_of_another_version_of_the_package_fail_for_good() -> None:
    handler = PluginHandler(offered=offer(params=Pages))
    with pytest.raises(ActionFailed) as failed:
        handler(replace(an_action(), params={"pages": 1}), Context())
    assert failed.value.failure.code == "params_outdated"
