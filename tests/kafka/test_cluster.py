"""Several engine processes on one log: any takes any command, one that dies is replaced, one that leaves hands over."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Collection
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from aiokafka.structs import TopicPartition

from brokers.cluster import Cluster
from contracts.ids import partition_of
from infra.log.kafka.admin import init
from infra.log.kafka.fetch import LATEST, Fetcher
from infra.log.kafka.loop import STANDS_STILL
from refold.kafka.address import KafkaAddress
from tests import preloaded
from tests.api.conftest import HELLO, WAITS, Server
from tests.kafka.played_engine import ROOT, until
from tests.kafka.topics import delete_topic, new_topics

PARTITIONS = 4
SESSION_S = 2
NOTES: dict[str, Any] = {
    "name": "notes",
    "nodes": [{"id": name, "type": "pass_on"} for name in ("first", "second", "third")],
    "edges": [{"from": "first", "to": "second"}, {"from": "second", "to": "third"}],
}


class Engines:
    """Engine processes, and workers, on one log."""

    def __init__(self, address: KafkaAddress, folder: Path) -> None:
        self.address, self._folder = address, folder
        self.all: list[Server] = []
        self._workers: list[subprocess.Popen[bytes]] = []

    def start(self, name: str, *flags: str) -> Server:
        words = ("--log", str(self.address), "--node", name, "--set", f"session_s={SESSION_S}", *flags)
        server = Server(self._folder / name, *words)
        self.all.append(server)
        until(lambda: server.get("/health/ready").status == 200, "it is not ready")
        return server

    def two(self, definition: dict[str, Any]) -> tuple[Server, Server]:
        """Two processes that both know of a workflow."""
        first, second = self.start("a"), self.start("b")
        first.publish(definition)
        until(lambda: second.get(f"/v1/workflows/{definition['name']}").status == 200)
        return first, second

    def work(self, name: str) -> subprocess.Popen[bytes]:
        """A worker that takes its tasks from the log."""
        command = [sys.executable, "-m", "refold", "worker", "tests.kafka.noting", "--log", str(self.address), "--name", name]
        self._workers.append(subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}))
        return self._workers[-1]

    def work_over_http(self, name: str, server: Server) -> None:
        """A worker that comes to a server."""
        command = [sys.executable, "-m", "refold", "worker", "tests.kafka.noting", "--server", server.url, "--name", name]
        self._workers.append(subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}))

    def close(self) -> None:
        for worker in self._workers:
            worker.kill()
            worker.wait()
        for server in self.all:
            server.kill()
        for server in self.all:
            assert STANDS_STILL not in server.stderr(), server.stderr()


def names_of_each_partition() -> list[str]:
    """An id of one's own for each partition."""
    found: dict[int, str] = {}
    number = 0
    while len(found) < PARTITIONS:
        number += 1
        found.setdefault(partition_of(f"order-{number}", PARTITIONS), f"order-{number}")
    return [found[partition] for partition in range(PARTITIONS)]


def completions(server: Server, execution: str) -> Counter[str]:
    """How often each node of an execution has completed, by its history."""
    events = server.get(f"/v1/executions/{execution}/history?limit=1000").json["events"]
    return Counter(event["path"] for event in events if event["type"] == "NodeCompleted")


def has_ended(server: Server, execution: str) -> bool:
    return bool(server.get(f"/v1/executions/{execution}").json.get("status") == "completed")


def go_on(ended: list[str], more: int) -> None:
    """Wait until more than so many more have ended."""
    count = len(ended)
    until(lambda: len(ended) > count + more)


