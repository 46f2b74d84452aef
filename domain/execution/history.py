"""History: reading a partition's journal under the readers' rule, and folding it with every check there is.

records ─judge─► decisions that count ─fold─► states      chained digests, versions without a gap, schemas that are known
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Final, NamedTuple, TypeAlias

import msgspec

from contracts.codec import decision_of, decode_decision, read_header, read_record, read_sealed
from contracts.commands import CreateExecution, EraseExecution, RollHistory
from contracts.definitions import WorkflowDefinition
from contracts.errors import LogCorrupt, Rejected, UnknownRecord
from contracts.events import ExecutionErased
from contracts.journal import Bundled, Checkpoint, Cut, Decided, Decision, Filing, Retired, Sealed, chain, judge
from contracts.key import NO_KEY
from contracts.pins import Plan
from contracts.times import rfc3339
from contracts.values import blob_of, is_reference
from domain.definition.compile import compile_definition
from domain.definition.graph import Graph
from domain.definition.unpublished import graph_of_unpublished
from domain.execution.deciding import ReadBlob, no_blobs
from domain.execution.evolve import evolve, fold, graph_after, initial
from domain.execution.state import Execution

GraphOf: TypeAlias = Callable[[str], Graph]
"""The compiled definition of a content hash. Raises KeyError where it is not known."""


_NOTHING: Final = {"name": "ended", "nodes": [{"id": "done", "type": "end"}]}
_states: Final = msgspec.msgpack.Decoder(Execution)


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A decision that counts: its offset, itself, its stored bytes and digest, and the number of the key that it was sealed with."""

    offset: int
    decision: Decision
    body: bytes
    digest: bytes
    key: int = NO_KEY


class Unreadable(NamedTuple):
    """A decision that counts and that this build cannot read; `sealed` where that is for want of a key."""

    offset: int
    execution: str
    first: int
    reason: str
    sealed: Sealed | None = None


def read_entries(
    records: Iterable[tuple[int, bytes]],
    checkpoint: Checkpoint,
    found_junk: Callable[[int, bytes], None] | None = None,
    filed: Callable[[Filing], None] | None = None,
    takes: Callable[[int, Decided | Sealed], bool] | None = None,
) -> Iterator[Entry | Unreadable]:
    """The decisions that count by the readers' rule; the checkpoint moves along. `found_junk` is told of bytes that are no record.

    `filed` is told what is noted of the archive, when all that stands before it was taken; `takes` says of a decision that counts
    whether it is to be read.
    """
    for offset, content in records:
        record = read_record(content)
        if record is None and found_junk is not None:
            found_junk(offset, content)
        verdict = judge(checkpoint, offset, record)
        if verdict == "counts":
            assert isinstance(record, (Decided, Sealed))  # a union would be made each time
            if takes is None or takes(offset, record):
                yield entry_of(offset, record)
        elif verdict == "filing" and filed is not None:
            assert isinstance(record, Retired | Bundled | Cut)
            filed(record)


def entry_of(offset: int, record: Decided | Sealed) -> Entry | Unreadable:
    """The decision that a record of the journal holds. Raises LogCorrupt where not even its head can be read."""
    if isinstance(record, Decided):
        try:
            return Entry(offset, decode_decision(record.body), record.body, record.digest)
        except UnknownRecord as error:
            _, execution, first = read_header(record.body)
            return Unreadable(offset, execution, first, str(error))
    head = read_sealed(record.body)
    try:
        return Entry(offset, decision_of(record), record.body, record.digest, head.key)
    except UnknownRecord as error:
        return Unreadable(offset, head.execution, head.first, str(error), None if record.plain else record)


class Folded:
    """An execution with its compiled definition: what an owner keeps, and what folding gives."""

    __slots__ = ("graph", "state", "trail")

    def __init__(self, graph: Graph, state: Execution, trail: Iterable[int] = ()) -> None:
        self.graph = graph
        self.state = state
        self.trail = array("q", trail)
        """Where the decisions lie that it was folded from, as far as its owner notes that: from the last one that sums it up on."""

    def note(self, offset: int, decision: Decision) -> None:
        """The decision at this offset belongs to it."""
        if isinstance(decision.command, RollHistory) and decision.events:
            self.trail = array("q")
        self.trail.append(offset)


def graph_for(definition: str, test: Plan | None, graph_of: GraphOf) -> Graph:
    """The compiled definition of an execution: of a test run it may be one that is not published. Raises KeyError where it is not known."""
    return graph_of(definition) if test is None or not test.definition else graph_of_unpublished(definition, test.definition)


def graph_of_state(state: Execution, graph_of: GraphOf) -> Graph:
    """The same, of one that is folded."""
    return graph_for(state.definition, None if state.test is None else state.test.plan, graph_of)


