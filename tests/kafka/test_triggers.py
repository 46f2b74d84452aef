"""Schedules of a cluster: whoever owns the partition of its name fires it; killed, another goes on where it was, and none is twice."""

from __future__ import annotations

from typing import Any

from tests.api.conftest import Server
from tests.kafka.played_engine import until
from tests.kafka.test_cluster import Engines

SAYS_WHEN = {"id": "n", "type": "transform", "config": {"operation": "value", "value": "{{ trigger.due }}"}}
PLAIN: dict[str, Any] = {"name": "plain", "nodes": [SAYS_WHEN]}
NAMES = tuple(f"t{number}" for number in range(8))
EACH_SECOND = {"workflow": "plain", "trigger": {"type": "schedule", "every": "1s", "input": {"due": "{{ trigger.due }}"}}}


def last(server: Server, name: str) -> str:
    found = server.get(f"/v1/triggers/{name}").json.get("last")
    return "" if found is None else str(found["cause"])


def test_a_schedule_goes_on_in_another_engine_when_its_own_is_killed_and_fires_no_time_twice(engines: Engines) -> None:
    first, second = engines.start("a"), engines.start("b")
    first.publish(PLAIN)
    until(lambda: second.get("/v1/workflows/plain").status == 200)
    for name in NAMES:
        assert second.ask("PUT", f"/v1/triggers/{name}", EACH_SECOND).status == 200
    until(lambda: all(last(second, name) for name in NAMES), "some have never fired")
    first.kill()
    before = {name: last(second, name) for name in NAMES}
    until(lambda: all(last(second, name) > before[name] for name in NAMES), "some do not go on")
    for name in NAMES:
        second.ask("DELETE", f"/v1/triggers/{name}")
    until(lambda: len(started(second)) >= 2 * len(NAMES), "not all are listed")
    found = started(second)
    assert len({one["execution_id"] for one in found}) == len(found)
    causes = [(one["trigger"]["id"], due(second, one["execution_id"])) for one in found]
    assert len(set(causes)) == len(causes), "a time was fired twice"


def started(server: Server) -> list[dict[str, Any]]:
    answer = server.get("/v1/executions?workflow=plain&limit=500")
    return list(answer.json["executions"]) if answer.status == 200 else []


def due(server: Server, execution: str) -> str:
    found: Any = server.get(f"/v1/executions/{execution}").json
    assert found["status"] == "completed"
    return str(found["output"])
