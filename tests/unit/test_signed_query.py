from urllib.parse import parse_qsl

import pytest

from infrastructure.storage.signed_query import QuerySigner, UrlExpiredError, UrlInvalidError

SIGNER = QuerySigner(b"k" * 32)
PARAMETERS = [("size", "5"), ("type", "text/plain; charset=utf-8"), ("filename", "relatório & more=1.pdf")]


def query() -> list[tuple[str, str]]:
    return parse_qsl(SIGNER.signed("PUT", "a/b", PARAMETERS, expires=1000), keep_blank_values=True)


def test_what_was_signed_comes_back() -> None:
    assert SIGNER.verified("PUT", "a/b", query(), now=999.9) == {**dict(PARAMETERS), "expires": "1000"}


def test_it_ends_at_its_second() -> None:
    with pytest.raises(UrlExpiredError):
        SIGNER.verified("PUT", "a/b", query(), now=1000)


@pytest.mark.parametrize("altered", [[], [("signature", "")], [("signature", "é")], [*query(), *query()], query()[:-1]])
def test_anything_else_is_invalid_even_when_expired(altered: list[tuple[str, str]]) -> None:
    with pytest.raises(UrlInvalidError):
        SIGNER.verified("PUT", "a/b", altered, now=2000)


def test_another_method_key_secret_or_parameter_is_invalid() -> None:
    for signer, method, key, asked in [
        (SIGNER, "GET", "a/b", query()),
        (SIGNER, "PUT", "a/c", query()),
        (QuerySigner(b"x" * 32), "PUT", "a/b", query()),
        (SIGNER, "PUT", "a/b", [("size", "6"), *query()[1:]]),
        (SIGNER, "PUT", "a/b", [("extra", ""), *query()]),
    ]:
        with pytest.raises(UrlInvalidError):
            signer.verified(method, key, asked, now=0)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        QuerySigner(b"short")
