"""An engine on memory adapters with a manual clock, moved by hand, and a log whose appends can be made to fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from contracts.caller import ENGINE, Caller
from contracts.codec import encode_record
from contracts.commands import Command
from contracts.definitions import WorkflowDefinition
from contracts.errors import LogError
from contracts.journal import PartitionClaimed
from contracts.ports.log import Topic
from contracts.values import encode
from domain.execution.history import Entry
from domain.replay.verify import Verifier
from infra.clock import ManualClock
from infra.credentials.store import CredentialStore
from infra.files.blobs import MemoryBlobs
from infra.files.snapshots import MemorySnapshots
from infra.keys.blobs import MemorySealedStore
from infra.keys.ring import KeyRing, MemoryVault
from infra.log.memory import MemoryLog
from infra.server.engine import Engine
from infra.server.wiring import build_engine, sealed
from infra.settings.model import EngineSettings
from workers.partition.refolding import entries_of
from workers.partition.round import Answer

Before = Callable[["FaultyLog"], "LogError | None"]


class FaultyLog(MemoryLog):
    """A memory log; `faults` are taken one a journal append: an error instead of it, or a function that does something first."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[LogError | Before | None] = []
        self.lands_anyway = False

    def append(self, topic: Topic, batches: Mapping[int, Sequence[bytes]]) -> dict[int, int | LogError]:
        fault = self.faults.pop(0) if topic == "journal" and self.faults else None
        if callable(fault):
            fault = fault(self)
        if fault is None:
            return super().append(topic, batches)
        if self.lands_anyway:
            super().append(topic, batches)
        return dict.fromkeys(batches, fault)


def another_claim(log: FaultyLog) -> None:
    """Another owner claims the partition just before."""
    MemoryLog.append(log, "journal", {0: [encode_record(PartitionClaimed(b"intruder", "other"))]})


class Bench:
    """One log, and engines on it one after the other."""

    def __init__(self, log: MemoryLog | None = None, **settings: Any) -> None:
        self.log = log or FaultyLog()
        self.blobs = MemoryBlobs()
        self.snapshots = MemorySnapshots()
        self.vault, self.sealed_blobs = MemoryVault(), MemorySealedStore()
        self.clock = ManualClock(1_000_000)
        self.settings = EngineSettings(threads=False, **settings)
        self.credentials: CredentialStore | None = None
        self.engine = self.restart()

    def restart(self, claims: bool = True) -> Engine:
        """As after `kill -9`: a new engine on the same log, which remembers nothing."""
        keys = KeyRing(self.vault)
        self.opened, self.all_blobs, sealing = sealed(self.log, self.blobs, keys, self.sealed_blobs, self.settings.erasable)
        made_of = (self.settings, self.opened, self.all_blobs, self.snapshots, self.clock)
        self.engine = build_engine(*made_of, sealing=sealing, credentials=self.credentials)
        if claims:
            self.engine.owner.claim()
        return self.engine

    def publish(self, *definitions: dict[str, Any]) -> None:
        for definition in definitions:
            self.engine.publish(WorkflowDefinition.model_validate(definition))

    def start(self, workflow: str = "w", given: Any = None, **more: Any) -> str:
        return self.engine.start(workflow, given, **more)

    def move(self, *, time: bool = True, steps: int = 10_000) -> None:
        """Step until nothing moves; with `time`, timers that are due later come due."""
        for _ in range(steps):
            if self.engine.step():
                continue
            due = self.engine.owner.timers.next_due()
            if due is None or not time:
                return
            self.clock.set(max(due, self.clock.now()))
        raise AssertionError(f"still moving after {steps} steps")

    def ask(self, execution: str, command: Command, caller: Caller = ENGINE) -> Answer:
        answers: list[Answer] = []
        self.engine.send(execution, command, answers.append, caller)
        self.move(time=False)
        return answers[0]

    def status(self, execution: str) -> str:
        executions = self.engine.owner.executions
        if execution in executions.ended:
            return executions.ended[execution].status
        folded = executions.get(execution)
        return folded.state.status if folded is not None else "unknown"

    def entries(self, execution: str) -> list[Entry]:
        return list(entries_of(self.opened, 0, execution))

    def events(self, execution: str) -> list[str]:
        return [type(event).__name__ for entry in self.entries(execution) for event in entry.decision.events]

    def verify(self) -> Verifier:
        from contracts.journal import Checkpoint
        from domain.execution.history import read_entries

        verifier = Verifier(self.engine.catalog.graph, self.all_blobs.get)
        verifier.run(read_entries(self.opened.read("journal", 0), Checkpoint(), filed=verifier.file))
        return verifier


def sequence(*kinds: str, name: str = "w", **more: Any) -> dict[str, Any]:
    """A workflow of nodes one after the other: `n0`, `n1` …"""
    nodes = [{"id": f"n{index}", "type": kind} for index, kind in enumerate(kinds)]
    edges = [{"from": f"n{index}", "to": f"n{index + 1}"} for index in range(len(kinds) - 1)]
    return {"name": name, "nodes": nodes, "edges": edges, **more}


def rewrite(log: MemoryLog, offset: int, change: Callable[[list[Any]], list[Any]]) -> None:
    """Change a stored journal record, as bad hardware or a newer build might."""
    records = log._records["journal", 0]
    records[offset] = msgspec.msgpack.encode(change(msgspec.msgpack.decode(records[offset])))


def payload(value: Any) -> bytes:
    return encode(value)


def journal(log: MemoryLog) -> Iterator[tuple[int, bytes]]:
    return log.read("journal", 0)