def graph_of_ended(definition: str, graph_of: GraphOf) -> Graph:
    """The compiled definition of an execution that has ended; of a test run it may not be known any more, and nothing is decided by it."""
    try:
        return graph_of(definition)
    except KeyError:
        return graph_of_nothing()


@cache
def graph_of_nothing() -> Graph:
    """The graph of what goes nowhere any more."""
    return compile_definition(WorkflowDefinition.model_validate(_NOTHING))


def begin(entry: Entry, graph_of: GraphOf, read_blob: ReadBlob = no_blobs) -> Folded:
    """The state before an execution's first decision, or before one that sums it up, or says what stays known of it.

    Raises LogCorrupt where it is neither, KeyError for an unknown definition.
    """
    command = entry.decision.command
    if isinstance(command, RollHistory):
        state = rolled_state(command, read_blob)
        return Folded(graph_of_state(state, graph_of), state)
    if is_erasure(entry):
        return _before_erasure(entry, graph_of)
    if not isinstance(command, CreateExecution) or entry.decision.first != 1:
        raise LogCorrupt(f"offset {entry.offset}: execution {entry.decision.execution} begins with version {entry.decision.first}")
    folded = Folded(graph_for(command.definition, command.test, graph_of), initial(entry.decision.execution))
    folded.state.digest = command.definition.encode()
    folded.state.correlation = entry.decision.correlation
    folded.state.key = entry.key
    return folded


def is_erasure(entry: Entry) -> bool:
    """Whether the decision erases its execution: whatever stands before it may be unreadable."""
    return isinstance(entry.decision.command, EraseExecution) and bool(entry.decision.events)


def _before_erasure(entry: Entry, graph_of: GraphOf) -> Folded:
    """As much of an execution as the decision that erases it follows on: nobody can fold what it was."""
    (erased,) = entry.decision.events
    assert isinstance(erased, ExecutionErased)
    state = initial(entry.decision.execution)
    state.version, state.digest = entry.decision.first - 1, bytes.fromhex(erased.last)
    return Folded(graph_of_ended(erased.definition, graph_of), state)


def rolled_state(command: RollHistory, read_blob: ReadBlob) -> Execution:
    """The state that a history was summed up in; one of an older shape in the present one."""
    return _states.decode(read_blob(blob_of(command.state)) if is_reference(command.state) else command.state)


def check_follows(folded: Folded, entry: Entry) -> None:
    """Raise LogCorrupt unless the decision follows on what is folded: no gap between versions, and an unbroken chain of digests."""
    state, decision = folded.state, entry.decision
    if decision.first != state.version + 1:
        found = f"execution {decision.execution} goes on with version {decision.first}, expected {state.version + 1}"
        raise LogCorrupt(f"offset {entry.offset}: {found}")
    if chain(state.digest, entry.body) != entry.digest:
        raise LogCorrupt(f"offset {entry.offset}: the digest of execution {decision.execution} at version {decision.first} does not match")


def apply_up_to(folded: Folded, entry: Entry, version: int) -> bool:
    """Fold a decision up to the event of a version, which may lie within it; False where nothing is left to fold after it.

    Raises Rejected for a version before the one that erases the execution.
    """
    decision = entry.decision
    if version < decision.first and is_erasure(entry):
        name = decision.execution
        message = f"execution {name} was erased: how it was after its event {version} is not known any more"
        raise Rejected("erased", message, execution=name)
    if decision.first + len(decision.events) - 1 <= version:
        apply(folded, entry)
        return True
    folded.state.now = decision.now
    for event in decision.events[: max(0, version - decision.first + 1)]:
        folded.graph = evolve(folded.graph, folded.state, event, decision)
    return False


def version_at(entries: Iterable[Entry], time: int) -> int:
    """The last event of an execution that was recorded by a time (milliseconds since 1970).

    Raises Rejected for a time before its first one, or before the one that erases it.
    """
    found, first, name = 0, 0, ""
    for entry in entries:
        decision = entry.decision
        if not name:
            first, name = decision.now, decision.execution
            if decision.now > time and is_erasure(entry):
                message = f"execution {name} was erased: how it was at {rfc3339(time)} is not known any more"
                raise Rejected("erased", message, execution=name)
        if decision.now > time:
            break
        found = decision.first + len(decision.events) - 1
    if not found:
        message = f"execution {name} has its first event at {rfc3339(first)}, and none at {rfc3339(time)}"
        raise Rejected("unknown_version", message, execution=name)
    return found


def apply(folded: Folded, entry: Entry) -> None:
    """Fold one decision, after checking that it follows. Raises LogCorrupt where it does not."""
    check_follows(folded, entry)
    if entry.decision.events:
        fold(folded.graph, folded.state, (entry.decision,))
        folded.graph = graph_after(folded.graph, entry.decision)
    folded.state.digest = entry.digest
