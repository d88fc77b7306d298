"""Stream tokens: what was signed opens one stream for a minute, anything else opens nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.errors import NotAuthenticated
from domain.ids import DEFAULT_TENANT, ApiKeyId, new_uuid7
from domain.stream_token import StreamToken

SECRET = b"s" * 32
NOW = datetime(2030, 1, 1, tzinfo=UTC)
PATH = "/api/v1/documents/é/events"
TOKEN = StreamToken(
    tenant_id=DEFAULT_TENANT, key_id=ApiKeyId(new_uuid7()), path=PATH, expires_at=NOW + timedelta(seconds=60)
)


def test_what_was_signed_comes_back() -> None:
    for token in (TOKEN, replace(TOKEN, key_id=None, path=None)):
        assert StreamToken.read(token.signed(SECRET), SECRET, now=NOW) == token


def test_it_ends_at_its_second() -> None:
    StreamToken.read(TOKEN.signed(SECRET), SECRET, now=NOW + timedelta(seconds=59.9))
    with pytest.raises(NotAuthenticated, match="expired"):
        StreamToken.read(TOKEN.signed(SECRET), SECRET, now=NOW + timedelta(seconds=60))


@pytest.mark.parametrize(
    "alter",
    [
        lambda text: "",
        lambda text: ".",
        lambda text: "é",
        lambda text: "\ud800",
        lambda text: text[:-1],
        lambda text: text + "0",
        lambda text: "A" + text,
        lambda text: text.partition(".")[0],
        lambda text: replace(TOKEN, path=None).signed(b"x" * 32),
        lambda text: replace(TOKEN, path=None).signed(SECRET).partition(".")[0] + "." + text.partition(".")[2],
    ],
)
def test_anything_else_is_refused(alter: Any) -> None:  # noqa: ANN401
    with pytest.raises(NotAuthenticated):
        StreamToken.read(alter(TOKEN.signed(SECRET)), SECRET, now=NOW)


def test_it_is_for_its_path_or_for_all() -> None:
    TOKEN.require_for(PATH)
    replace(TOKEN, path=None).require_for(PATH)
    with pytest.raises(NotAuthenticated, match="another"):
        TOKEN.require_for(f"{PATH}/")
