"""Tape: what a recorded history holds for another definition to decide over: its commands, and what it asked of the world.

decisions ─fold─► commands in their order, each at its time
                  calls: what was asked of workers, of children and of other executions, in which words
                  steps: which nodes ended, how, and by which ports
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple, TypeAlias

from contracts import events as e
from contracts.commands import CreateExecution, Effect, Envelope, RunActivity, SendSignal
from contracts.journal import Decision
from domain.definition.graph import Graph
from domain.execution.evolve import fold, graph_after
from domain.execution.react import react
from domain.execution.state import Execution

How: TypeAlias = Literal["completed", "failed", "skipped", "cancelled", "incident"]

_HOW: Final[dict[type, How]] = {
    e.NodeCompleted: "completed",
    e.NodeFailed: "failed",
    e.NodeSkipped: "skipped",
    e.NodeCancelled: "cancelled",
    e.IncidentRaised: "incident",
}
_ASKS: Final = frozenset({e.NodeScheduled, e.ActivityReleased, e.ChildStarted, e.SignalEmitted})
"""The events by which something is asked of the world that may answer, or is changed by it."""

OPEN: Final = 2**62
"""In the place of a decision that has not been made."""


class Step(NamedTuple):
    """How a node ended, and by which ports it left (none said: `out`)."""

    path: str
    how: How
    ports: tuple[str, ...] | None = None


class Call(NamedTuple):
    """Something asked of the world: an attempt of an activity, a child, or a signal to another execution.

    `name` is the kind of the activity, the workflow of the child, or the name of the signal.
    """

    sort: Literal["activity", "child", "signal"]
    path: str
    attempt: int
    name: str


class Asked(NamedTuple):
    """The words in which something was asked: the config and the input of an activity, the input of a child, what a signal carries."""

    call: Call
    config: bytes = b""
    input: bytes = b""


def steps_in(decision: Decision) -> list[Step]:
    """The nodes that end in a decision, in their order."""
    return [
        Step(event.path, how, getattr(event, "ports", None))  # type: ignore[union-attr]  # those of `_HOW` have a path
        for event in decision.events
        if (how := _HOW.get(type(event))) is not None
    ]


def asked_in(graph: Graph, state: Execution, decision: Decision) -> list[Asked]:
    """What a decision that was folded asks of the world."""
    if _ASKS.isdisjoint(map(type, decision.events)):
        return []
    children = {event.child: event.path for event in decision.events if isinstance(event, e.ChildStarted)}
    signals = [event for event in decision.events if isinstance(event, e.SignalEmitted)]
    found = (_asked(effect, children, signals) for effect in react(graph, state, decision))
    return [one for one in found if one is not None]


def _asked(effect: Effect, children: dict[str, str], signals: list[e.SignalEmitted]) -> Asked | None:
    if isinstance(effect, RunActivity):
        return Asked(Call("activity", effect.path, effect.attempt, effect.kind), effect.config, effect.input)
    if not isinstance(effect, Envelope):
        return None
    command = effect.command
    if isinstance(command, CreateExecution) and effect.execution in children:
        attempt = 1 if command.parent is None else command.parent.attempt
        return Asked(Call("child", children[effect.execution], attempt, command.workflow), b"", command.input)
    if isinstance(command, SendSignal):
        sent = next((one for one in signals if one.execution == effect.execution and one.name == command.name), None)
        return (
            None if sent is None else Asked(Call("signal", sent.path, sent.attempt, sent.name), effect.execution.encode(), command.payload)
        )
    return None


class Tape:
    """A recorded history, from its creation on. `state` is what it has led to."""

    def __init__(self, graph: Graph, state: Execution, decisions: Iterable[Decision]) -> None:
        """`state` is that before the first of the decisions, and is moved on."""
        self.graph, self.state = graph, state
        self.now_by = graph
        """The definition that it goes by at the end, which may not be that of the beginning."""
        self.decisions: list[Decision] = []
        self.calls: dict[Call, Asked] = {}
        self.steps: list[Step] = []
        self.timers: dict[tuple[str, int], int] = {}
        """Of each timer that there was, by name and due: the place of the decision that ended it, or `OPEN`."""
        self._running: dict[tuple[str, int], None] = {}
        self._note_timers()
        for decision in decisions:
            self._take(decision)

    def _take(self, decision: Decision) -> None:
        if decision.rejection is not None:
            return
        fold(self.now_by, self.state, (decision,))
        self.now_by = graph_after(self.now_by, decision)
        self._note_timers()
        self.decisions.append(decision)
        self.steps += steps_in(decision)
        for asked in asked_in(self.now_by, self.state, decision):
            self.calls[asked.call] = asked

    def _note_timers(self) -> None:
        """Which timers the decision that was folded has ended, and which it has started."""
        timers, place = self.state.timers, len(self.decisions)
        for timer in [one for one in self._running if timers.get(one[0]) != one[1]]:
            del self._running[timer]
            self.timers[timer] = place
        for timer in timers.items():
            if timer not in self._running:
                self._running[timer] = None
                self.timers[timer] = OPEN
