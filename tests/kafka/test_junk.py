"""Junk in every topic of a real log, before and during work, with takeovers: work goes on, and each record becomes one dead letter."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from brokers.cluster import Cluster
from tests.api.conftest import Server
from tests.cluster.junk import NEWER_TASK
from tests.kafka.littering import letters, litter
from tests.kafka.played_engine import until
from tests.kafka.test_cluster import PARTITIONS, Engines, has_ended, names_of_each_partition
from tests.kafka.topics import new_topics

WHOLE = ("definitions", "members", "cancellations", "blobs")
DIVIDED = ("journal", "commands", "snapshots")
TASKS = tuple(f"activities.default.{kind}{level}" for kind in ("pass_on", "_builtin") for level in (".high", "", ".low"))
WORKS: dict[str, Any] = {
    "name": "works",
    "nodes": [
        {"id": "own", "type": "pass_on"},
        {"id": "wait", "type": "wait_signal", "config": {"name": "go"}},
        {"id": "built_in", "type": "noop"},
    ],
    "edges": [{"from": "own", "to": "wait"}, {"from": "wait.received", "to": "built_in"}],
}


class Work:
    """Executions in every partition, with big values, each started at one server and signalled at another."""

    def __init__(self, folder: Path) -> None:
        self.notes = folder / "notes"
        self.notes.touch()
        self.count = 0

    def through(self, first: Server, second: Server) -> None:
        self.count += 1
        names = [f"{name}.{self.count}" for name in names_of_each_partition()]
        for name in names:
            self._begin(first, second, name)
        for name in names:
            until(partial(has_ended, second, name), name)

    def _begin(self, first: Server, second: Server, name: str) -> None:
        start = {"input": {"file": str(self.notes), "big": "x" * 100_000}, "execution_id": name}
        signal = {"payload": "y" * 100_000}
        until(lambda: first.post("/v1/workflows/works/executions", start).status < 300, name)
        until(lambda: second.post(f"/v1/executions/{name}/signals/go", signal, Idempotency_Key="once").status == 200, name)


def test_junk_in_every_topic_before_and_during_work_with_takeovers(engines: Engines, tmp_path: Path) -> None:
    address, work = engines.address, Work(tmp_path)
    litter(address, PARTITIONS, ("dead-letters", "blobs", "snapshots"))
    expected = litter(address, PARTITIONS, ("journal", "commands", "definitions", "members"))
    first, second = engines.two(WORKS)
    engines.work("w")
    work.through(first, second)
    expected += litter(address, PARTITIONS, ("journal", "commands", "definitions", "members", "cancellations", *TASKS))
    expected += litter(address, PARTITIONS, ("commands", *TASKS), [None])
    litter(address, PARTITIONS, ("dead-letters", "blobs", "snapshots"))
    litter(address, PARTITIONS, TASKS, [NEWER_TASK])
    work.through(first, second)
    first.kill()
    expected += litter(address, PARTITIONS, ("journal", "commands", "definitions", "members", "cancellations", *TASKS))
    work.through(second, second)
    third = engines.start("c")
    engines.work("v")
    work.through(third, second)
    assert second.stop() == 0
    work.through(third, third)

    def found() -> Counter[str]:
        return Counter({origin: count for origin, count in letters(address).items() if not origin.startswith(("blobs", "snapshots"))})

    until(lambda: set(found()) >= set(expected), "not all of it is a dead letter")
    assert set(found()) == set(expected), "what is no junk is no dead letter"
    twice = {origin for origin, count in letters(address).items() if count > 1}
    assert {origin for origin in twice if not origin.startswith("activities")} == set()
    assert [origin for origin in letters(address) if origin.startswith("blobs")], "what was come upon among the blobs"
    left = 'refold_newer_records_total{topic="activities.default._builtin"}'
    until(lambda: left in third.get("/metrics").content.decode(), "a task of a newer version is not told")
    assert "refold_unreadable_records_total{" in third.get("/metrics").content.decode()


def test_ready_says_what_is_missing_while_the_broker_is_away_and_is_ready_again_when_it_is_back(cluster: Cluster, tmp_path: Path) -> None:
    made = Engines(new_topics(cluster.bootstrap, PARTITIONS), tmp_path)
    node = cluster.nodes[0]
    try:
        server = made.start("a")
        for away, back in ((node.freeze, node.thaw), (node.kill, node.start)):
            away()
            answer = until(lambda: (found := server.get("/health/ready")).status == 503 and found, "it says that it is ready")
            assert (answer.json["reason"], "does not answer" in answer.json["detail"]) == ("not_in_charge", True)
            assert server.get("/health/live").status == 200
            back()
            until(lambda: server.get("/health/ready").status == 200, "it is not ready again")
    finally:
        node.thaw()
        made.close()
