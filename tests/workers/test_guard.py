"""One guard around everything about one command: whatever goes wrong because of one execution, all others go on."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import pytest

from contracts import commands as c
from contracts import events as e
from contracts.commands import CompleteActivity, CreateExecution, FailActivity, RunActivity, SendSignal
from contracts.errors import LogError, LogUnreachable
from contracts.failure import Failure
from contracts.ports.log import Topic
from contracts.values import encode
from domain.execution import react
from domain.execution.facts import APPLIERS
from domain.nodes.merge import Merge
from infra.files.blobs import MemoryBlobs, content_hash_of
from infra.log.memory import MemoryLog

from .harness import Bench, FaultyLog, sequence

BIG = {"text": "x" * 70_000}
READS = {
    "name": "reads",
    "nodes": [{"id": "n", "type": "ours"}, {"id": "m", "type": "transform", "config": {"operation": "value", "value": "{{ data }}"}}],
    "edges": [{"from": "n", "to": "m"}],
}
LIMITED = sequence("merge", name="limited", settings={"concurrency": {"limit": 3, "key": "input.key"}})
CHILD = sequence("ours", name="child")
PASSES_ON = {
    "name": "parent",
    "nodes": [{"id": "n", "type": "ours"}, {"id": "s", "type": "sub_workflow", "config": {"workflow": "child"}}],
    "edges": [{"from": "n", "to": "s"}],
}
ODD = (b"1e400", b"[" * 970 + b"]" * 970, b"1" + b"0" * 400, b'"\\ud800"', b"nothing", b"\xff", b"")
"""Values that no door lets in, and that an older version, or another process, may have sent."""


class Blobs(MemoryBlobs):
    """A store that fails for some contents."""

    def __init__(self) -> None:
        super().__init__()
        self.fails_on: dict[str, Exception] = {}
        self.keeps_all = False

    def get(self, content_hash: str) -> bytes:
        self._fail(content_hash)
        return super().get(content_hash)

    def put(self, content: bytes) -> str:
        if not self.keeps_all:
            self._fail(content_hash_of(content))
        return super().put(content)

    def _fail(self, content_hash: str) -> None:
        if content_hash in self.fails_on:
            raise self.fails_on[content_hash]


class Hand:
    """A worker that takes activities and runs none: their results are given by hand."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.fails_once_on = ""

    def run(self, activity: RunActivity) -> None:
        self.taken.append(activity.execution)
        if activity.execution == self.fails_once_on and self.taken.count(activity.execution) == 1:
            raise TypeError("planted")

    def cancel(self, activity: Any) -> None:
        """Nothing runs."""

    def take_over(self, activities: Sequence[RunActivity]) -> None:
        """It is told again what it has."""

    def step(self) -> bool:
        return False

    def next_due(self) -> int | None:
        return None

    def last_heartbeat(self, execution: str, path: str, attempt: int) -> int | None:
        return None

    def stop(self, timeout_s: float = 10.0) -> bool:
        return True


class GuardBench(Bench):
    """An engine whose blobs can fail, and whose worker runs nothing."""

    def __init__(self, *definitions: dict[str, Any], log: MemoryLog | None = None) -> None:
        self.faulty = Blobs()
        super().__init__(log)
        self.publish(*definitions)

    def restart(self, claims: bool = True) -> Any:
        self.blobs, self.hand = self.faulty, Hand()
        super().restart(claims=False)
        self.engine.worker = self.engine.owner._worker = self.hand
        self.engine.owner.claim()
        return self.engine

    def result(self, execution: str, output: bytes, path: str = "n") -> None:
        self.engine.owner.report(execution, CompleteActivity(path, 1, output))
        self.move()

    def others_go_on(self, workflow: str = "reads") -> None:
        """Another execution, begun now, ends well."""
        other = self.start(workflow, {"key": 1})
        self.move(time=False)
        if workflow == "reads":
            self.result(other, b"7")
        assert self.status(other) == "completed"
        assert self.verify().divergences == []


def set_aside(bench: Bench, execution: str) -> bool:
    folded = bench.engine.owner.executions.get(execution)
    return folded is not None and folded.state.quarantine is not None


@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value[:12]))
def test_no_value_makes_a_step_raise_or_sets_an_execution_aside(value: bytes) -> None:
    bench = GuardBench(
        READS,
        LIMITED,
        sequence("noop", name="waits", nodes=[{"id": "w", "type": "wait_signal", "config": {"name": "go", "filter": "signal == 1"}}]),
    )
    executions = [bench.start("reads") for _ in range(4)]
    waiting = bench.start("waits")
    for workflow in ("reads", "limited", "waits"):
        version, definition = bench.engine.catalog.resolve(workflow)
        answer = bench.ask(f"odd-{workflow}", CreateExecution(workflow, version, definition, value))
        assert answer.error is None or bench.status(f"odd-{workflow}") == "unknown"
    bench.ask(waiting, SendSignal("s", "go", value))
    report = bench.engine.owner.report
    report(executions[0], CompleteActivity("n", 1, value))
    report(executions[1], FailActivity("n", 1, Failure("boom", "x", {"n": 2**64 - 1})))
    report(executions[2], c.ReportProgress("n", 1, 0.5, value))
    report(executions[3], c.LoseActivity("n", 1, "w"))
    bench.move(time=False)
    assert not any(set_aside(bench, one) for one in (*executions, waiting))
    assert bench.engine.owner.metrics.quarantined == 0
    bench.others_go_on()


