"""`settings.concurrency` and `quota` on a real log of many partitions: exact, whoever is asked and however it is started."""

from __future__ import annotations

from collections import Counter
from functools import partial

from tests.api.conftest import Server
from tests.kafka.played_engine import until
from tests.kafka.test_cluster import Engines, has_ended

WAIT = {"id": "wait", "type": "wait_signal", "config": {"name": "go"}}
LIMITED = {"name": "limited", "nodes": [WAIT], "settings": {"concurrency": {"limit": 2}}}
CALLS = {"name": "calls", "nodes": [{"id": "call", "type": "sub_workflow", "config": {"workflow": "limited"}}]}
FEW = {"name": "few", "nodes": [WAIT], "settings": {"quota": {"open": 3}}}
QUEUES = {"name": "queues", "nodes": [WAIT], "settings": {"quota": {"open": 1, "on_limit": "queue"}}}
PATH = "/v1/workflows/limited/executions"


def knows(server: Server, workflow: object) -> bool:
    """Whether a server has heard of a workflow."""
    return server.get(f"/v1/workflows/{workflow}").status == 200


def test_of_many_starts_at_two_processes_no_more_run_than_may_also_when_one_of_them_is_killed(engines: Engines) -> None:
    first, second = engines.two(LIMITED)
    for definition in (CALLS, FEW, QUEUES):
        first.publish(definition)
        until(partial(knows, second, definition["name"]))
    started = [engines.all[number % 2].post(PATH, {}, Idempotency_Key=f"k{number}").json["execution_id"] for number in range(3)]
    assert [engines.all[1 - number % 2].post(PATH, {}, Idempotency_Key=f"k{number}").json["execution_id"] for number in range(3)] == started
    started += [engines.all[number % 2].post(PATH, {"execution_id": f"order-{number}"}).json["execution_id"] for number in range(3)]
    for number in range(3):
        top = engines.all[number % 2].post("/v1/workflows/calls/executions", {"execution_id": f"top-{number}"}).json["execution_id"]
        started.append(f"{top}~call")
    refused = [engines.all[number % 2].post("/v1/workflows/few/executions", {}).json.get("reason") for number in range(5)]
    assert refused == [None, None, None, "quota_exceeded", "quota_exceeded"]

    queued = [engines.all[number % 2].post("/v1/workflows/queues/executions", {}).json["execution_id"] for number in range(3)]

    def statuses() -> Counter[str]:
        return Counter(second.get(f"/v1/executions/{name}").json.get("status") for name in started)

    def are_running(count: int) -> bool:
        return statuses()["running"] == count

    def is_signalled(name: str) -> bool:
        return second.post(f"/v1/executions/{name}/signals/go", {}).status == 200

    until(lambda: statuses() == {"running": 2, "created": 7})
    first.kill()
    for left in range(9, 0, -1):
        until(partial(are_running, min(2, left)))
        running = next(name for name in started if second.get(f"/v1/executions/{name}").json["status"] == "running")
        until(partial(is_signalled, running))
        until(partial(has_ended, second, running))
    until(partial(has_ended, second, "top-2"))
    for name in queued:
        until(partial(is_signalled, name))
        until(partial(has_ended, second, name))
    answer = second.post("/v1/workflows/few/executions", {})
    assert (answer.status, answer.json["reason"], answer.headers["retry-after"]) == (429, "quota_exceeded", "5")
