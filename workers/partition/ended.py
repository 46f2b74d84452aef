"""An execution that has ended, as far as its last decision says it: enough to record one more, without folding all that was before."""

from __future__ import annotations

from contracts.codec import decode_record, read_sealed
from contracts.errors import LogCorrupt
from contracts.journal import Sealed, SealedBody
from contracts.key import NO_KEY
from contracts.ports.log import Log
from domain.execution.decide.life import not_sealed
from domain.execution.evolve import initial
from domain.execution.history import Folded, GraphOf, graph_of_ended, graph_of_nothing
from domain.replay.sealed import closed_state
from workers.partition.ended_execution import EndedExecution
from workers.partition.stretches import entries_at


def ended_at(log: Log, partition: int, execution: str, ended: EndedExecution) -> Folded:
    """One that was never sealed, with its status, version and digest, and a graph of nothing: it goes nowhere any more.

    Raises LogCorrupt where its last decision does not stand where it is said to.
    """
    state = initial(execution)
    noted = ended.noted()
    state.digest, state.version = noted[:2] if noted else _read(log, partition, execution, ended.offset)
    state.status = ended.status  # type: ignore[assignment]  # one of them: the execution had it
    state.ended_at = 1  # at some time, which nobody asks for
    return Folded(graph_of_nothing(), state)


def closed_at(log: Log, partition: int, execution: str, ended: EndedExecution, graph_of: GraphOf) -> Folded:
    """One that was sealed, as far as its last decision says in plain.

    Raises Rejected for one that was not, LogCorrupt where that decision does not say it.
    """
    if ended.key == NO_KEY:
        raise not_sealed(execution)
    digest, version, closing = ended.noted() or (b"", 0, None)
    if closing is not None:
        head = SealedBody(execution, version, 1, ended.key, b"", closing=closing)
    else:
        head, digest = _read_sealed(log, partition, execution, ended.offset)
    assert head.closing is not None
    return Folded(graph_of_ended(head.closing.definition, graph_of), closed_state(head, digest))


def _read_sealed(log: Log, partition: int, execution: str, offset: int) -> tuple[SealedBody, bytes]:
    for _, content in log.read("journal", partition, offset, offset + 1):
        record = decode_record(content)
        if isinstance(record, Sealed) and (head := read_sealed(record.body)).execution == execution and head.closing is not None:
            return head, record.digest
    raise LogCorrupt(f"the last decision of execution {execution} does not say how it ended")


def _read(log: Log, partition: int, execution: str, offset: int) -> tuple[bytes, int]:
    last = next(iter(entries_at(log, partition, [offset])), None)
    if last is None or last.decision.execution != execution:
        raise LogCorrupt(f"the last decision of execution {execution} is not at offset {offset}")
    return last.digest, last.decision.first + len(last.decision.events) - 1
