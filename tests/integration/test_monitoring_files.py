"""The files for Prometheus, Alertmanager and Grafana hold together, and ask for figures that exist."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import Engine

from tests.integration.test_metrics import run, telemetry

DEPLOY = Path(__file__).parents[2] / "deploy"
ALERTS = DEPLOY / "prometheus" / "alerts.yml"
DASHBOARD = DEPLOY / "grafana" / "dashboards" / "esteira.json"
RULES: list[dict[str, Any]] = yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]


def checked(program: str, package: str, *arguments: str) -> None:
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed: apt-get install {package}")
    ended = subprocess.run([path, *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def expressions() -> list[str]:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    targets = [target for panel in panels for target in panel.get("targets", [])]
    return [asking["expr"] for asking in [*RULES, *targets]]


def test_the_alerts_fire_when_they_should_and_are_silent_when_they_should_not() -> None:
    checked("promtool", "prometheus", "test", "rules", str(ALERTS.with_name("alerts_test.yml")))


def test_prometheus_takes_its_configuration() -> None:
    checked("promtool", "prometheus", "check", "config", "--syntax-only", str(ALERTS.with_name("prometheus.yml")))


def test_alertmanager_takes_its_configuration() -> None:
    checked("amtool", "prometheus-alertmanager", "check-config", str(DEPLOY / "alertmanager" / "alertmanager.yml"))


def test_every_alert_is_tested_to_fire_and_leads_to_what_to_do() -> None:
    tests = yaml.safe_load(ALERTS.with_name("alerts_test.yml").read_text())["tests"]
    runbook = (DEPLOY.parent / "docs" / "operations.md").read_text("utf-8")
    fired = {each["alertname"] for test in tests for each in test["alert_rule_test"] if each.get("exp_alerts")}
    assert {rule["alert"] for rule in RULES} == fired
    for rule in RULES:
        assert rule["annotations"]["runbook_url"] == f"docs/operations.md#{rule['alert'].lower()}"
        assert f"\n### {rule['alert']}\n" in runbook
        assert rule["labels"]["severity"] in {"critical", "warning"}


def test_dashboard_and_alerts_ask_for_figures_that_exist(engine: Engine) -> None:
    run(engine)
    page = telemetry(engine)
    with page.serving(method="GET", request_id="a", traceparent=None) as served:
        served("/r", 200, 0.1)
    given = set(re.findall(r"^(esteira_\w+)", page.page().decode(), re.MULTILINE))
    asked = {name for expression in expressions() for name in re.findall(r"esteira_\w+", expression)}
    assert asked
    assert asked <= given
    families = set(re.findall(r"^# TYPE (esteira_\w+(?<!_created)) ", page.page().decode(), re.MULTILINE))
    not_shown = {name for name in families if not any(each.startswith(name) for each in asked)}
    assert not_shown == set(), "the dashboard leaves out what is counted"


def test_the_dashboard_asks_the_data_source_that_is_provided() -> None:
    provided = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yml").read_text())
    panels = json.loads(DASHBOARD.read_text())["panels"]
    used = {panel["datasource"]["uid"] for panel in panels if "datasource" in panel}
    assert used == {provided["datasources"][0]["uid"]}
