"""Reads the params of an action that a client sent. What it sent is not repeated in any sentence."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from uuid import UUID

from domain.errors import InvalidRequest
from domain.ids import DocumentId

DOCUMENT_IDS = "document_ids"


def require_known(params: Mapping[str, object], names: Collection[str]) -> None:
    """Raise InvalidRequest where there is a param that is none of `names`."""
    for name in params:
        if name not in names:
            there_are = ", ".join(names) or "none"
            raise InvalidRequest(
                f"There is no such param: leave it out. There are: {there_are}.", pointer=f"/{step_of(name)}"
            )


def step_of(name: object) -> str:
    """Return the name as a step of a JSON pointer (RFC 6901)."""
    return str(name).replace("~", "~0").replace("/", "~1")


def whole_number(params: Mapping[str, object], name: str, *, least: int, most: int, default: int) -> int:
    """Return a whole number in a range, or `default` where it was left out. Raises InvalidRequest."""
    value = params.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidRequest(f"Send a whole number from {least} to {most}.", pointer=f"/{name}")
    return value


def yes_or_no(params: Mapping[str, object], name: str) -> bool:
    """Return what was sent, no where it was left out. Raises InvalidRequest."""
    value = params.get(name, False)
    if not isinstance(value, bool):
        raise InvalidRequest("Send true or false.", pointer=f"/{name}")
    return value


def text(params: Mapping[str, object], name: str, *, most: int) -> str | None:
    """Return a text of up to `most` characters, None where it was left out. Raises InvalidRequest."""
    value = params.get(name)
    if value is not None and (not isinstance(value, str) or len(value) > most):
        raise InvalidRequest(f"Send a text of up to {most} characters.", pointer=f"/{name}")
    return value


def one_of(params: Mapping[str, object], name: str, kinds: type[StrEnum], *, default: StrEnum | None = None) -> str:
    """Return one of the words, or `default` where it was left out. Raises InvalidRequest."""
    value = params.get(name, default)
    words = [kind.value for kind in kinds]
    if not isinstance(value, str) or value not in words:
        raise InvalidRequest(f"Send one of {', '.join(words)}.", pointer=f"/{name}")
    return str(value)


def document_ids(params: Mapping[str, object], *, most: int) -> tuple[DocumentId, ...] | None:
    """Return what was sent as `document_ids`, None where it was left out. Raises InvalidRequest."""
    value = params.get(DOCUMENT_IDS)
    if value is None:
        return None
    if not isinstance(value, list) or not 1 <= len(value) <= most:
        sentence = f"Send a list of 1 to {most} ids of documents, or leave it out for all."
        raise InvalidRequest(sentence, pointer=f"/{DOCUMENT_IDS}")
    return tuple(document_id(each, pointer=f"/{DOCUMENT_IDS}/{number}") for number, each in enumerate(value))


def document_id(value: object, *, pointer: str) -> DocumentId:
    """Return the id. Raises InvalidRequest with the pointer."""
    try:
        return DocumentId(UUID(str(value)))
    except ValueError as error:
        raise InvalidRequest("Send the id of a document.", pointer=pointer) from error
