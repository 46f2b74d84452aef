"""Fork: the state that a new execution goes on from, derived from what is recorded of its source. Pure, so that it can be proved.

    source up to V ─ fold ────────────────────────► its state at V ─ edits ─► that of the fork
                   ─ or decided by another version ┘                       └─ with `until`: what is recorded behind V decides on

Whoever has the source derives the same from it again: `verify` does (`ForkProofs`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from contracts import commands as c
from contracts import events as e
from contracts.codec import pack
from contracts.commands import CreateExecution
from contracts.errors import Rejected
from contracts.journal import Decision
from contracts.key import NO_KEY
from contracts.sealed_value import has_sealed
from contracts.system import is_system
from contracts.values import blob_of, blobs_in, is_reference, key_of
from domain.definition.graph import Graph
from domain.execution.deciding import ReadBlob
from domain.execution.evolve import initial
from domain.execution.forked import child_of
from domain.execution.state import Execution
from domain.replay.edits import Edit, edit
from domain.replay.rerun import CannotRerun, NewCall, Rerun, Version
from domain.replay.tape import Tape

_states = msgspec.msgpack.Decoder(Execution)


class Source(NamedTuple):
    """What is recorded of a source. `state` is what it was after its event `version`, the last one of a decision.

    `before` reads the decisions up to there, from the first one on; `later` are those behind, up to where the fork is to know of them, and
    `following` the one behind these, if there is any: so long the source was as it is forked.
    """

    graph: Graph
    state: Execution
    before: Callable[[], Iterable[Decision]]
    later: Sequence[Decision] = ()
    following: Decision | None = None


class Derived(NamedTuple):
    """The state of a fork, and its definition; `children` are those that are open in it, by the path of their node.

    `new` are the calls that it makes and its source never made: they are made when the fork begins; `given` the inputs of such children.
    """

    state: Execution
    graph: Graph
    children: dict[str, str]
    new: tuple[NewCall, ...] = ()
    given: Mapping[str, bytes] = MappingProxyType({})


class Replayed(Rerun):
    """A history decided again up to a moment, and no further: no time passes behind its last decision."""

    def __init__(self, tape: Tape, version: Version, read_blob: ReadBlob, begun: Execution | None = None) -> None:
        """With `begun` it goes on from that state. Raises CannotRerun."""
        self._begun = begun
        super().__init__(tape, version, read_blob)

    def _run(self) -> None:
        if self._begun is not None:
            self.state = self._begun
        last = self.state.now
        for place, decision in enumerate(self._tape.decisions):
            self._place, last = place, decision.now
            self._pass_time(last)
            if self.state.is_ended:
                return
            self._take(decision)
        self._place = len(self._tape.decisions)
        self._pass_time(last)

    def lacks(self) -> list[str]:
        """The big values of the state that are stored nowhere, as it alone came to them."""
        return [name for name in blobs_in(pack(self.state)) if name in self._blobs and not self._is_stored(name)]

    def _is_stored(self, name: str) -> bool:
        try:
            self._read_blob(name)
        except KeyError:
            return False
        return True


def derive(source: Source, version: Version | None, edits: Sequence[Edit], read_blob: ReadBlob) -> Derived:
    """The state of a fork of this source, by another version where one is named.

    Raises Rejected where it cannot be one, InvalidInput for an edit that does not fit.
    """
    state, graph = source.state, source.graph
    new: tuple[NewCall, ...] = ()
    given: dict[str, bytes] = {}
    by = version or Version(graph, state.workflow, state.workflow_version, state.definition, follows=True)
    children = {run.path: child for run in state.runs.values() if (child := child_of(run))}
    at_version = _copied(state)
    if version is not None:
        tape = Tape(_begun_by(graph, state, source.before()), initial(state.execution), source.before())
        again = _replayed(tape, by, read_blob)
        state, graph, new, given = again.state, version.graph, tuple(again.new), _children_in(again)
        state.trigger, state.priority = at_version.trigger, at_version.priority
    for one in edits:
        edit(graph, state, one, read_blob)
    if source.later:
        again = _replayed(Tape(source.graph, at_version, source.later), by, read_blob, state)
        state, graph = again.state, again.graph
        new, given = (*new, *again.new), given | _children_in(again)
    own = {run.path: child for run in state.runs.values() if (child := child_of(run))}
    return Derived(normal(state), graph, {path: children.get(path, child) for path, child in own.items()}, new, given)


def _begun_by(graph: Graph, state: Execution, decisions: Iterable[Decision]) -> Graph:
    """The definition that a history began by, which goes by this one now."""
    command = next(iter(decisions)).command
    is_other = isinstance(command, CreateExecution) and command.definition != state.definition
    return graph.others(command.definition) if is_other else graph  # type: ignore[union-attr]  # it is a creation


def _children_in(again: Rerun) -> dict[str, bytes]:
    return {call.path: asked.input for call, asked in again.calls.items() if call.sort == "child"}


def _replayed(tape: Tape, version: Version, read_blob: ReadBlob, begun: Execution | None = None) -> Replayed:
    try:
        again = Replayed(tape, version, read_blob, begun)
    except CannotRerun as error:
        said = f"version {version.version} of {version.workflow} cannot decide over what execution {tape.state.execution} has recorded"
        raise Rejected("not_decided", f"{said}: {error}", execution=tape.state.execution) from None
    sent = next((one for one in again.new if one.call.sort == "signal"), None)
    if sent is not None:
        said = f"it would have sent the signal {sent.call.name} at {sent.call.path}, which nobody has: fork before that node"
        raise Rejected("new_signal", said, execution=tape.state.execution)
    if again.lacks():
        said = "what it would have come to holds a value of 64 KiB or more that was never stored: fork before the node that gives it"
        raise Rejected("too_large", said, execution=tape.state.execution)
    return again


def _copied(state: Execution) -> Execution:
    return _states.decode(pack(state))


def normal(state: Execution) -> Execution:
    """A state without what is of the source alone: its chain, its key, and whom it answers to."""
    return replace(
        state, digest=b"", key=NO_KEY, correlation="", request=b"", parent=None, slot=None, keeper="", admission=None, awaited=None,
        trials={}, forked=None, rolled_at=0,
    )  # fmt: skip


def check_can_be_forked(state: Execution) -> None:
    """Raise Rejected for what no other execution can go on from."""
    name = state.execution
    if state.erased is not None:
        raise Rejected(
            "erased", f"execution {name} was erased: what it was is not known any more, so nothing goes on from it", execution=name
        )
    if is_system(state.workflow) or state.breaker is not None:
        raise Rejected("system_workflow", f"execution {name} is the engine's own: it is not forked", execution=name)


def check_can_be_copied(state: Execution) -> None:
    """Raise Rejected where a state holds what can be opened for its source alone: secret texts, and big values that are sealed."""
    name, packed = state.execution, pack(state)
    if has_sealed(packed):
        said = f"execution {name} holds texts that are marked secret, which are opened for it alone: start a new one, with the secrets"
        raise Rejected("secret_values", said, execution=name)
    if any(key_of(one) != NO_KEY for one in references_in(state)):
        said = f"execution {name} is sealed, and holds values of 64 KiB or more, which go when it is erased: they are not given to another"
        raise Rejected("sealed_values", said, execution=name)


def references_in(state: Execution) -> tuple[bytes, ...]:
    """The references to big values in a state, each once."""
    found: dict[bytes, None] = {}
    waiting = [msgspec.msgpack.decode(pack(state), strict=False)]
    while waiting:
        one = waiting.pop()
        if isinstance(one, bytes):
            if is_reference(one) and blob_of(one):
                found[one] = None
        else:
            waiting += one if isinstance(one, list) else one.values() if isinstance(one, dict) else ()
    return tuple(sorted(found))


def creation_of(state: Execution) -> CreateExecution:
    """The creation of an execution that is what this state says, as far as that stands beside its past."""
    test = None if state.test is None else replace(state.test.plan, ahead=state.test.ahead)
    return CreateExecution(
        state.workflow, state.workflow_version, state.definition, state.input, state.initial_variables, None, state.priority,
        trigger=state.trigger, test=test,
    )  # fmt: skip


# Before a failure.


class Before(NamedTuple):
    """Where a fork begins that is to go on in the place of a failure: after this event of its source.

    `until` is not 0 where the last result came in the very decision that failed, and is kept: then something has to be edited.
    """

    at: int
    until: int = 0
    child: str = ""
    """The child that failed, which is to be retried in turn."""


def before_failure(decisions: Sequence[Decision], state: Execution) -> Before:
    """Where to fork what has failed, so that all results before the failure are kept. Raises Rejected for what has not failed."""
    name, failure = state.execution, state.failure
    if state.status != "failed" or failure is None:
        others = "resolve its incident" if state.incidents else "fork it at an event"
        raise Rejected("not_failed", f"execution {name} is {state.status}: only what has failed is retried; {others}", status=state.status)
    node = failure.node or ""
    found = next((one for one in reversed(decisions) if any(_fails(event, node) for event in one.events)), None)
    if found is None:
        found = next(one for one in decisions if any(_ends(event, failure) for event in one.events))
    command = found.command
    if isinstance(command, c.CreateExecution):
        way = "start a new one" if command.fork is None else f"retry {command.fork.source}, which it was forked from"
        said = f"execution {name} failed in the decision that began it: there is nothing to keep; {way}"
        raise Rejected("would_fail_again", said, execution=name)
    if isinstance(command, c.ReportChild) and command.status != "completed":
        return Before(found.first - 1, 0, command.child)
    return Before(found.first - 1, 0 if _is_its_own(command, node) else found.first + len(found.events) - 1)


def before_incident(decisions: Sequence[Decision], state: Execution) -> Before:
    """The same before the first open incident. Raises Rejected where there is none, or nothing to keep."""
    name, incident = state.execution, next(iter(state.incidents.values()), None)
    if incident is None:
        raise Rejected("not_failed", f"execution {name} is {state.status}, and has no open incident", status=state.status)
    found = next(one for one in reversed(decisions) if any(_stops(event, incident.incident) for event in one.events))
    if isinstance(found.command, c.CreateExecution):
        said = f"execution {name} needs a person since the decision that began it: there is nothing to keep; start a new one"
        raise Rejected("would_fail_again", said, execution=name)
    return Before(found.first - 1, 0 if _is_its_own(found.command, incident.path) else found.first + len(found.events) - 1)


def _stops(event: e.Event, incident: str) -> bool:
    return isinstance(event, e.IncidentRaised) and event.incident == incident


def _is_its_own(command: c.Command, node: str) -> bool:
    """Whether the command tells of nothing but that the node failed: no result comes with it."""
    if isinstance(command, c.FireTimer):
        return command.timer.rpartition(":")[0] == node
    if isinstance(command, c.FailActivity | c.LoseActivity | c.RaiseIncident):
        return command.path == node
    return isinstance(command, c.ResolveIncident)


def _fails(event: e.Event, node: str) -> bool:
    return bool(node) and isinstance(event, e.NodeFailed) and event.path == node and not event.edge


def _ends(event: e.Event, failure: object) -> bool:
    if isinstance(event, e.ExecutionFailed):
        return True
    return isinstance(event, e.ExecutionEnding | e.ScopeStopped) and event.ending.failure == failure
