"""Each existing client plays its part against a running stack: it starts, follows in its own words, and fetches."""

import re
from collections.abc import Callable

import httpx
import pytest

from tests.support.esteira_client import PATIENCE_SECONDS, EsteiraClient, Json, good
from tests.support.processes import until

pytestmark = pytest.mark.xdist_group("whole stack")


def followed(client: EsteiraClient, path: str, is_over: Callable[[Json], bool]) -> Json:
    seen: list[Json] = []

    def look() -> bool:
        seen.append(good(client.http.get(path), 200))
        return is_over(seen[-1])

    until(look, seconds=PATIENCE_SECONDS)
    return seen[-1]


def test_who_waits_for_a_long_operation_gets_what_was_sent(client: EsteiraClient) -> None:
    asked = {"dados": {"nome": "José", "itens": [1, 2]}, "tempo_processamento": 1}
    created = good(client.http.post("/api/operacao-customizada", json=asked), 202)
    ended = followed(client, created["url_status"], lambda job: job["status"] in {"completed", "failed"})
    assert (ended["status"], ended["erro"]) == ("completed", None)
    assert ended["resultado"] == {
        "dados_processados": {"nome": "José", "itens": [1, 2]},
        "status": "sucesso",
        "mensagem": "Operação concluída com sucesso",
        "tempo_processamento": "1s",
    }
    assert ended["criado_em"] < ended["iniciado_em"] < ended["completado_em"]


def test_who_clicks_once_starts_five_actions(client: EsteiraClient) -> None:
    wait = {"action_type": "simulate", "params": {"duration_seconds": 1}}
    report = {"tipo": "artifact", "params": {"kind": "xlsx", "report": "ingestion"}}
    created = good(client.http.post("/api/jobs", json={"acoes": [wait, wait, wait, wait, report]}), 202)
    assert (created["status"], created["id"]) == ("PENDENTE", created["job_id"])
    path = f"/api/jobs/{created['id']}/status"
    ended = followed(client, path, lambda job: job["status"] in {"CONCLUIDO", "ERRO"})
    assert (ended["status"], ended["progresso"]) == ("CONCLUIDO", 100)
    assert [action["status"] for action in ended["acoes"]] == ["CONCLUIDO"] * 5
    assert ended["acoes"][4]["resultado"]["filename"].endswith(".xlsx")


@pytest.mark.parametrize(("kind", "begins"), [("xlsx", b"PK"), ("pdf", b"%PDF")])
def test_who_asks_for_a_report_twice_gets_one(client: EsteiraClient, kind: str, begins: bytes) -> None:
    asked = {"type": kind, "payload": {"report": "inventory"}, "idempotency_key": f"play-{kind}"}
    created = good(client.http.post("/generate", json=asked), 202)
    assert re.fullmatch(r"[0-9a-f-]{36}", created["job_id"])
    assert good(client.http.post("/generate", json=asked), 202)["job_id"] == created["job_id"]
    ended = followed(client, f"/status/{created['job_id']}", lambda job: job["status"] in {"done", "failed"})
    assert (ended["status"], ended["error"]) == ("done", None)
    download = good(client.http.get(f"/download/{created['job_id']}"), 200)
    assert download["expires_at"].endswith("Z")
    assert httpx.get(download["url"]).content.startswith(begins)
