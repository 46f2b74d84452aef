"""Schedules on a log in memory and a clock moved by hand: what they start is kept by id, as an engine does; a kill forgets the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from contracts.errors import Overloaded
from contracts.triggers import TRIGGERS, Fired, Trigger, Triggered, cause_id
from contracts.values import encode
from infra.clock import ManualClock
from infra.log.memory import MemoryLog
from workers.partition.catalog import Catalog
from workers.partition.resources import Resources
from workers.triggers.directory import Directory
from workers.triggers.firing import Outcome, Then
from workers.triggers.schedules import Schedules

NOW = 1_796_083_200_000
"""2026-12-01."""
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


class Played:
    """What has started has an id; the same id again starts nothing. `asked` counts who asked, `fails` says when there is no room."""

    def __init__(self, now: int = NOW) -> None:
        self.log, self.clock = MemoryLog(), ManualClock(now)
        self.started: dict[str, tuple[str, str]] = {}
        self.at: list[tuple[str, str, int]] = []
        self.asked: Counter[str] = Counter()
        self.fails: Callable[[], bool] = lambda: False
        self.dies_before_noting = False
        self.begin()

    def begin(self) -> Played:
        """As a process that begins now, whatever the one before had in hand."""
        self.catalog, self.resources = Catalog(self.log, self.clock), Resources(self.log, self.clock)
        self.directory = Directory(self.catalog, self.resources)
        self.schedules = Schedules(self.directory, self.resources.triggers, self.clock, self._fire, self._advance, lambda name: True)
        return self

    def make(self, name: str, **config: Any) -> None:
        content = encode({"workflow": "w", "trigger": {"type": "schedule", **config}})
        self.resources.write(TRIGGERS, name, content, "ada")

    def _fire(self, trigger: Trigger, said: Triggered, given: bytes, then: Then) -> None:
        self.asked[trigger.name] += 1
        if self.fails():
            then(Outcome(error=Overloaded("no room"), is_final=False))
            return
        name = cause_id(trigger.workflow, trigger.name, said.cause)
        if name not in self.started:
            self.started[name] = (trigger.name, said.cause)
            self.at.append((trigger.name, said.cause, self.clock.now()))
        then(Outcome(name))

    def _advance(self, positions: Mapping[str, int], fired: Sequence[Fired], then: Callable[[bool], None]) -> None:
        if not self.dies_before_noting:
            self.resources.advance(positions, fired)
            then(True)

    def move(self, ms: int = 0) -> None:
        """Let it be so much later, and do all that is due then."""
        self.clock.advance(ms)
        self.schedules.refresh()
        while self.schedules.step():
            pass

    def pass_time(self, until: int) -> None:
        """Move from one due time to the next."""
        self.move()
        while (due := self.schedules.next_due()) is not None and due <= until:
            self.move(max(0, due - self.clock.now()))
        self.move(max(0, until - self.clock.now()))

    def causes(self, name: str) -> list[str]:
        return [cause for found, cause in self.started.values() if found == name]

    def skipped(self, name: str) -> list[tuple[str, int]]:
        return [(one.reason, one.count) for one in self.resources.triggers.skipped(name)]
