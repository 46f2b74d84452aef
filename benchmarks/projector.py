"""The projector alone: what an execution of ten user activities costs it, by how many decisions a batch brings.

The journal is made first, by the decider alone: every activity answers with 200 bytes of its own, random and therefore
hard to compress. Then the read models are made of it: once in the largest batches, and again in the small ones of a
projector that follows a living engine. `python -m benchmarks.projector [EXECUTIONS]` runs this and nothing else.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from contracts.caller import ANONYMOUS
from contracts.codec import encode_decision, encode_record
from contracts.commands import Command, CompleteActivity, CreateExecution
from contracts.definitions import WorkflowDefinition
from contracts.ids import make_execution_id
from contracts.journal import Decision, JournalOpened, PartitionClaimed, Source
from contracts.values import encode
from domain.definition.graph import Graph
from domain.execution.decide import decide
from domain.execution.evolve import initial
from infra.clock import SystemClock
from infra.log.sqlite import SqliteLog
from infra.store.sqlite import SqliteReadModels
from projections.registry import READ_MODELS
from workers.partition.catalog import Catalog
from workers.reading.projection import Sizes
from workers.reading.projector import Projector

STEPS: Final = 10
ROUND: Final = 50
"""So many decisions stand in one round of the owner, as measured under load."""
OUTSTANDING: Final = 100
BATCHES: Final = (5_000, 500, 50, 10, 1)
_NONCE: Final = b"benchmrk"


def payload() -> bytes:
    """About 200 bytes of JSON."""
    return encode({"payload": os.urandom(93).hex()})


class _Run:
    """One execution, decided step by step."""

    def __init__(self, name: str, graph: Graph) -> None:
        self.name, self.graph, self.state, self.step = name, graph, initial(name), 0
        self.digest = graph.definition_hash.encode()

    def next(self, offset: int) -> bytes:
        """The record of the next decision."""
        command = self._command()
        before, now = self.state.version, 1_760_000_000_000 + offset // 33
        events = decide(self.graph, self.state, command, now).events
        source = Source(0, offset, f"{self.name}:{self.step}")
        decision = Decision(source, self.name, before + 1, now, command, tuple(events))
        if not self.step:
            decision = msgspec.structs.replace(decision, actor=ANONYMOUS, correlation=f"{offset:032x}")
        content, self.digest = encode_decision(decision, _NONCE, self.digest)
        self.step += 1
        return content

    def _command(self) -> Command:
        if not self.step:
            return CreateExecution("sequence", 1, self.graph.definition_hash, payload())
        return CompleteActivity(f"n{self.step - 1}", 1, payload())


def make_journal(log: SqliteLog, executions: int) -> None:
    """Executions as they run under load: so many at a time, each step in another round."""
    catalog = Catalog(log, SystemClock())
    nodes = [{"id": f"n{index}", "type": "charge"} for index in range(STEPS)]
    edges = [{"from": f"n{index}", "to": f"n{index + 1}"} for index in range(STEPS - 1)]
    definition = WorkflowDefinition.model_validate({"name": "sequence", "nodes": nodes, "edges": edges})
    graph = catalog.graph(catalog.publish(definition).hash)
    log.append("journal", {0: [encode_record(JournalOpened("benchmark", 0, 1)), encode_record(PartitionClaimed(_NONCE, "here"))]})
    records = _records(graph, executions)
    while batch := [record for _, record in zip(range(ROUND), records, strict=False)]:
        log.append("journal", {0: batch})


def _records(graph: Graph, executions: int) -> Iterator[bytes]:
    offset, begun, running = 2, 0, list[_Run]()
    while begun < executions or running:
        while begun < executions and len(running) < OUTSTANDING:
            running.append(_Run(make_execution_id(1_760_000_000_000 + begun, 0, begun * 7919, 1), graph))
            begun += 1
        for run in running:
            yield run.next(offset)
            offset += 1
        running = [run for run in running if run.step <= STEPS]


def project(log: SqliteLog, path: Path, batch: int, executions: int) -> tuple[float, float, float]:
    """CPU µs and bytes of each execution, and how long the longest batch took (ms)."""
    models = SqliteReadModels(path, READ_MODELS)
    projector = Projector(log, Catalog(log, SystemClock()), models, sizes=Sizes(batch_max=batch))
    longest, begin = 0.0, time.process_time()
    before = begin
    while projector.step():
        now = time.process_time()
        longest, before = max(longest, now - before), now
    cpu = time.process_time() - begin
    models.close()
    size = sum(file.stat().st_size for file in path.parent.glob(path.name + "*"))
    return cpu / executions * 1e6, size / executions, longest * 1e3


def bench_projector(folder: Path, executions: int = 5_000) -> dict[str, float]:
    """CPU and bytes of the read models of one execution, for each size of batch."""
    folder.mkdir(parents=True, exist_ok=True)
    log = SqliteLog(folder / "log.db")
    make_journal(log, executions)
    figures: dict[str, float] = {}
    print(f"\n{executions:,} executions of ten activities, as the projector sees them")
    for batch in BATCHES:
        rounds = 3 if batch == BATCHES[0] else 1
        each, size, longest = min(project(log, folder / f"{batch}.{number}.db", batch, executions) for number in range(rounds))
        rate = (STEPS + 1) / each * 1e6
        print(
            f"  batches of {batch:>5,} decisions: {each:6.0f} µs and {size:6,.0f} bytes each, the longest {longest:6.1f} ms, {rate:7,.0f}/s"
        )
        figures[f"projector.us_per_execution_{batch}"] = each
        figures.setdefault("projector.decisions_per_s", rate)
        figures.setdefault("projector.bytes_per_execution", size)
    log.close()
    return figures


def measure(executions: int = 5_000) -> dict[str, float]:
    """Measure in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="refold-bench-", dir=os.environ.get("REFOLD_BENCH_DIR")))
    try:
        return bench_projector(folder, executions)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    measure(*map(int, sys.argv[1:2]))
