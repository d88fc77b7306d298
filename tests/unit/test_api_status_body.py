import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from application.ports.document_reader import DocumentState
from domain.action import Action
from domain.extracted_page import UnreadablePage
from domain.failure import Failure
from domain.report import Report, Stage
from domain.retry_policy import RetryPolicy
from interface.api.v1.schemas.status import DocumentStatusBody
from tests.support.document_factory import a_document, a_job

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SPAN = timedelta(seconds=60)
DOCUMENT = a_document(created_at=NOW)
JOB = replace(a_job(DOCUMENT, due_at=NOW), created_at=NOW)
WAITING = JOB.actions[0]
RUNNING = WAITING.claim(worker="w", now=NOW, lease=SPAN, timeout=SPAN)
FLAKY = Failure(code="storage_unavailable", message="The object store did not answer.", retryable=True)
BROKEN = Failure(code="corrupt", message="The file is damaged.", retryable=False)
POLICY = RetryPolicy()


def shown(action: Action | None, *, queue_position: int | None = None, now: datetime = NOW) -> dict[str, Any]:
    job = replace(JOB, actions=(action,)) if action else None
    state = DocumentState(document=DOCUMENT, job=job, queue_position=queue_position)
    body: dict[str, Any] = json.loads(DocumentStatusBody.of(state, now=now).model_dump_json())
    return body


def test_before_the_upload_there_is_no_job() -> None:
    assert shown(None) == {
        "document_id": str(DOCUMENT.id),
        "job_id": None,
        "status": "awaiting_upload",
        "stage": None,
        "progress": 0,
        "message": "Waiting for the upload",
        "queue_position": None,
        "version": None,
        "duplicate_of": None,
        "eta_seconds": None,
        "attempt": 0,
        "max_attempts": 0,
        "pages": {"done": 0, "total": None, "unreadable": []},
        "chunks": {"done": 0, "total": None, "reused": 0},
        "stages": [],
        "warnings": [],
        "error": None,
        "created_at": "2026-01-01T12:00:00.000Z",
        "started_at": None,
        "completed_at": None,
    }


def test_waiting_work_says_for_which_attempt_and_where_in_the_queue() -> None:
    body = shown(WAITING, queue_position=3)
    assert (body["status"], body["message"], body["queue_position"]) == ("pending", "Waiting for a worker", 3)
    assert (body["attempt"], body["max_attempts"], body["job_id"]) == (1, 4, str(JOB.id))


def test_running_work_tells_all_it_knows() -> None:
    report = replace(
        Report().enter(Stage.EXTRACTING, at=NOW).enter(Stage.EMBEDDING, at=NOW).leave(Stage.EXTRACTING, at=NOW + SPAN),
        pages_done=3,
        pages_total=4,
        unreadable=(UnreadablePage(number=2, code="parser_crashed"),),
        chunks_done=5,
        chunks_total=9,
        chunks_reused=1,
        warnings=("Page 2 was left out.",),
    )
    body = shown(replace(RUNNING, report=report))
    assert (body["status"], body["stage"], body["attempt"]) == ("processing", "embedding", 1)
    assert body["pages"] == {"done": 3, "total": 4, "unreadable": [{"page": 2, "code": "parser_crashed"}]}
    assert body["chunks"] == {"done": 5, "total": 9, "reused": 1}
    assert body["stages"] == [
        {"name": "extracting", "started_at": "2026-01-01T12:00:00.000Z", "completed_at": "2026-01-01T12:01:00.000Z"},
        {"name": "embedding", "started_at": "2026-01-01T12:00:00.000Z", "completed_at": None},
    ]
    assert body["warnings"] == ["Page 2 was left out."]
    assert body["started_at"] == "2026-01-01T12:00:00.000Z"


def test_the_rest_is_estimated_from_what_is_done() -> None:
    report = replace(Report().enter(Stage.EXTRACTING, at=NOW), progress=25)
    running = replace(RUNNING, report=report)
    assert shown(running, now=NOW + timedelta(seconds=10))["eta_seconds"] == 30
    assert shown(running, now=NOW - timedelta(seconds=10))["eta_seconds"] == 0
    assert shown(replace(running, report=replace(report, progress=4)))["eta_seconds"] is None
    assert shown(WAITING)["eta_seconds"] is None


def test_work_that_is_tried_again_says_why() -> None:
    body = shown(RUNNING.fail(FLAKY, now=NOW, policy=POLICY))
    assert (body["status"], body["attempt"], body["progress"], body["stage"]) == ("pending", 2, 0, None)
    assert body["message"] == "Waiting to be tried again: The object store did not answer."
    assert body["error"] == {
        "code": "storage_unavailable",
        "message": "The object store did not answer.",
        "retryable": True,
    }


def test_progress_never_falls_within_an_attempt() -> None:
    half = replace(RUNNING, report=replace(RUNNING.report, progress=50))

    def claim(action: Action) -> Action:
        return action.claim(worker="w", now=NOW, lease=SPAN, timeout=SPAN)

    given_back = half.release(now=NOW)
    lost = half.lose_worker(now=NOW, policy=POLICY)
    for life in (
        [WAITING, RUNNING, half, given_back, claim(given_back)],
        [WAITING, RUNNING, half, lost, claim(lost)],
    ):
        told = [(body["attempt"], body["progress"]) for body in map(shown, life)]
        assert told == sorted(told)


def test_ends_are_told_in_plain_words() -> None:
    failed = shown(RUNNING.fail(BROKEN, now=NOW, policy=POLICY))
    assert (failed["status"], failed["message"], failed["stage"]) == ("failed", "Failed: The file is damaged.", None)
    assert failed["completed_at"] == "2026-01-01T12:00:00.000Z"

    done = shown(RUNNING.complete(now=NOW, result={}, report=Report().finished("12 passages indexed", at=NOW)))
    assert (done["status"], done["message"], done["progress"]) == ("completed", "12 passages indexed", 100)

    assert shown(RUNNING.request_cancel(now=NOW))["message"] == "Cancelling"
    cancelled = shown(WAITING.request_cancel(now=NOW))
    assert (cancelled["status"], cancelled["message"]) == ("cancelled", "Cancelled")
