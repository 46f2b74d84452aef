"""Event triggers of a cluster: each owner starts what its partitions' events start; killed, another goes on, and each is once."""

from __future__ import annotations

from typing import Any

from tests.api.conftest import Server
from tests.kafka.played_engine import until
from tests.kafka.test_cluster import Engines

ROWS = {"id": "n", "type": "transform", "config": {"operation": "value", "value": {"rows": "{{ input.rows }}"}}}
IMPORT: dict[str, Any] = {"name": "import", "nodes": [ROWS]}
AFTER: dict[str, Any] = {
    "name": "report",
    "triggers": [
        {
            "id": "t",
            "type": "event",
            "filter": "event.type == 'execution.completed' && event.workflow == 'import'",
            "input": {"rows": "{{ event.data.output.rows }}"},
        }
    ],
    "nodes": [ROWS],
}


def test_what_ends_in_any_partition_starts_one_and_a_killed_engine_loses_and_doubles_none(engines: Engines) -> None:
    first, second = engines.start("a"), engines.start("b")
    first.publish(IMPORT, AFTER)
    until(lambda: second.get("/v1/workflows/report").status == 200)
    for number in range(20):
        first.start("import", {"rows": number})
    until(lambda: len(outputs(second)) >= 5, "nothing was started")
    first.kill()
    for number in range(20, 30):
        until(lambda number=number: started(second, number))  # type: ignore[misc]  # the default is the number of this turn
    until(lambda: len(outputs(second)) >= 30, "not all were started")
    assert sorted(outputs(second)) == list(range(30))


def started(server: Server, number: int) -> bool:
    answer = server.post("/v1/workflows/import/executions", {"input": {"rows": number}}, Idempotency_Key=f"k{number}")
    return answer.status in (200, 201)


def outputs(server: Server) -> list[int]:
    answer = server.get("/v1/executions?workflow=report&status=completed&limit=500")
    found = list(answer.json["executions"]) if answer.status == 200 else []
    return [server.get(f"/v1/executions/{one['execution_id']}").json["output"]["rows"] for one in found]
