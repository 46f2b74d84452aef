"""A read model as a value, and how several are fed together: each decision is folded once and handed to all of them.

    decisions ─fold─► state ─► take: at each event that the model wants to hear of                          ─┐
                            ─► finish: at the end of a batch, once for each execution                        ─┼─► changes of its tables
                            ─► rows_of: before a batch and at its end; what is different between the two     ─┘

The rows that come out are the same however the decisions are cut into batches. A model that needs what an event says hears
of it; one that needs what an execution is like waits for the end of the batch. What goes on in between it never sees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from contracts.events import DefinitionChanged, Event
from contracts.failure import Failure
from contracts.journal import Decision
from contracts.ports.read_models import Changes, Model, Table
from domain.execution.facts import APPLIERS
from domain.execution.history import Entry, Folded, Unreadable, check_follows
from projections.trail import Piece, Trail
from projections.waiting import waiting_for

WAITING_ITEMS_MAX: Final = 10
"""So many things that an execution waits for stand in its row."""


class Visit:
    """An execution that a batch is about: what it is by now, where its decisions lie, and which pieces of that became whole."""

    __slots__ = ("before", "folded", "hour", "is_new", "pieces", "position", "runs", "trail", "waits")

    def __init__(self, folded: Folded, trail: Trail) -> None:
        self.folded, self.trail = folded, trail
        self.before: dict[str, RowsOf] = {}
        """By the names of read models, the rows that they had about the execution before the batch, as far as that is known."""
        self.runs: dict[str, RunWas | None] = {}
        """By their paths, the runs that events are about, as they were when rows were last told; None where there was none."""
        self.is_new = folded.state.version == 0
        """Whether no rows of runs have been told of it yet: then nothing needs to be known of how they were."""
        self.hour: Any = None
        """Where the model that counts by the hour did so last."""
        self.position = 0
        """The offset after its last decision."""
        self.pieces: list[Piece] = []
        self.waits: list[dict[str, Any]] | None = None
        """What it waits for, where that was asked since it last was other: see `waiting`."""

    def waiting(self) -> list[dict[str, Any]]:
        """What it waits for as it is now, see `waiting_for`; of activities only those among the first. Several models tell of it."""
        if self.waits is None:
            self.waits = waiting_for(self.folded.state, self.folded.graph, WAITING_ITEMS_MAX)
        return self.waits

    def note(self, entry: Entry) -> None:
        """This decision has been folded."""
        self.position = entry.offset + 1
        piece = self.trail.add(entry)
        if piece is not None:
            self.pieces.append(piece)


RunWas: TypeAlias = tuple[int, str, int, Failure | None]
"""Of a run of a node: its attempt, its status, since when, and the failure that is told of it."""
RowsOf: TypeAlias = dict[tuple[Any, ...], tuple[Any, ...]]
"""Rows by their keys."""
Take: TypeAlias = Callable[[Changes, Visit, Event, Decision], None]
Finish: TypeAlias = Callable[[Changes, Visit], None]
Rows: TypeAlias = Callable[[Visit], RowsOf]
SetAside: TypeAlias = Callable[[Changes, int, Unreadable, bool], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class ReadModel(Model):
    """What a file in this folder defines. All functions are pure, and write into the changes of a batch.

    `take` is called after each event of `events` has been folded. `finish` is called at the end of a batch; `rows_of` is asked before
    it, too, and what has come or is other since is stored, what is not there any more goes. `set_aside` is told of an execution,
    by its number, whose history cannot be read on, and whether it has no row yet.
    """

    shape: str
    """Names how its tables are made. A test says what it is: where it changes, the version is raised with it."""
    events: frozenset[type[Event]] = frozenset()
    take: Take | None = None
    finish: Finish | None = None
    rows_of: Rows | None = None
    """The rows of its first table that an execution has as it is now."""
    set_aside: SetAside | None = None
    may_lag: bool = False
    """Whether its rows may follow a little later under load, so that what comes and goes meanwhile is never stored."""
    outlives_journal: bool = False
    """Whether rows stay that tell of what was removed from the journal: made anew, they know less."""
    take_before: Mapping[type[Event], Take] = field(default_factory=dict)
    """What is called before an event of a type is folded: what it ends is there no more afterwards."""


_NOBODY: Final[tuple[tuple[Take, ...], tuple[Take, ...]]] = ((), ())


class ModelGroup:
    """Read models that stand at the same offset, and are fed together."""

    def __init__(self, models: Iterable[ReadModel]) -> None:
        self.models = tuple(models)
        self.names = tuple(model.name for model in self.models)
        self.prompt = tuple(model for model in self.models if not model.may_lag)
        self.lagging = tuple(model for model in self.models if model.may_lag)
        heard = {event for model in self.models for event in (*model.events, *model.take_before)}
        self._takers = {event: (tuple(self._before(event)), tuple(self._after(event))) for event in heard}
        self._stateful = [(model, model.rows_of) for model in self.models if model.rows_of is not None]

    def _before(self, event: type[Event]) -> Iterator[Take]:
        for model in self.models:
            if event in model.take_before:
                yield model.take_before[event]

    def _after(self, event: type[Event]) -> Iterator[Take]:
        for model in self.models:
            if event in model.events:
                assert model.take is not None, f"{model.name} hears of {event.__name__} and takes nothing"
                yield model.take

    def begin(self, visit: Visit, before: dict[str, RowsOf] | None = None) -> None:
        """A batch has something about this execution; `before` is what `finish` gave when one last had, if that is known."""
        if before is not None:
            visit.before = before
            return
        for model, rows_of in self._stateful:
            visit.before[model.name] = rows_of(visit)

    def fold(self, changes: Changes, visit: Visit, entry: Entry) -> None:
        """Fold a decision, after checking that it follows, and let all take it. Raises LogCorrupt where it does not follow."""
        visit.waits = None
        folded, decision, takers = visit.folded, entry.decision, self._takers
        check_follows(folded, entry)
        graph, state, appliers = folded.graph, folded.state, APPLIERS
        state.now = decision.now
        for event in decision.events:  # one by one: what one decision brings, a later event of it may take away
            kind = type(event)
            before, after = takers.get(kind, _NOBODY)
            for take in before:
                take(changes, visit, event, decision)
            state.version += 1
            appliers[kind](graph, state, event, decision)
            if kind is DefinitionChanged:
                graph = folded.graph = graph.others(event.definition)  # type: ignore[union-attr]  # it is one
            for take in after:
                take(changes, visit, event, decision)
        state.digest = entry.digest
        visit.note(entry)

    def finish(self, changes: Changes, visit: Visit, models: Iterable[ReadModel] | None = None) -> dict[str, RowsOf]:
        """Rows of these models are about to be stored, by default of all; what they have about the execution now: see `begin`."""
        for model in self.models if models is None else models:
            if model.finish is not None:
                model.finish(changes, visit)
            if model.rows_of is not None:
                now = model.rows_of(visit)
                _keep(changes, model.tables[0], visit.before[model.name], now)
                visit.before[model.name] = now
        return visit.before

    def set_aside(self, changes: Changes, number: int, found: Unreadable, is_new: bool) -> None:
        """The history of an execution cannot be read on."""
        for model in self.models:
            if model.set_aside is not None:
                model.set_aside(changes, number, found, is_new)


def _keep(changes: Changes, table: Table[Any], before: RowsOf, now: RowsOf) -> None:
    """Store what is different."""
    for key, row in now.items():
        if before.get(key) != row:
            changes.put(table, row)
    for key in before:
        if key not in now:
            changes.remove(table, key)