def test_any_process_takes_any_command_and_shows_any_execution(engines: Engines) -> None:
    first, second, third = (engines.start(name) for name in ("a", "b", "c"))
    first.publish(HELLO, WAITS)
    until(lambda: all(len(one.get("/v1/workflows").json["workflows"]) == 2 for one in engines.all))
    for name in names_of_each_partition():
        assert second.start("waits", {"order": 1}, execution_id=name)["execution_id"] == name
        assert third.start("waits", {"order": 1}, execution_id=name)["execution_id"] == name, "the same start once more"
        assert first.get(f"/v1/executions/{name}").json["status"] == "running"
        assert first.post(f"/v1/executions/{name}/signals/approved", {"payload": 1}, Idempotency_Key="once").status == 200
        assert third.post(f"/v1/executions/{name}/signals/approved", {"payload": 1}, Idempotency_Key="once").status == 200
        until(partial(has_ended, second, name))
        assert third.post(f"/v1/executions/{name}/signals/approved", {}, Idempotency_Key="late").json["reason"] == "already_ended"
        assert all(completions(one, name) == {"approval": 1, "after": 1} for one in engines.all)
    done = [third.start("hello", {"name": "Ada"}, wait=20) for _ in range(4)]
    assert all(one["output"] == {"greeting": "Hello, Ada!"} for one in done)
    position = max(one["position"] for one in done)
    for one in engines.all:
        listed = one.get(f"/v1/executions?limit=100&min_position={position}").json["executions"]
        assert {row["execution_id"] for row in listed} >= {*names_of_each_partition(), *(row["execution_id"] for row in done)}
        assert one.get("/v1/executions/nobody").status == 404
        assert one.post("/v1/executions/nobody/signals/x", {}).status == 404


def test_what_a_killed_process_owned_goes_on_in_the_others(engines: Engines) -> None:
    first, second = engines.two(WAITS)
    names = names_of_each_partition()
    for name in names:
        first.start("waits", {"order": 1}, execution_id=name)
    first.kill()
    for name in names:
        assert second.post(f"/v1/executions/{name}/signals/approved", {"payload": 1}).status == 200
    for name in names:
        until(partial(has_ended, second, name))
        assert completions(second, name) == {"approval": 1, "after": 1}


def test_whoever_waits_at_another_process_is_answered_when_the_owner_was_killed(engines: Engines) -> None:
    first, second = engines.two(WAITS)
    owned = until(lambda: [row["partition"] for row in second.get("/v1/cluster").json["partitions"] if row["owner"] == "a"])
    name = names_of_each_partition()[owned[0]]
    ended: list[str] = []
    waiting = threading.Thread(target=lambda: ended.append(second.start("waits", {"order": 1}, wait=60, execution_id=name)["status"]))
    waiting.start()
    until(lambda: first.get(f"/v1/executions/{name}").status == 200)
    first.kill()
    until(lambda: second.post(f"/v1/executions/{name}/signals/approved", {}).status == 200)
    waiting.join(60)
    assert ended == ["completed"]


def test_a_frozen_process_that_thaws_makes_way(engines: Engines) -> None:
    first, second = engines.two(WAITS)
    names = names_of_each_partition()
    for name in names:
        first.start("waits", {"order": 1}, execution_id=name)
    os.kill(first.process.pid, signal.SIGSTOP)
    try:
        for name in names:
            assert second.post(f"/v1/executions/{name}/signals/approved", {"payload": 1}).status == 200
            until(partial(has_ended, second, name))
    finally:
        os.kill(first.process.pid, signal.SIGCONT)
    for name in names:
        until(partial(has_ended, first, name))
        assert completions(first, name) == completions(second, name) == {"approval": 1, "after": 1}


