"""Each existing client as it is: by HTTP only, with its own paths, fields and words, on the real database."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import Engine

from application.use_cases.make_artifact import ARTIFACT
from tests.support.actions_world import AWAY, BROKEN, Actions, an_actions_world

MENSAGEM = "Job criado com sucesso. Use a URL de status para acompanhar o progresso."
GENERATE = {"type": "xlsx", "payload": {"report": "inventory"}, "idempotency_key": "pedido-1"}
CLIENTS = 50


@pytest.fixture
def world(engine: Engine) -> Iterator[Actions]:
    with an_actions_world(engine) as world:
        yield world


def get(world: Actions, path: str, *, expect: int = 200) -> Any:  # noqa: ANN401
    answer = world.client.get(path)
    assert answer.status_code == expect, answer.text
    return answer.json()


def post(world: Actions, path: str, body: object, *, expect: int = 202) -> Any:  # noqa: ANN401
    answer = world.client.post(path, json=body)
    assert answer.status_code == expect, answer.text
    return answer.json()


def as_started(world: Actions, job_id: str) -> Any:  # noqa: ANN401
    """Return the job as one of several actions, for what workers do to it."""
    return get(world, f"/api/v1/jobs/{job_id}/status")


def jobs(world: Actions) -> int:
    return int(world.sql("SELECT count(*) FROM jobs")[0][0])


# Long operations


@pytest.mark.parametrize(
    ("path", "more", "seconds"),
    [("operacao-longa", {}, 35), ("operacao-customizada", {"tempo_processamento": 45}, 45)],
)
def test_an_operation_is_started_followed_and_done(
    world: Actions, path: str, more: dict[str, object], seconds: int
) -> None:
    dados = {"nome": "Ação", "itens": [1, {"x": None}]}
    created = post(world, f"/api/{path}", {"dados": dados, **more})
    url = f"/api/jobs/{created['job_id']}"
    assert created == {"job_id": created["job_id"], "status": "pending", "url_status": url, "mensagem": MENSAGEM}
    assert world.sql("SELECT params ->> 'duration_seconds' FROM job_actions") == [(str(seconds),)]

    waiting = get(world, created["url_status"])
    assert waiting == {
        "job_id": created["job_id"],
        "status": "pending",
        "criado_em": waiting["criado_em"],
        "iniciado_em": None,
        "completado_em": None,
        "resultado": None,
        "erro": None,
    }
    job = as_started(world, created["job_id"])
    world.claim(job, 0)
    running = get(world, url)
    assert (running["status"], running["iniciado_em"] is not None) == ("processing", True)
    world.complete(job, 0, duration_seconds=seconds, data=dados)
    done = get(world, url)
    assert (done["status"], done["erro"], done["completado_em"] is not None) == ("completed", None, True)
    assert done["resultado"] == {
        "dados_processados": dados,
        "status": "sucesso",
        "mensagem": "Operação concluída com sucesso",
        "tempo_processamento": f"{seconds}s",
    }


@pytest.mark.parametrize("dados", ["texto", 1, None, [], {"a": {"b": []}}])
def test_any_json_is_given_back(world: Actions, dados: object) -> None:
    created = post(world, "/api/operacao-longa", {"dados": dados, "outro": 1})
    job = as_started(world, created["job_id"])
    world.claim(job, 0)
    world.complete(job, 0)
    assert get(world, created["url_status"])["resultado"]["dados_processados"] == dados


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("operacao-longa", {}, "/dados"),
        ("operacao-longa", {"dados": "\0"}, "/dados"),
        ("operacao-customizada", {"dados": 1}, "/tempo_processamento"),
        ("operacao-customizada", {"dados": 1, "tempo_processamento": 0}, "/tempo_processamento"),
        ("operacao-customizada", {"dados": 1, "tempo_processamento": 301}, "/tempo_processamento"),
        ("jobs", {"acoes": []}, "/acoes"),
        ("jobs", {"acoes": [{}]}, "/acoes/0/action_type"),
        ("jobs", {"acoes": [{"action_type": "nothing"}]}, "/acoes/0/action_type"),
        ("jobs", {"acoes": [{"action_type": "draw"}, {"tipo": "nothing"}]}, "/acoes/1/tipo"),
        (
            "jobs",
            {"acoes": [{"tipo": "simulate", "params": {"duration_seconds": 0}}]},
            "/acoes/0/params/duration_seconds",
        ),
    ],
)
def test_a_wrong_request_is_a_problem_in_the_clients_own_names(
    world: Actions, path: str, body: object, pointer: str
) -> None:
    problem = post(world, f"/api/{path}", body, expect=422)
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert jobs(world) == 0


def test_a_cancelled_operation_is_shown_as_failed(world: Actions) -> None:
    created = post(world, "/api/operacao-longa", {"dados": {}})
    world.client.post(f"/api/v1/jobs/{created['job_id']}/cancel")
    told = get(world, created["url_status"])
    assert (told["status"], told["erro"], told["resultado"]) == ("failed", "The operation was cancelled.", None)


def test_every_job_can_be_asked_for_and_what_is_none_is_a_problem(world: Actions) -> None:
    job = world.start("draw", "other")
    for number, rows in ((0, 1), (1, 2)):
        world.claim(job, number)
        world.complete(job, number, rows=rows)
    told = get(world, f"/api/jobs/{job['job_id']}")
    assert (told["status"], told["resultado"]["dados_processados"]) == ("completed", [{"rows": 1}, {"rows": 2}])
    for path in ("/api/jobs/{}", "/api/jobs/{}/status", "/status/{}", "/download/{}"):
        for unknown in (uuid4(), "x"):
            assert get(world, path.format(unknown), expect=404)["code"] == "job_not_found"


def test_an_operation_that_is_sent_again_is_started_once(world: Actions) -> None:
    headers = {"Idempotency-Key": "k"}
    first, again = (world.client.post("/api/operacao-longa", json={"dados": 1}, headers=headers) for _ in range(2))
    assert (first.content, again.headers["Idempotency-Replayed"], jobs(world)) == (again.content, "true", 1)


# Jobs of several actions


def test_a_job_of_several_actions_is_started_and_followed(world: Actions) -> None:
    acoes = [{"action_type": "draw", "params": {"a": 1}}, {"tipo": "simulate", "params": {"duration_seconds": 5}}]
    created = post(world, "/api/jobs", {"acoes": acoes})
    job_id = created["job_id"]
    assert created == {"id": job_id, "job_id": job_id, "status": "PENDENTE", "dataCriacao": created["dataCriacao"]}

    job, url = as_started(world, job_id), f"/api/jobs/{job_id}/status"
    ids = [action["action_id"] for action in job["actions"]]
    nothing = {"status": "PENDENTE", "resultado": None, "dataInicio": None, "dataFim": None}
    assert get(world, url) == {
        "id": job_id,
        "status": "PENDENTE",
        "dataCriacao": created["dataCriacao"],
        "dataAtualizacao": created["dataCriacao"],
        "progresso": 0,
        "resultado": None,
        "acoes": [
            {"id": ids[0], "action_type": "draw", **nothing},
            {"id": ids[1], "action_type": "simulate", **nothing},
        ],
    }
    for number in (0, 1):
        world.claim(job, number)
    world.complete(job, 0, rows=3)
    half = get(world, url)
    assert (half["status"], half["progresso"], half["resultado"]) == ("PROCESSANDO", 50, None)
    assert [(a["status"], a["resultado"]) for a in half["acoes"]] == [("CONCLUIDO", {"rows": 3}), ("PROCESSANDO", None)]
    assert half["dataAtualizacao"] == half["acoes"][0]["dataFim"]
    world.fail(job, 1, BROKEN)
    ended = get(world, url)
    assert (ended["status"], ended["progresso"], ended["resultado"]) == ("ERRO", 100, [{"rows": 3}, None])
    assert [a["status"] for a in ended["acoes"]] == ["CONCLUIDO", "ERRO"]


def test_a_job_whose_actions_are_done_is_concluded(world: Actions) -> None:
    job_id = post(world, "/api/jobs", {"acoes": [{"action_type": "draw"}]})["id"]
    job = as_started(world, job_id)
    world.claim(job, 0)
    world.complete(job, 0, rows=3)
    told = get(world, f"/api/jobs/{job_id}/status")
    assert (told["status"], told["resultado"]) == ("CONCLUIDO", {"rows": 3})


# Generated files


def test_a_file_is_asked_for_followed_and_not_ready_before_its_end(world: Actions) -> None:
    created = post(world, "/generate", GENERATE)
    job_id = created["job_id"]
    assert created == {"job_id": job_id, "status": "queued"}
    assert get(world, f"/status/{job_id}") == {"job_id": job_id, "status": "queued", "error": None}
    assert get(world, f"/download/{job_id}", expect=409)["code"] == "not_ready"
    job = as_started(world, job_id)
    assert [action["type"] for action in job["actions"]] == [ARTIFACT]
    world.claim(job, 0)
    assert get(world, f"/status/{job_id}")["status"] == "processing"
    world.fail(job, 0, AWAY)
    assert get(world, f"/status/{job_id}") == {"job_id": job_id, "status": "queued", "error": None}
    world.claim(job, 0)
    world.fail(job, 0, BROKEN)
    assert get(world, f"/status/{job_id}") == {"job_id": job_id, "status": "failed", "error": "It is damaged."}


def test_a_status_is_never_older_than_what_was_committed(world: Actions) -> None:
    job_id = post(world, "/generate", GENERATE)["job_id"]
    job, url = as_started(world, job_id), f"/status/{job_id}"
    for _ in range(20):
        world.claim(job, 0)
        assert get(world, url)["status"] == "processing"
        world.sql("UPDATE job_actions SET attempt = 0")
        world.fail(job, 0, AWAY)
        assert get(world, url)["status"] == "queued"
    assert world.client.get(url).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "changed",
    [
        *({}, {"type": "pdf"}, {"payload": {"report": "ingestion"}}, {"payload": {"report": "nothing"}}),
        *({"payload": {"params": {"x": 1}}}, {"type": "docx"}, {"type": None, "payload": []}),
    ],
)
def test_a_key_gives_the_first_job_for_an_hour_whatever_else_is_sent(
    world: Actions, changed: dict[str, object]
) -> None:
    first = post(world, "/generate", GENERATE)["job_id"]
    world.sql("UPDATE idempotency_keys SET created_at = created_at - interval '59 minutes'")
    assert post(world, "/generate", GENERATE)["job_id"] == first
    assert world.client.post("/generate", json={**GENERATE, **changed}).json() == {"job_id": first, "status": "queued"}
    world.sql("UPDATE idempotency_keys SET created_at = created_at - interval '2 minutes'")
    assert post(world, "/generate", GENERATE)["job_id"] != first


def test_clients_that_come_at_once_with_one_key_all_get_the_same_job(world: Actions) -> None:
    together = Barrier(CLIENTS)

    def generate(_number: int) -> httpx.Response:
        together.wait()
        return world.client.post("/generate", json=GENERATE)

    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(generate, range(CLIENTS)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == jobs(world) == 1


def test_a_key_of_generate_is_none_of_the_header(world: Actions) -> None:
    post(world, "/generate", GENERATE)
    headers = {"Idempotency-Key": str(GENERATE["idempotency_key"])}
    assert world.client.post("/api/operacao-longa", json={"dados": 1}, headers=headers).status_code == 202


def test_generate_takes_the_header_where_the_body_has_no_key(world: Actions) -> None:
    def generate(**changed: object) -> httpx.Response:
        return world.client.post("/generate", json={"type": "xlsx", **changed}, headers={"Idempotency-Key": "k"})

    first, again = generate(), generate(idempotency_key=None)
    assert (first.status_code, again.status_code, again.content) == (202, 202, first.content)
    assert [answer.headers.get("Idempotency-Replayed") for answer in (first, again)] == [None, "true"]
    assert generate(type="pdf").json()["code"] == "idempotency_key_reused"
    assert generate(idempotency_key="k").json()["job_id"] != first.json()["job_id"]
    assert jobs(world) == 2


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/type"),
        ({"type": "docx"}, "/type"),
        ({"type": "pdf", "payload": {"report": "nothing"}}, "/payload/report"),
        ({"type": "pdf", "payload": {"params": {"x": 1}}}, "/payload/params/x"),
        ({"type": "pdf", "idempotency_key": ""}, "/idempotency_key"),
    ],
)
def test_a_wrong_file_is_a_problem_in_the_clients_own_names(world: Actions, body: object, pointer: str) -> None:
    problem = post(world, "/generate", body, expect=422)
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


def test_a_body_that_is_too_large_is_refused_on_every_path(world: Actions) -> None:
    for path in ("/generate", "/api/operacao-longa", "/api/jobs"):
        assert post(world, path, {"dados": "x" * (1 << 20)}, expect=413)["code"] == "request_too_large"


def test_the_description_has_them_under_a_tag_of_their_own(world: Actions) -> None:
    paths = get(world, "/openapi.json")["paths"]
    tagged = {path for path, calls in paths.items() for call in calls.values() if call["tags"] == ["existing clients"]}
    assert tagged == {
        *("/api/operacao-longa", "/api/operacao-customizada", "/api/jobs/{job_id}", "/api/jobs"),
        *("/api/jobs/{job_id}/status", "/generate", "/status/{job_id}", "/download/{job_id}"),
    }
