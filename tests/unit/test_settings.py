"""The settings that someone can get wrong: each is a sentence, before anything starts."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from application.ports.history import Record
from bootstrap.cleaning import retention_of
from bootstrap.serving import AddressUnusable, bind
from bootstrap.settings import Settings, explain


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATA_DIR", "~no-such-user/data"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "mysql://host/name"),
        ("DATABASE_URL", "postgresql://host:port/name"),
        ("REDIS_URL", "nonsense"),
        ("REDIS_URL", "http://host"),
        ("REDIS_URL", "redis://host:port/0"),
        ("PUBLIC_URL", "https://host/?query"),
        ("LOG_LEVEL", "loud"),
        ("LEASE_SECONDS", "inf"),
        ("LEASE_SECONDS", "nan"),
        ("GRACE_SECONDS", "inf"),
        ("INDEX_TIMEOUT_SECONDS", "1e300"),
        ("RESULT_TTL_HOURS", "1e300"),
        ("MAX_UPLOAD_BYTES", "99999999999999999999"),
        ("PARSER_MEMORY_BYTES", "99999999999999999999"),
    ],
)
def test_a_wrong_setting_is_told_by_its_name_without_its_value(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"ESTEIRA_{name}", value)
    with pytest.raises(ValidationError) as caught:
        Settings()
    title, sentence = explain(caught.value).splitlines()
    assert title == "The settings are wrong:"
    assert sentence.startswith(f"ESTEIRA_{name}: ")
    assert value not in sentence


@pytest.mark.parametrize(
    "url", ["postgresql://user:p%40ss@[::1]:5432/name", "postgres://host", "postgresql:///name?host=/run/postgresql"]
)
def test_every_way_to_write_a_database_address_is_taken(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESTEIRA_DATABASE_URL", url)
    assert Settings().database_url == url


@pytest.mark.parametrize("host", ["198.51.100.1", "no such host", "x" * 300])
def test_a_host_that_cannot_be_served_is_a_sentence(host: str) -> None:
    with pytest.raises(AddressUnusable, match=host):
        bind(Settings(host=host, port=0))


def test_networks_for_callbacks_are_read_one_by_one() -> None:
    settings = Settings(_env_file=None, callback_private_networks="192.168.7.0/24, 10.1.2.3,fd12::/16")
    assert [str(network) for network in settings.callback_private_networks] == [
        *("192.168.7.0/24", "10.1.2.3/32", "fd12::/16")
    ]


@pytest.mark.parametrize("networks", ["n8n", "10.0.0.0/33", "10.1.2.3/8"])
def test_what_is_no_network_is_refused(networks: str) -> None:
    with pytest.raises(ValidationError):
        Settings(_env_file=None, callback_private_networks=networks)


@pytest.mark.parametrize("secret", ["hunter2", "whsec_", "whsec_aHVudGVyMg=="])
def test_a_webhook_secret_that_is_none_is_refused_and_not_told(secret: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(_env_file=None, webhook_secret=secret)
    assert "ESTEIRA_WEBHOOK_SECRET: This is no secret" in explain(refused.value)
    assert secret not in explain(refused.value).replace("whsec_ and", "")


@pytest.mark.parametrize(("hours", "kept"), [(0.1, 1), (24, 24)])
def test_a_key_of_generate_outlives_a_shorter_time_for_the_others(hours: float, kept: float) -> None:
    settings = Settings(_env_file=None, idempotency_ttl_hours=hours)
    assert retention_of(settings)[Record.IDEMPOTENCY_KEYS] == timedelta(hours=kept)