def test_a_rolling_restart_under_load_repeats_and_loses_nothing(engines: Engines, tmp_path: Path) -> None:
    engines.start("a"), engines.start("b")
    engines.all[0].publish(NOTES)
    until(lambda: engines.all[1].get("/v1/workflows/notes").status == 200)
    notes = tmp_path / "notes"
    notes.touch()
    engines.work("w")
    until(lambda: [row["worker"] for row in engines.all[1].get("/v1/workers").json["workers"]] == ["w"], "the worker is not known")
    ended: list[str] = []
    is_over = threading.Event()
    servers = dict(enumerate(engines.all))

    def load(number: int) -> None:
        count = 0
        while not is_over.is_set():
            count += 1
            body = {"input": {"file": str(notes)}}
            key = f"{number}-{count}"
            for attempt in range(100):
                try:
                    answer = servers[(number + attempt) % 2].post("/v1/workflows/notes/executions?wait=30", body, Idempotency_Key=key)
                except (OSError, AssertionError):
                    is_over.wait(0.05)
                    continue
                if answer.status < 300:
                    ended.append(answer.json["execution_id"])
                    break
                is_over.wait(0.05)

    threads = [threading.Thread(target=load, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for place, name in enumerate(("a", "b")):
        go_on(ended, 20)
        assert servers[place].stop() == 0
        servers[place] = engines.start(name)
    go_on(ended, 20)
    is_over.set()
    for thread in threads:
        thread.join()
    for name in ended:
        until(partial(has_ended, servers[0], name), name)
    begun = Counter(line.split()[1] for line in notes.read_text().splitlines() if line.startswith("begin"))
    assert len(begun) == 3 * len(set(ended))
    assert not {task: times for task, times in begun.items() if times > 1}


def test_roles_share_the_work(engines: Engines) -> None:
    owner = engines.start("owner", "--roles", "owner")
    engines.start("worker", "--roles", "worker")
    api = engines.start("api", "--roles", "api,projector")
    api.publish(HELLO, WAITS)
    assert api.start("hello", {"name": "Ada"}, wait=30)["output"] == {"greeting": "Hello, Ada!"}
    assert owner.post("/v1/workflows/hello/executions", {}).status == 404
    cluster = owner.get("/v1/cluster").json
    assert {row["node"]: set(row["roles"]) for row in cluster["processes"]} == {
        "owner": {"owner"},
        "worker": {"worker"},
        "api": {"api", "projector"},
    }
    assert {row["owner"] for row in cluster["partitions"]} == {"owner"}


def test_added_partitions_take_new_executions_and_old_ones_stay(engines: Engines) -> None:
    first, second = engines.two(WAITS)
    old = [first.start("waits", {"order": 1})["execution_id"] for _ in range(8)]
    own = names_of_each_partition()
    for name in own:
        second.start("waits", {"order": 1}, execution_id=name)
    asyncio.run(init(engines.address, PARTITIONS + 2))
    new: list[str] = []

    def spread() -> bool:
        new.extend(server.start("waits", {"order": 2})["execution_id"] for server in engines.all)
        return {partition_of(name, PARTITIONS) for name in new} >= {PARTITIONS, PARTITIONS + 1}

    until(spread, "no execution began in the partitions that were added")
    for name in (*old, *own, *new):
        assert second.post(f"/v1/executions/{name}/signals/approved", {"payload": 1}).status == 200, name
    for name in (*old, *own, *new):
        until(partial(has_ended, first, name), name)


def test_two_processes_of_one_name_are_one_too_many(engines: Engines, tmp_path: Path) -> None:
    first = engines.start("a")
    words = ["--data", str(tmp_path / "other"), "--port", "0", "--node", "a", "--log", str(engines.address)]
    done = preloaded.run("serve", *words, "--set", f"session_s={SESSION_S}")
    assert done.returncode == 1
    assert "two processes are called a" in done.stderr
    assert first.get("/health/ready").status == 200


def test_activities_wait_until_a_worker_comes(engines: Engines, tmp_path: Path) -> None:
    first = engines.start("a")
    first.publish(NOTES)
    notes = tmp_path / "notes"
    notes.touch()
    waiting = [first.start("notes", {"file": str(notes)})["execution_id"] for _ in range(4)]
    engines.work("w")
    for name in waiting:
        until(partial(has_ended, first, name), name)


WORKS = {"name": "works", "nodes": [{"id": "n", "type": "charge"}]}
POLL = {"protocol": 1, "worker": "w", "kinds": ["charge"], "credits": 100, "wait_s": 1}


def take(server: Server, executions: Collection[str]) -> list[str]:
    """The tasks of these executions of `works`, polled for until all are there; no other comes, and none twice."""
    seen: dict[str, str] = {}

    def poll() -> bool:
        for task in server.post("/v1/worker/poll", {**POLL, "running": list(seen)}).json["tasks"]:
            assert task["task"] not in seen, "the same task once more"
            assert task["execution"] in executions, "nobody waits for it"
            seen[task["task"]] = task["execution"]
        return set(seen.values()) == set(executions)

    until(poll, "not all tasks came")
    return sorted(seen)


def report(server: Server, tasks: list[str]) -> None:
    """Say that they have ended; return when that is durable."""
    results = [{"task": task, "output": 42} for task in tasks]
    receipt = server.post("/v1/worker/results", {"protocol": 1, "worker": "w", "results": results}).json
    assert sorted(receipt["accepted"]) == tasks


def test_a_worker_over_http_may_report_to_another_process_than_it_polls(engines: Engines) -> None:
    first, second = engines.two(WORKS)
    started = [first.start("works")["execution_id"] for _ in range(4)]
    report(second, take(first, started))
    for name in started:
        until(partial(has_ended, second, name), name)
    assert first.post("/v1/worker/poll", {**POLL, "wait_s": 0}).json["tasks"] == []


def test_what_ended_just_before_an_engine_was_killed_does_not_run_again(engines: Engines) -> None:
    """Its records lie in their topic, and it was not committed that they are done."""
    first = engines.start("a")
    first.publish(WORKS)
    report(first, take(first, [first.start("works")["execution_id"] for _ in range(40)]))
    first.kill()
    first = engines.start("a")
    new = names_of_each_partition()
    for name in new:
        first.start("works", execution_id=name)
    take(first, new)


def test_big_values_are_everywhere(engines: Engines) -> None:
    first, second = engines.two(WAITS)
    big = "x" * 300_000
    for name in names_of_each_partition():
        second.start("waits", {"order": 1, "big": big}, execution_id=name)
        assert first.post(f"/v1/executions/{name}/signals/approved", {"big": big}).status == 200
        until(partial(has_ended, first, name), name)
        for server in engines.all:
            assert server.get(f"/v1/executions/{name}/state?whole=true").json["input"]["big"] == big


def test_a_cluster_that_was_killed_as_a_whole_goes_on(cluster: Cluster, tmp_path: Path) -> None:
    made = Engines(new_topics(cluster.bootstrap, PARTITIONS), tmp_path)
    try:
        first, second = made.start("a"), made.start("b")
        first.publish(WAITS)
        until(lambda: second.get("/v1/workflows/waits").status == 200)
        names = names_of_each_partition()
        for name in names:
            second.start("waits", {"order": 1}, execution_id=name)
        for server in (first, second):
            server.kill()
        cluster.nodes[0].kill()
        cluster.nodes[0].start()
        cluster.nodes[0].wait()
        again = made.start("c")
        for name in names:
            assert again.post(f"/v1/executions/{name}/signals/approved", {}).status == 200
            until(partial(has_ended, again, name), name)
    finally:
        made.close()


def test_commands_that_were_made_anew_are_noticed_and_nothing_is_passed_over(engines: Engines) -> None:
    first, second = engines.two(WAITS)
    for name in names_of_each_partition():
        for server in engines.all:  # one of them does not own it, and sends it through `commands`
            server.start("waits", {"order": 1}, execution_id=name)
    assert (first.stop(), second.stop()) == (0, 0)
    asyncio.run(delete_topic(engines.address, "commands"))
    asyncio.run(init(engines.address, PARTITIONS))
    third = engines.start("c")
    until(lambda: "was it created anew?" in third.stderr(), "it is not said")
    held = {row["partition"] for row in third.get("/v1/cluster").json["partitions"] if row["owner"]}
    assert len(held) < PARTITIONS, "a partition whose commands would be passed over was taken"


def records_of(engines: Engines, topic: str) -> int:
    """How many records a topic has got."""

    async def count() -> int:
        reading = Fetcher(engines.address)
        places = [TopicPartition(engines.address.topic(topic), partition) for partition in range(PARTITIONS)]
        try:
            return sum([await reading.offset(place, LATEST) for place in places])
        finally:
            await reading.close()

    return asyncio.run(count())


def test_what_a_worker_at_hand_ends_soon_has_no_record_in_its_topic_and_what_takes_longer_has_one(engines: Engines, tmp_path: Path) -> None:
    server, notes = engines.start("a"), tmp_path / "notes"
    notes.touch()
    server.publish(NOTES, {"name": "long", "nodes": [{"id": "only", "type": "note"}]})
    engines.work_over_http("w", server)
    given = {"file": str(notes), "seconds": 1.5, "gate": None}
    server.start("notes", given, wait=30)  # the worker is known from here on, and the topic is there
    before = records_of(engines, "activities.default.pass_on")
    for _ in range(10):
        assert server.start("notes", given, wait=20)["status"] == "completed"
    assert records_of(engines, "activities.default.pass_on") == before
    assert server.start("long", given, wait=20)["status"] == "completed"
    assert records_of(engines, "activities.default.note") == 1
    begun = Counter(line.split()[1] for line in notes.read_text().splitlines() if line.startswith("begin"))
    assert set(begun.values()) == {1}


def test_a_wrong_input_is_told_alike_by_whoever_is_asked(engines: Engines) -> None:
    first, second = engines.start("a"), engines.start("b")
    wants = {"type": "object", "required": ["amount"]}
    first.publish({"name": "pays", "input": wants, "nodes": [{"id": "n", "type": "noop"}]})
    until(lambda: second.get("/v1/workflows/pays").status == 200)
    for name in names_of_each_partition():
        answers = [one.post("/v1/workflows/pays/executions", {"input": {}, "execution_id": name}) for one in engines.all]
        assert {(answer.status, answer.json["reason"]) for answer in answers} == {(422, answers[0].json["reason"])}
        assert [answer.json["problems"] for answer in answers] == [answers[0].json["problems"]] * 2
        assert first.get(f"/v1/executions/{name}").status == 404


def test_an_execution_is_read_as_it_is_also_while_its_owner_has_much_to_do(engines: Engines) -> None:
    first = engines.start("a")
    first.publish(HELLO, WAITS)
    is_over = threading.Event()

    def load() -> None:
        while not is_over.is_set():
            first.start("hello", {"name": "Ada"})

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        for number in range(30):
            made = first.start("waits", {"order": number})["execution_id"]
            assert first.get(f"/v1/executions/{made}").json["status"] == "running"
            for steer, status in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
                assert first.post(f"/v1/executions/{made}/{steer}", {}).status == 200
                assert first.get(f"/v1/executions/{made}").json["status"] == status
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def test_a_worker_on_the_log_is_known_for_as_long_as_it_is_there(engines: Engines) -> None:
    first = engines.start("a")
    worker = engines.work("w")

    def last_seen() -> float:
        seen = [datetime.fromisoformat(row["last_seen"]) for row in first.get("/v1/workers").json["workers"]]
        return max((one.timestamp() for one in seen), default=0.0)

    began = until(last_seen, "the worker is not known")
    until(lambda: last_seen() > began + 3 * SESSION_S, "it is not heard of any more")
    worker.kill()
    until(lambda: not first.get("/v1/workers").json["workers"], "it is shown though it is dead")


def verified(engines: Engines, *words: str) -> tuple[int, dict[str, Any], str]:
    """What `refold verify --log` ends with, says in JSON, and complains of."""
    ended = preloaded.run("verify", *words, "--log", str(engines.address), "--json")
    return ended.returncode, json.loads(ended.stdout or "{}"), ended.stderr


def test_all_that_a_cluster_has_decided_is_decided_again_beside_it(engines: Engines) -> None:
    first, second = engines.two(WAITS)
    names = names_of_each_partition()
    for name in names:
        second.start("waits", {"order": 1, "big": "x" * 300_000}, execution_id=name)
        assert first.post(f"/v1/executions/{name}/signals/approved", {"big": "y" * 300_000}).status == 200
        until(partial(has_ended, first, name), name)
    code, found, _ = verified(engines, "--all")
    assert (code, found["differences"], found["executions"]) == (0, [], PARTITIONS)
    code, found, _ = verified(engines, names[-1])
    assert (code, found["differences"], found["executions"]) == (0, [], 1)
    code, _, said = verified(engines, "nobody")
    assert code == 1
    assert said.startswith("refold: there is no execution nobody")
