"""An execution that has ended, as far as its last decision says it: enough to record one more, without folding all that was before."""

from __future__ import annotations

from functools import cache
from typing import Final

from contracts.definitions import WorkflowDefinition
from contracts.errors import LogCorrupt
from contracts.journal import DIGEST_BYTES
from contracts.ports.log import Log
from domain.definition.compile import compile_definition
from domain.definition.graph import Graph
from domain.execution.evolve import initial
from domain.execution.history import Folded
from workers.partition.executions import EndedExecution
from workers.partition.stretches import entries_at

_NOTHING: Final = {"name": "ended", "nodes": [{"id": "done", "type": "end"}]}


def ended_at(log: Log, partition: int, execution: str, ended: EndedExecution) -> Folded:
    """One that was never sealed, with its status, version and digest, and a graph of nothing: it goes nowhere any more.

    Raises LogCorrupt where its last decision does not stand where it is said to.
    """
    state = initial(execution)
    state.version, state.digest = _noted(ended) if ended.last else _read(log, partition, execution, ended.offset)
    state.status = ended.status  # type: ignore[assignment]  # one of them: the execution had it
    state.ended_at = 1  # at some time, which nobody asks for
    return Folded(_graph(), state)


def _noted(ended: EndedExecution) -> tuple[int, bytes]:
    return int.from_bytes(ended.last[DIGEST_BYTES:], "big"), ended.last[:DIGEST_BYTES]


def _read(log: Log, partition: int, execution: str, offset: int) -> tuple[int, bytes]:
    last = next(iter(entries_at(log, partition, [offset])), None)
    if last is None or last.decision.execution != execution:
        raise LogCorrupt(f"the last decision of execution {execution} is not at offset {offset}")
    return last.decision.first + len(last.decision.events) - 1, last.digest


@cache
def _graph() -> Graph:
    return compile_definition(WorkflowDefinition.model_validate(_NOTHING))
