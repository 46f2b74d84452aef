"""What waits for a breaker, another workflow, or one that is paused, on a log of several engines: one is killed, and each goes on once."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from contracts.ids import partition_of
from tests import preloaded
from tests.api.conftest import Server
from tests.kafka.played_engine import until
from tests.kafka.test_cluster import PARTITIONS, has_ended, names_of_each_partition
from tests.kafka.test_shared_serving import Serve, serve  # noqa: F401  # a fixture
from tests.workers.conftest import Web, web  # noqa: F401  # a fixture

WAIT = {"id": "wait", "type": "wait_signal", "config": {"name": "go"}}
IMPORT: dict[str, Any] = {"name": "import", "nodes": [WAIT]}
REPORT: dict[str, Any] = {
    "name": "report",
    "settings": {"after": {"workflow": "import", "within": "1h", "key": "input.day"}},
    "nodes": [{"id": "n", "type": "noop"}],
}
SIGN: dict[str, Any] = {
    "name": "approve",
    "settings": {"while_paused": "queue"},
    "triggers": [{"id": "t", "type": "event", "filter": "event.type == 'execution.completed' && event.workflow == 'import'"}],
    "nodes": [WAIT],
}
"""Its executions lie in partition 0, by its name."""
DOWN: tuple[int, dict[str, str], bytes] = (503, {}, b"down")


class Two:
    """Two engines of one log; whoever owns partition 0 can be killed."""

    def __init__(self, serve: Serve) -> None:  # noqa: F811
        self.servers = {name: serve(name, "--allow-private-addresses") for name in ("a", "b")}

    def publish(self, *definitions: dict[str, Any]) -> None:
        self.any.publish(*definitions)
        paths = [f"/v1/workflows/{one['name']}" for one in definitions]
        until(lambda: all(server.get(path).status == 200 for server in self.servers.values() for path in paths))

    @property
    def any(self) -> Server:
        return next(iter(self.servers.values()))

    def owner_of(self, partition: int) -> str:
        """Once both own something."""

        def owners() -> dict[int, str]:
            found = {row["partition"]: row["owner"] for row in self.any.get("/v1/cluster").json["partitions"]}
            return found if set(found.values()) == set(self.servers) else {}

        return str(until(owners, "not all own something")[partition])

    def kill_owner_of_0(self) -> None:
        killed = self.servers.pop(self.owner_of(0))
        killed.kill()
        assert killed.process.returncode == -9

    def started(self, workflow: str, execution: str) -> None:
        """Start one, also while its partition is handed over."""
        until(lambda: self.any.post(f"/v1/workflows/{workflow}/executions", {"execution_id": execution}).status in (200, 201))

    def signalled(self, execution: str) -> None:
        until(lambda: self.any.post(f"/v1/executions/{execution}/signals/go", {}, Idempotency_Key=f"go-{execution}").status == 200)

    def events(self, execution: str) -> Counter[str]:
        found = self.any.get(f"/v1/executions/{execution}/history?limit=1000").json["events"]
        return Counter(one["type"] for one in found)

    def ended(self, *executions: str) -> None:
        for name in executions:
            until(partial(has_ended, self.any, name), f"{name} does not end")

    def waits_for(self, execution: str) -> list[str]:
        return [one["for"] for one in self.any.get(f"/v1/executions/{execution}/state").json.get("waiting_for", [])]

    def listed(self, workflow: str) -> list[str]:
        answer = self.any.get(f"/v1/executions?workflow={workflow}&limit=100")
        return [one["execution_id"] for one in answer.json["executions"]] if answer.status == 200 else []


@pytest.fixture
def two(serve: Serve) -> Iterator[Two]:  # noqa: F811
    """When all is over, what they have decided is decided again."""
    made = Two(serve)
    yield made
    for server in made.servers.values():
        assert "Traceback" not in server.stderr(), server.stderr()
    verified = preloaded.run("verify", "--all", "--log", os.environ["REFOLD_LOG"])
    assert (verified.returncode, ": 0 differences" in verified.stdout) == (0, True), verified.stdout + verified.stderr


def test_a_breaker_holds_at_both_engines_and_closes_when_the_one_that_kept_it_was_killed(two: Two, web: Web) -> None:  # noqa: F811
    names = [*names_of_each_partition(), *(f"more-{number}" for number in range(4))]
    paths = {f"/{name}": name for name in names}
    web.answers.update(dict.fromkeys(paths, DOWN))
    order = {"id": "order", "type": "http_request", "config": {"url": f"{web.url}/{{{{ execution.id }}}}"}}
    retry = {"max_attempts": 20, "initial_delay": "100ms", "multiplier": 1}
    two.publish({"name": "orders", "nodes": [order], "settings": {"retry": retry}})
    breaker = {"match": {"host": "127.0.0.1"}, "failures": 3, "window": "1h", "cool_down": "2s"}
    assert two.any.ask("PUT", "/v1/breakers/shop", breaker).status == 200
    for name in names:
        two.any.start("orders", {}, execution_id=name)
    until(lambda: all(two.waits_for(name) == ["breaker"] for name in names), "not all are held")
    assert {two.owner_of(partition_of(name, PARTITIONS)) for name in names} == {"a", "b"}
    two.kill_owner_of_0()
    asked = len(web.asked)
    until(lambda: len(web.asked) > asked, "none tries")
    for path in paths:
        del web.answers[path]
    two.ended(*names)
    until(lambda: two.any.get("/v1/breakers/shop").json["state"] == "closed")
    assert [two.events(name)["NodeCompleted"] for name in names] == [1] * len(names)


def test_each_begins_once_what_it_waits_for_has_completed_at_whichever_engine(two: Two) -> None:
    two.publish(IMPORT, REPORT)
    reports = names_of_each_partition()
    imports = [f"import-{name}" for name in reports[1:] + reports[:1]]
    lies = {partition_of(name, PARTITIONS) for name in imports}
    assert len(lies) > 1
    for report, awaited in zip(reports, imports, strict=True):
        two.any.start("report", {"day": report}, execution_id=report)
        two.any.start("import", {"day": report}, execution_id=awaited)
    two.signalled(imports[0])
    two.ended(reports[0])
    two.signalled(imports[1])
    two.kill_owner_of_0()
    for name in imports[2:]:
        two.signalled(name)
    two.ended(*reports)
    for name in reports:
        assert (two.events(name)["ExecutionStarted"], two.events(name)["DependencyMet"]) == (1, 1)


def test_what_queues_behind_one_that_is_paused_starts_once_after_its_owner_was_killed(two: Two) -> None:
    two.publish(IMPORT, SIGN)

    def imported(*names: str) -> None:
        for name in names:
            two.started("import", name)
            two.signalled(name)

    imported("first")
    (paused,) = until(lambda: two.listed("approve"))
    assert partition_of(paused, PARTITIONS) == 0
    assert two.any.post(f"/v1/executions/{paused}/pause", {}).status == 200
    imported("second")
    until(lambda: len(two.listed("approve")) == 2, "the second is not there")
    two.kill_owner_of_0()
    imported("third")
    until(lambda: len(two.listed("approve")) == 3, "the third is not there")
    queued = [name for name in two.listed("approve") if name != paused]
    assert [two.waits_for(name) for name in queued] == [["paused_sibling"]] * 2
    until(lambda: two.any.post(f"/v1/executions/{paused}/resume", {}).status == 200)
    until(lambda: all(two.waits_for(name) == ["signal"] for name in queued), "they do not begin")
    for name in (paused, *queued):
        two.signalled(name)
    two.ended(paused, *queued)
    assert [two.events(name)["ExecutionStarted"] for name in (paused, *queued)] == [1] * 3
    assert [two.events(name)["ExecutionAdmitted"] for name in queued] == [1] * 2
    assert len(two.listed("approve")) == 3
