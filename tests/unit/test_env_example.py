"""`.env.example` tells the truth, and no answer tells a password."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from bootstrap.settings import Settings, explain

EXAMPLE = Path(__file__).parents[2] / ".env.example"


def test_the_example_lists_each_setting_and_no_other() -> None:
    listed = re.findall(r"^# ESTEIRA_([A-Z0-9_]+)=", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(name.upper() for name in Settings.model_fields)


def test_the_example_shows_the_numbers_that_hold() -> None:
    shown = dict(re.findall(r"^# ESTEIRA_([A-Z0-9_]+)=([0-9]+) ", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE))
    assert {name: float(value) for name, value in shown.items()} == {
        name.upper(): field.default for name, field in Settings.model_fields.items() if name.upper() in shown
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("database_url", "mysql://user:hunter2@host/esteira"),
        ("redis_url", "http://:hunter2@host"),
        ("log_level", "loud"),
        ("beat_seconds", "16"),
    ],
)
def test_a_setting_that_cannot_be_is_named_and_no_password_told(name: str, value: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(_env_file=None, **{name: value})
    told = explain(caught.value)
    assert f"ESTEIRA_{name.upper()}" in told
    assert "hunter2" not in told


def test_the_level_may_be_written_small() -> None:
    assert Settings(_env_file=None, log_level="debug").log_level == "DEBUG"
