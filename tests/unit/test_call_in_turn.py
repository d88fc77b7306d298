"""Calls in turn: an error of one leaves the others alone, and what ends the run ends all."""

import pytest

from application.call_in_turn import ENDS_OF_RUN, call_in_turn
from domain.errors import DatabaseUnavailable, EsteiraError, StorageUnavailable


def test_the_first_error_is_raised_once_all_were_called() -> None:
    called: list[str] = []

    def call(name: str, error: EsteiraError | None = None) -> str:
        called.append(name)
        if error:
            raise error
        return name

    with pytest.raises(StorageUnavailable):
        call_in_turn(
            [lambda: call("a", StorageUnavailable()), lambda: call("b", DatabaseUnavailable()), lambda: call("c")]
        )
    assert called == ["a", "b", "c"]
    assert call_in_turn([lambda: call("d"), lambda: call("e")]) == ["d", "e"]


@pytest.mark.parametrize("end", ENDS_OF_RUN)
def test_what_ends_the_run_is_raised_at_once(end: type[EsteiraError]) -> None:
    called: list[str] = []

    def stop() -> None:
        raise end

    with pytest.raises(end):
        call_in_turn([stop, lambda: called.append("b")])
    assert called == []
