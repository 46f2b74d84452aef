"""Walk: an execution after any of its events, forwards and backwards.

    decisions ─fold once─► states kept every so many events ─go(version)─► the nearest one before it, folded on

To go back one event is to fold from the last state that is kept: at most a stretch of events, of which finer states are kept while
one stays in it. So it takes as long in a history of 100,000 events as in a short one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

import msgspec

from contracts.codec import pack
from contracts.errors import Rejected
from contracts.events import DefinitionChanged
from contracts.journal import Decision
from domain.execution.deciding import ReadBlob, no_blobs
from domain.execution.evolve import evolve
from domain.execution.history import Entry, Folded, GraphOf, apply, begin
from domain.execution.state import Execution

KEPT_MAX: Final = 64
"""So many states are kept of a whole history."""
STRETCH_MIN: Final = 250
"""So many events at least lie between two of them."""
FINE: Final = 100
"""In the stretch that one goes back in, a state is kept every so many events."""
_states: Final = msgspec.msgpack.Decoder(Execution)


class Walk:
    """One who walks in a history. `first` and `last` are the events that there are, `version` is where they stand."""

    def __init__(self, entries: Sequence[Entry], graph_of: GraphOf, read_blob: ReadBlob = no_blobs) -> None:
        """Stands at the last event. Raises LogCorrupt where the decisions do not follow on each other."""
        folded = begin(entries[0], graph_of, read_blob)
        self.graph, self._state = folded.graph, folded.state
        self.first = folded.state.version + 1
        self.decisions: list[Decision] = []
        """Those with events."""
        self._begins: list[int] = []
        """With which event each of them begins."""
        count = sum(len(entry.decision.events) for entry in entries)
        self._stretch = max(STRETCH_MIN, count // KEPT_MAX)
        self._kept: dict[int, bytes] = {folded.state.version: pack(folded.state)}
        self._fine: dict[int, bytes] = {}
        self._fine_of = -1
        self._graphs = [(folded.state.version, folded.graph)]
        """The definitions that it went by, each from an event on."""
        for entry in entries:
            self._take(folded, entry)
        self.graph = folded.graph
        self.last = folded.state.version

    def _take(self, folded: Folded, entry: Entry) -> None:
        apply(folded, entry)
        if folded.graph is not self._graphs[-1][1]:
            self._graphs.append((_changed_with(entry.decision), folded.graph))
        if not entry.decision.events:
            return
        self.decisions.append(entry.decision)
        self._begins.append(entry.decision.first)
        if folded.state.version - max(self._kept) >= self._stretch:
            self._kept[folded.state.version] = pack(folded.state)

    @property
    def version(self) -> int:
        """The event that it was after."""
        return self._state.version

    @property
    def folded(self) -> Folded:
        """The execution after the event; moved on by `go`."""
        return Folded(self.graph, self._state)

    def decision_of(self, version: int) -> Decision:
        """The decision that an event is of."""
        return self.decisions[bisect_right(self._begins, version) - 1]

    def go(self, version: int) -> None:
        """Stand after an event. Raises Rejected for one that is not there."""
        if not self.first <= version <= self.last:
            name = self._state.execution
            raise Rejected(
                "unknown_version", f"execution {name} has the versions {self.first} to {self.last}, not {version}", execution=name
            )
        coarse = max(one for one in self._kept if one <= version)
        if coarse != self._fine_of:
            self._fine, self._fine_of = {}, coarse
        nearest = max((one for one in self._fine if one <= version), default=coarse)
        if not nearest <= self._state.version <= version:
            self._state = _states.decode(self._fine.get(nearest) or self._kept[nearest])
            self.graph = next(graph for since, graph in reversed(self._graphs) if since <= nearest)
        while self._state.version < version:
            self._step(self._state.version + 1)

    def _step(self, version: int) -> None:
        decision = self.decision_of(version)
        self._state.now = decision.now
        self.graph = evolve(self.graph, self._state, decision.events[version - decision.first], decision)
        if version % FINE == 0 and self._fine_of < version < self._fine_of + 2 * self._stretch:
            self._fine.setdefault(version, pack(self._state))


def _changed_with(decision: Decision) -> int:
    """The event of a decision by which the definition was changed."""
    return decision.first + next(index for index, event in enumerate(decision.events) if isinstance(event, DefinitionChanged))
