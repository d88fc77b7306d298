"""Reads the params of an action that a client sent. What it sent is not repeated in any sentence."""

from collections.abc import Collection, Mapping
from enum import StrEnum

from domain.errors import InvalidRequest


def require_known(params: Mapping[str, object], names: Collection[str]) -> None:
    """Raise InvalidRequest where there is a param that is none of `names`."""
    for name in params:
        if name not in names:
            step = name.replace("~", "~0").replace("/", "~1")
            there_are = ", ".join(names) or "none"
            raise InvalidRequest(f"There is no such param: leave it out. There are: {there_are}.", pointer=f"/{step}")


def whole_number(params: Mapping[str, object], name: str, *, least: int, most: int, default: int) -> int:
    """Return a whole number in a range, or `default` where it was left out. Raises InvalidRequest."""
    value = params.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidRequest(f"Send a whole number from {least} to {most}.", pointer=f"/{name}")
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
