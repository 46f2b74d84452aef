"""The hub of a graph of LangGraph: it folds an execution, decides about what has come, and says what is to run next.

    history + reports ──decide──► new history, and the attempts that are asked for ──► run side by side ──► reports
                                  └─ nothing is asked for: a timer to wait for, or how the execution has ended

Only the history is kept. The folded state is a cache of it: by the digest of the last decision, so that a graph that goes on from an
older checkpoint, or twice from the same one, folds its own history.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from contracts.codec import encode_decision, read_record
from contracts.commands import Command, CreateExecution, Envelope, FireTimer, GrantSlot, RunActivity, TakeSlot
from contracts.errors import LogCorrupt, Rejected
from contracts.failure import Failure
from contracts.journal import Decided, Decision, Source
from domain.definition.graph import Graph
from domain.execution.decide import decide
from domain.execution.evolve import initial
from domain.execution.history import Entry, Folded, apply, entry_of
from domain.execution.limits import LIMITS, NEVER
from domain.execution.liveness import waits_of
from domain.execution.react import react
from domain.execution.state import Execution

KEPT_MAX: Final = 64
"""So many folded states are kept at most."""
_NONCE: Final = b"langgraph"
_LIMITS: Final = LIMITS._replace(blob_bytes_min=NEVER)


class Ended(NamedTuple):
    """How an execution stands that goes no further. Values are JSON."""

    status: str
    outcome: str | None
    output: bytes | None
    failure: Failure | None
    waits: tuple[str, ...]


class Turn(NamedTuple):
    """What a turn has led to. Exactly one of the last three says how it goes on: attempts run, a timer is waited for, it has ended."""

    history: list[bytes]
    asked: list[RunActivity]
    timer: FireTimer | None
    wait_ms: int
    ended: Ended | None


class Hub:
    """Decides about executions of one definition."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._kept: dict[bytes, Execution] = {}

    def begin(self, execution: str, given: bytes, now: int) -> Turn:
        """The first turn of an execution. Raises InvalidInput where it does not take what it is given."""
        graph = self._graph
        return self._turn(execution, [], [CreateExecution(graph.name, graph.version, graph.definition_hash, given)], now)

    def go_on(self, execution: str, history: Sequence[bytes], commands: Sequence[Command]) -> Turn:
        """The next turn: what has come is decided about in its order; time stands still but for timers."""
        return self._turn(execution, history, commands, None)

    def _turn(self, execution: str, history: Sequence[bytes], commands: Sequence[Command], now: int | None) -> Turn:
        taken = _Taken(self._graph, execution, self._state(execution, history), now)
        for command in commands:
            taken.take(command)
        while (timer := taken.due()) is not None:
            taken.take(timer)
        state = taken.state
        self._keep(state)
        asked = taken.still_asked()
        if asked or state.is_ended:
            return Turn(taken.history, asked, None, 0, None if asked else _ended(self._graph, state))
        if state.timers:
            due, name = min((due, name) for name, due in state.timers.items())
            return Turn(taken.history, [], FireTimer(name, due), due - state.now, None)
        return Turn(taken.history, [], None, 0, _ended(self._graph, state))

    def _state(self, execution: str, history: Sequence[bytes]) -> Execution:
        """The state that a history adds up to."""
        if not history:
            state = initial(execution)
            state.digest = self._graph.definition_hash.encode()
            return state
        last = read_record(history[-1])
        if isinstance(last, Decided) and (kept := self._kept.pop(last.digest, None)) is not None:
            return kept
        folded = Folded(self._graph, self._state(execution, ()))
        for number, content in enumerate(history):
            record = read_record(content)
            entry = entry_of(number, record) if isinstance(record, Decided) else None
            if not isinstance(entry, Entry):
                raise LogCorrupt(f"record {number} of the history of {execution} in the graph's state cannot be read")
            apply(folded, entry)
        return folded.state

    def _keep(self, state: Execution) -> None:
        while len(self._kept) >= KEPT_MAX:
            self._kept.pop(next(iter(self._kept)), None)
        self._kept[state.digest] = state


class _Taken:
    """A turn in the making."""

    def __init__(self, graph: Graph, execution: str, state: Execution, now: int | None) -> None:
        self.graph, self.execution, self.state = graph, execution, state
        self.history: list[bytes] = []
        self._now = state.now if now is None else now
        self._asked: list[RunActivity] = []

    def take(self, command: Command) -> None:
        """Decide about a command; one that is refused is too late, as a report about what was cancelled meanwhile."""
        if isinstance(command, FireTimer):
            self._now = max(self._now, command.due)
        try:
            events = tuple(decide(self.graph, self.state, command, self._now, limits=_LIMITS).events)
        except Rejected as refused:
            if refused.reason == "too_many_steps":
                raise
            return
        if not events:
            return
        state = self.state
        decision = Decision(Source(0, state.version), self.execution, state.version - len(events) + 1, self._now, command, events)
        record, state.digest = encode_decision(decision, _NONCE, state.digest)
        self.history.append(record)
        for effect in react(self.graph, state, decision):
            if isinstance(effect, RunActivity):
                self._asked.append(effect)
            elif isinstance(effect, TakeSlot):  # there is nobody else to wait for
                self.take(GrantSlot())
            else:
                assert not isinstance(effect, Envelope), f"{effect} leads out of the graph: `leaving` lets no such definition go"

    def due(self) -> FireTimer | None:
        """The first timer whose time has come, where nothing is asked for that may still change it."""
        state = self.state
        if not state.timers or state.is_ended or self.still_asked():
            return None
        due, name = min((due, name) for name, due in state.timers.items())
        return FireTimer(name, due) if due <= self._now else None

    def still_asked(self) -> list[RunActivity]:
        """The attempts that were asked for and that nothing of this turn has ended again."""
        runs = self.state.runs
        return [
            one for one in self._asked if (run := runs.get(one.path)) is not None and run.status == "active" and run.attempt == one.attempt
        ]


def _ended(graph: Graph, state: Execution) -> Ended:
    incident = next((one.failure for one in state.incidents.values()), None)
    waits = () if state.is_ended else tuple(waits_of(graph, state))
    return Ended(state.status, state.outcome, state.output, state.failure or incident, waits)
