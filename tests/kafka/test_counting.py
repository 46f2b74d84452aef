"""`settings.concurrency` on a real log of many partitions: the limit is exact, whoever is asked and however it is started."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.kafka.played_engine import until
from tests.kafka.test_cluster import PARTITIONS, Engines, has_ended
from tests.kafka.topics import new_topics

WAIT = {"id": "wait", "type": "wait_signal", "config": {"name": "go"}}
LIMITED = {"name": "limited", "nodes": [WAIT], "settings": {"concurrency": {"limit": 2}}}


@pytest.fixture
def engines(broker: str, tmp_path: Path) -> Iterator[Engines]:
    made = Engines(new_topics(broker, PARTITIONS), tmp_path)
    try:
        yield made
    finally:
        made.close()


def test_of_many_starts_at_two_processes_no_more_run_than_may_also_when_one_of_them_is_killed(engines: Engines) -> None:
    first, second = engines.two(LIMITED)
    path = "/v1/workflows/limited/executions"
    started = [engines.all[number % 2].post(path, {}, Idempotency_Key=f"k{number}").json["execution_id"] for number in range(8)]
    assert [engines.all[1 - number % 2].post(path, {}, Idempotency_Key=f"k{number}").json["execution_id"] for number in range(8)] == started

    def statuses() -> Counter[str]:
        return Counter(second.get(f"/v1/executions/{name}").json["status"] for name in started)

    def are_running(count: int) -> bool:
        return statuses()["running"] == count

    def is_signalled(name: str) -> bool:
        return second.post(f"/v1/executions/{name}/signals/go", {}).status == 200

    until(lambda: statuses() == {"running": 2, "created": 6})
    first.kill()
    for left in range(8, 0, -1):
        until(partial(are_running, min(2, left)))
        running = next(name for name in started if second.get(f"/v1/executions/{name}").json["status"] == "running")
        until(partial(is_signalled, running))
        until(partial(has_ended, second, running))
    answers = [second.post(path, {"execution_id": f"order-{number}"}) for number in range(8)]
    assert {(answer.status, answer.json.get("reason")) for answer in answers} >= {(409, "counted_elsewhere")}
