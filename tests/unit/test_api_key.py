"""How an API key is written, what is kept of it, and when it ends."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.api_key import ApiKey, Caller, KeyScope, KeyState, PlainKey
from domain.errors import InvalidRequest, NotAuthenticated
from domain.ids import DEFAULT_TENANT

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def a_key(**changes: Any) -> ApiKey:  # noqa: ANN401
    plain = PlainKey.new()
    fields = {
        "id": plain.id,
        "tenant_id": DEFAULT_TENANT,
        "name": "a scanner",
        "scopes": frozenset({KeyScope.WRITE}),
        "secret_sha256": plain.secret_sha256,
        "created_at": NOW,
    }
    return ApiKey(**fields | changes)


def test_a_key_has_one_form_and_256_bits_that_are_never_the_same() -> None:
    plain = PlainKey.new()
    assert re.fullmatch(r"est_[0-9a-f]{32}_[0-9a-f]{64}", plain.text)
    assert PlainKey.read(plain.text) == plain
    assert PlainKey.new().secret != plain.secret


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: text + "0",
        lambda text: text[:-1],
        lambda text: text.upper(),
        lambda text: f" {text}",
        lambda text: f"{text}\n",
        lambda text: text.replace("est_", "sk_"),
        lambda text: text[:-1] + "é",
        lambda text: text[:-1] + "\u0663",
        lambda text: "x" * 1_000_000,
    ],
)
def test_anything_else_is_no_key(change: Any) -> None:  # noqa: ANN401
    assert PlainKey.read(change(PlainKey.new().text)) is None


def test_neither_the_secret_nor_its_hash_shows_when_a_key_is_printed() -> None:
    plain, key = PlainKey.new(), a_key()
    assert plain.secret not in repr(plain)
    assert repr(key.secret_sha256) not in repr(key)


def test_a_key_ends_at_its_moment() -> None:
    key = a_key(expires_at=NOW + timedelta(seconds=5))
    assert key.state(now=NOW + timedelta(seconds=4.999)) is KeyState.VALID
    assert key.state(now=NOW + timedelta(seconds=5)) is KeyState.EXPIRED
    with pytest.raises(NotAuthenticated, match="expired"):
        key.require_valid(now=NOW + timedelta(seconds=5))


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "  "},
        {"name": "x" * 101},
        {"name": "two\nlines"},
        {"name": "\x1b[2J"},
        {"scopes": frozenset()},
        {"expires_at": NOW},
    ],
)
def test_a_key_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        a_key(**wrong)


def test_no_scope_contains_another_but_admin_opens_all() -> None:
    for scope in KeyScope:
        holder = Caller.of(a_key(scopes=frozenset({scope})))
        assert {other for other in KeyScope if holder.may(other)} == (
            set(KeyScope) if scope is KeyScope.ADMIN else {scope}
        )
