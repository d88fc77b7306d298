"""What the answers to existing clients have in common."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict

from domain.action import Action
from domain.errors import InvalidRequest
from domain.job import Job
from interface.api.v1.schemas.actions import storable_within
from interface.api.v1.schemas.operations import CANCELLED

TAGS: list[str | Any] = ["existing clients"]


def _storable(value: object) -> object:
    storable_within({"": value})
    return value


AnyJson = Annotated[Any, AfterValidator(_storable)]


class LenientBody(BaseModel):
    """A request body of a client that cannot be changed: what it sends besides is let lie."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def result_of(job: Job) -> Any:  # noqa: ANN401 - whatever the actions gave
    """Return what a job of one action gave, the list of what each gave where there are more."""
    results = [None if action.result is None else dict(action.result) for action in job.actions]
    return results[0] if len(results) == 1 else results


def error_of(job: Job) -> str | None:
    """Return why a job that has ended is not done."""
    if not job.is_final:
        return None
    errors = (_error_of(action) for action in job.actions)
    return next((error for error in errors if error), None)


def _error_of(action: Action) -> str | None:
    if action.error:
        return action.error.message
    return CANCELLED if action.status == "cancelled" else None


@contextmanager
def pointing_at(places: Mapping[str, str]) -> Iterator[None]:
    """Raise InvalidRequest with the client's own names: ours lead to theirs, with what lies below; the first counts."""
    try:
        yield
    except InvalidRequest as error:
        pointer = error.pointer or ""
        for ours, theirs in places.items():
            if pointer == ours or pointer.startswith(f"{ours}/"):
                raise type(error)(error.detail, pointer=theirs + pointer.removeprefix(ours)) from error
        raise
