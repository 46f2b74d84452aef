"""What watches a server: alert rules and the dashboard ask for metrics that a server has, and the rules fire when they should."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from infra.telemetry import Observed, render
from tests.deploy.conftest import CHART, DEPLOY, Render, found, run
from tests.deploy.tools import PROMTOOL
from workers.partition.metrics import Metrics

RULES = CHART / "alerts.yaml"
NAME = re.compile(r"\brefold_[a-z_]+\b")


@pytest.fixture(scope="module")
def known() -> set[str]:
    """The names of all time series that a server tells."""
    observed = Observed(Metrics(), 0, 0, 0, {"running": 1}, 0, 0, 0, {"journal": 1}, {"journal": 1}, held={"shop": 1})
    return set(re.findall(r"^(refold_[a-z_]+)[ {]", render(observed).decode(), re.MULTILINE))


def names_in(expressions: list[str]) -> set[str]:
    return {name for expression in expressions for name in NAME.findall(expression)}


def test_each_rule_asks_for_what_a_server_tells_and_says_what_to_do(known: set[str]) -> None:
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    assert names_in([rule["expr"] for rule in rules]) <= known
    for rule in rules:
        assert set(rule["annotations"]) == {"summary", "action"}, rule["alert"]
        assert rule["labels"]["severity"] in ("critical", "warning", "info")


def test_each_panel_of_the_dashboard_asks_for_what_a_server_tells(known: set[str]) -> None:
    dashboard = json.loads((DEPLOY / "dashboard.json").read_text())
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    asked = names_in([target["expr"] for panel in panels for target in panel["targets"]])
    assert asked <= known
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in dashboard["panels"]]
    assert len(set(places)) == len(places), "two panels lie in one place"


@pytest.fixture(scope="module")
def promtool() -> Path:
    return found(PROMTOOL)


def test_the_rules_are_rules(promtool: Path) -> None:
    done = run(promtool, "check", "rules", "--lint=all", "--lint-fatal", RULES)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_fire_when_they_should_and_not_else(promtool: Path) -> None:
    done = run(promtool, "test", "rules", Path(__file__).with_name("alerts_test.yaml"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_metrics_are_what_prometheus_takes(promtool: Path) -> None:
    observed = Observed(Metrics(), 0, 0, 0, {"running": 1}, 0, 0, 0, {"journal": 1}, {"journal": 1})
    done = run(promtool, "check", "metrics", input=render(observed).decode())
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_chart_brings_the_rules(render: Render) -> None:
    (rule,) = (one for one in render(alerts={"enabled": True}) if one["kind"] == "PrometheusRule")
    assert rule["spec"] == yaml.safe_load(RULES.read_text())
    assert not [one for one in render() if one["kind"] == "PrometheusRule"]