def test_a_refused_resolution_harms_nothing() -> None:
    bench = GuardBench(sequence("bad", "noop"))
    execution = bench.start()
    bench.move(time=False)
    bench.engine.owner.report(execution, FailActivity("n0", 1, Failure("boom", "x")))
    bench.move(time=False)
    assert bench.status(execution) == "incident"
    bench.ask(execution, c.ResolveIncident("1", "skip", b"1e400", None, b"[1e400]"))
    assert bench.status(execution) == "incident"
    assert bench.ask(execution, c.ResolveIncident("1", "skip", b"1")).error is None


# Planted: an exception in each stage, for one execution.


def poisoned_create(bench: GuardBench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.faulty.fails_on[content_hash_of(encode(BIG))] = TypeError("planted")
    execution = bench.start("reads", BIG)
    bench.move(time=False)
    assert bench.status(execution) == "unknown"


def poisoned_decide(bench: GuardBench, monkeypatch: pytest.MonkeyPatch) -> None:
    execution = bench.start("reads")
    bench.move(time=False)
    content = encode(BIG)
    bench.faulty.fails_on[bench.faulty.put(content)] = TypeError("planted")
    bench.result(execution, content)
    assert bench.status(execution) == "quarantined"


def poisoned_kind(bench: GuardBench, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Merge.start

    def planted(self: Merge, ctx: Any, ready: Any) -> None:
        real(self, ctx, ready)
        if ctx.parse(ready.data) == "poison":
            raise TypeError("planted")

    monkeypatch.setattr(Merge, "start", planted)
    bench.publish({**READS, "name": "broken", "nodes": [READS["nodes"][0], {"id": "m", "type": "merge"}]})
    execution, healthy = bench.start("broken"), bench.start("broken")
    bench.move(time=False)
    bench.result(execution, b'"poison"')
    bench.result(healthy, b'"well"')
    assert (bench.status(execution), bench.status(healthy)) == ("quarantined", "completed")


def poisoned_react(bench: GuardBench, monkeypatch: pytest.MonkeyPatch) -> None:
    execution = bench.start("reads")
    bench.move(time=False)
    real = react.REACTORS[e.NodeCompleted]

    def planted(graph: Any, state: Any, event: Any, decision: Any) -> Any:
        if state.execution == execution:
            raise TypeError("planted")
        return real(graph, state, event, decision)

    monkeypatch.setitem(react.REACTORS, e.NodeCompleted, planted)
    bench.result(execution, b"1")
    assert bench.status(execution) == "quarantined"


def poisoned_encode(bench: GuardBench, monkeypatch: pytest.MonkeyPatch) -> None:
    execution = bench.start("reads")
    bench.move(time=False)
    bench.engine.owner.report(execution, FailActivity("n", 1, Failure("boom", "x", 2**70)))
    bench.move(time=False)
    assert bench.status(execution) == "quarantined"


STAGES = [poisoned_create, poisoned_decide, poisoned_kind, poisoned_react, poisoned_encode]


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.__name__)
def test_an_exception_in_a_stage_stops_one_execution_and_no_other(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = GuardBench(READS)
    stage(bench, monkeypatch)
    bench.others_go_on()
    bench.restart()
    bench.others_go_on()


def test_an_effect_that_cannot_be_carried_out_stops_no_other_and_is_tried_again() -> None:
    bench = GuardBench(READS)
    poisoned = bench.hand.fails_once_on = "poisoned"
    bench.start("reads", execution=poisoned)
    healthy = bench.start("reads")
    bench.move(time=False)
    assert bench.hand.taken == [poisoned, healthy]
    assert "planted" in bench.engine.owner.short
    bench.others_go_on()
    bench.clock.set(bench.clock.now() + 1_000)
    bench.move(time=False)
    assert bench.hand.taken.count(poisoned) == 2
    assert bench.engine.owner.short == ""


def test_whoever_is_told_and_breaks_stops_nobody() -> None:
    bench = GuardBench(READS)

    def breaks(answer: Any) -> None:
        raise TypeError("planted")

    bench.engine.start("reads", {}, reply=breaks)
    bench.move(time=False)
    bench.others_go_on()


def test_a_history_that_breaks_whoever_folds_it_stops_neither_recovery_nor_read_models(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = GuardBench(READS)
    execution = bench.start("reads")
    bench.move(time=False)
    real = APPLIERS[e.ExecutionStarted]

    def planted(graph: Any, state: Any, event: Any, cause: Any) -> None:
        if state.execution == execution:
            raise TypeError("planted")
        real(graph, state, event, cause)

    monkeypatch.setitem(APPLIERS, e.ExecutionStarted, planted)
    bench.restart()
    other = bench.start("reads")
    bench.move(time=False)
    bench.result(other, b"7")
    assert bench.status(other) == "completed"
    assert "planted" in bench.engine.owner.executions.unreadable[execution]
    assert [one.execution for one in bench.verify().divergences] == [execution]


# A shortage is no verdict.


@pytest.mark.parametrize("shortage", [OSError(errno.EMFILE, "Too many open files"), OSError(errno.EIO, "I/O error"), MemoryError()])
def test_a_shortage_is_no_verdict_on_an_execution(shortage: Exception) -> None:
    bench = GuardBench(READS)
    execution = bench.start("reads")
    bench.move(time=False)
    content = encode(BIG)
    name = bench.faulty.put(content)
    bench.faulty.fails_on[name] = shortage
    bench.engine.owner.report(execution, CompleteActivity("n", 1, content))
    bench.move(time=False)
    assert bench.status(execution) == "running"
    assert type(shortage).__name__ in bench.engine.owner.short
    bench.others_go_on()
    answer = bench.ask(execution, SendSignal("s", "go", content))
    assert isinstance(answer.error, LogUnreachable)
    del bench.faulty.fails_on[name]
    bench.clock.set(bench.clock.now() + 2_000)
    bench.move(time=False)
    assert bench.status(execution) == "completed"
    assert bench.engine.owner.short == ""
    assert bench.verify().divergences == []


def test_an_append_that_the_machine_has_no_room_for_is_tried_again() -> None:
    class Log(FaultyLog):
        """Raises instead of an append."""

        raises: ClassVar[list[Exception]] = []

        def append(self, topic: Topic, batches: Mapping[int, Sequence[bytes]]) -> dict[int, int | LogError]:
            if topic == "journal" and self.raises:
                raise self.raises.pop()
            return super().append(topic, batches)

    bench = GuardBench(READS, log=Log())
    Log.raises = [MemoryError(), OSError(errno.EMFILE, "Too many open files")]
    execution = bench.start("reads")
    bench.move()
    for _ in range(5):
        bench.clock.set(bench.clock.now() + 2_000)
        bench.move(time=False)
    bench.result(execution, b"1")
    assert bench.status(execution) == "completed"


# A parent hears of a child that cannot be.


def failure_of_child(bench: GuardBench, parent: str) -> Failure:
    folded = bench.engine.owner.executions.get(parent)
    assert folded is not None
    (incident,) = folded.state.incidents.values()
    return incident.failure


def test_a_parent_hears_of_a_child_whose_creation_breaks() -> None:
    bench = GuardBench(PASSES_ON, CHILD)
    parent = bench.start("parent")
    bench.move(time=False)
    bench.faulty.keeps_all = True
    bench.faulty.fails_on[content_hash_of(encode(BIG))] = TypeError("planted")
    bench.result(parent, encode(BIG))
    failure = failure_of_child(bench, parent)
    assert (failure.type, "planted" in failure.message) == ("child.failed", True)


def test_a_parent_hears_of_a_child_that_is_too_large() -> None:
    child = {**CHILD, "variables": dict.fromkeys("abc", "{{ input }}")}
    bench = GuardBench(PASSES_ON, child, log=MemoryLog(record_bytes_max=20_000))
    parent = bench.start("parent")
    bench.move(time=False)
    bench.result(parent, b'"%s"' % (b"x" * 8_000))
    failure = failure_of_child(bench, parent)
    assert (failure.type, "bytes" in failure.message) == ("child.failed", True)


# What it costs.


class Counting(MemoryLog):
    """Counts the records of the journal that are read."""

    def __init__(self) -> None:
        super().__init__()
        self.read_records = 0

    def read(self, topic: Topic, partition: int, offset: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
        for record in super().read(topic, partition, offset, end):
            self.read_records += topic == "journal"
            yield record


def test_a_poisoned_command_reads_its_own_decisions_and_not_the_journal() -> None:
    log = Counting()
    bench = GuardBench(READS, log=log)
    execution = bench.start("reads")
    bench.move(time=False)
    for _ in range(300):
        bench.start("reads")
        bench.move(time=False)
    content = encode(BIG)
    bench.faulty.fails_on[bench.faulty.put(content)] = TypeError("planted")
    log.read_records = 0
    bench.result(execution, content)
    assert bench.status(execution) == "quarantined"
    assert log.read_records <= 2


def test_a_command_that_breaks_before_anything_has_changed_reads_nothing() -> None:
    log = Counting()
    bench = GuardBench(LIMITED, log=log)
    version, definition = bench.engine.catalog.resolve("limited")
    log.read_records = 0
    assert bench.ask("odd", CreateExecution("limited", version, definition, b"[" * 970 + b"1e400")).error is not None
    assert log.read_records <= 1
