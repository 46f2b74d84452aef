"""Stories: the evidence sorted by execution, so that a check of the audit reads like its rule."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from contracts import commands as c
from contracts import events as e
from contracts.journal import Decision

from .evidence import Effect, Evidence

ENDS: Final = {
    e.ExecutionCompleted: "completed",
    e.ExecutionFailed: "failed",
    e.ExecutionCancelled: "cancelled",
    e.ExecutionTerminated: "terminated",
    e.ExecutionQuarantined: "quarantined",
}
Attempt = tuple[str, int]
"""The idempotency key of an activity, and the attempt."""


@dataclass
class Story:
    """What the journal tells of one execution."""

    execution: str
    workflow: str = ""
    tag: str = ""
    parent: str = ""
    creations: int = 0
    offsets: list[int] = field(default_factory=list)
    """Its decisions, without what was refused after its end: that changes nothing, and no read model holds it."""
    ends: list[str] = field(default_factory=list)
    after_end: int = 0
    completed: Counter[str] = field(default_factory=Counter)
    undoable: Counter[str] = field(default_factory=Counter)
    scheduled: set[tuple[str, int]] = field(default_factory=set)
    results: Counter[tuple[str, int]] = field(default_factory=Counter)
    """How often the end of an attempt was taken in."""
    kept_at: dict[tuple[str, int], int] = field(default_factory=dict)
    """When that was."""
    outputs: dict[tuple[str, int], bytes] = field(default_factory=dict)
    received: Counter[str] = field(default_factory=Counter)
    """Signals by their id."""
    consumed: Counter[int] = field(default_factory=Counter)
    """Signals by their place in the buffer."""
    lost: list[tuple[str, int, int]] = field(default_factory=list)
    """Attempts whose worker was silent for a lease: path, attempt, when."""
    given: Any = None

    def take(self, offset: int, decision: Decision) -> None:
        """Go on with the next decision."""
        if not self.ends or decision.events:
            self.offsets.append(offset)
        self._take_command(decision)
        for event in decision.events:
            self.after_end += bool(self.ends)
            self._take_event(event, decision)

    def _take_command(self, decision: Decision) -> None:
        command = decision.command
        match command:
            case c.CreateExecution() if decision.events:
                self.creations += 1
                self.workflow, self.given = command.workflow, json.loads(command.input)
                self.tag = self.given.get("tag", "") if isinstance(self.given, dict) else ""
                self.parent = command.parent.execution if command.parent is not None else ""
            case c.CompleteActivity() | c.FailActivity() if decision.events:
                self.results[command.path, command.attempt] += 1
                self.kept_at.setdefault((command.path, command.attempt), decision.now)
                if isinstance(command, c.CompleteActivity):
                    self.outputs[command.path, command.attempt] = bytes(command.output)
            case c.LoseActivity() if decision.events:
                self.lost.append((command.path, command.attempt, decision.now))
            case _:
                pass

    def _take_event(self, event: e.Event, decision: Decision) -> None:
        match event:
            case e.NodeScheduled():
                self.scheduled.add((event.path, event.attempt))
            case e.NodeCompleted():
                self.completed[event.path] += 1
            case e.CompensationRegistered():
                self.undoable[event.path] += 1
            case e.SignalReceived():
                assert isinstance(decision.command, c.SendSignal)
                self.received[decision.command.signal] += 1
            case e.SignalConsumed():
                self.consumed[event.place] += 1
            case _ if type(event) in ENDS:
                self.ends.append(ENDS[type(event)])
            case _:
                pass


class Stories:
    """All executions of a run, with what is around them."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.all: dict[str, Story] = {}
        for entry in evidence.decisions:
            name = entry.decision.execution
            self.all.setdefault(name, Story(name)).take(entry.offset, entry.decision)

    @cached_property
    def runs(self) -> dict[Attempt, list[Effect]]:
        """The runs of each attempt, as their first lines tell."""
        runs: dict[Attempt, list[Effect]] = defaultdict(list)
        for effect in self.evidence.effects:
            if effect.phase == "began":
                runs[effect.key, effect.attempt].append(effect)
        return runs

    @cached_property
    def ended(self) -> dict[Attempt, set[str]]:
        """Which runs of each attempt came to their end."""
        ended: dict[Attempt, set[str]] = defaultdict(set)
        for effect in self.evidence.effects:
            if effect.phase == "done":
                ended[effect.key, effect.attempt].add(effect.run)
        return ended
