"""The code that docs/callbacks.md gives to receivers, on callbacks as they are signed."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from infrastructure.callbacks.standard_webhooks import read_secret, signed_headers
from tests.support.callback_receiver import SECRET

PAGE = (Path(__file__).parents[2] / "docs" / "callbacks.md").read_text("utf-8")
BODY = '{"type": "job.completed", "data": {"name": "ação"}}'
OTHER = "whsec_" + "b" * 32

Verify = Callable[[str, Mapping[str, str], bytes], bool]


def example(language: str) -> str:
    [code] = re.findall(rf"```{language}\n(.+?)```", PAGE, re.DOTALL)
    return str(code)


def in_python(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    names: dict[str, Any] = {}
    exec(example("python"), names)  # noqa: S102 - our own page
    return bool(names["is_from_esteira"](secret, headers, body))


def in_javascript(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    arguments = f"{json.dumps(secret)}, {json.dumps(dict(headers))}, Buffer.from({json.dumps(body.decode())})"
    program = f"{example('javascript')}\nconsole.log(isFromEsteira({arguments}));"
    ended = subprocess.run([node, "-e", program], capture_output=True, text=True, check=True)
    return {"true": True, "false": False}[ended.stdout.strip()]


@pytest.mark.parametrize("verify", [in_python, in_javascript])
def test_what_a_receiver_copies_knows_true_callbacks_from_others(verify: Verify) -> None:
    def headers(*secrets: str, age_seconds: int = 0) -> Mapping[str, str]:
        keys = [read_secret(secret) for secret in secrets]
        sent_at = int(time.time()) - age_seconds
        return signed_headers(keys, message_id="0190-a", timestamp=sent_at, body=BODY.encode())

    assert verify(SECRET, headers(SECRET), BODY.encode())
    assert verify(SECRET, headers(OTHER, SECRET), BODY.encode())
    assert not verify(OTHER, headers(SECRET), BODY.encode())
    assert not verify(SECRET, headers(SECRET), BODY.encode() + b" ")
    assert not verify(SECRET, headers(SECRET) | {"webhook-id": "0190-b"}, BODY.encode())  # type: ignore[operator]
    assert not verify(SECRET, headers(SECRET, age_seconds=600), BODY.encode())
