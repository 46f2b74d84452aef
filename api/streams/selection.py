"""What somebody reads: which events of which executions, and how decisions become those."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from api.streams.position import Place, Places, shown
from contracts.errors import InvalidInput, Problem
from contracts.ports.feed import Selector, Told
from contracts.positions import Positions
from contracts.public_events import BY_TYPE, SOURCE_DEFAULT, TYPE_PREFIX, CloudEvent, encode_event
from domain.definition.findings import nearest
from domain.event_filter import EventFilter
from projections.public.present import PUBLIC, ends_execution, events_of, is_public

WRITTEN_MAX: Final = 2_000
"""The JSON of the events of so many decisions is kept for those who read the same."""


class Selection(NamedTuple):
    """The events of one execution, of one workflow, or of all; of these types, and for which the filter is true."""

    execution: str | None = None
    workflow: str | None = None
    types: frozenset[str] = frozenset()
    filter: str | None = None

    @property
    def selector(self) -> Selector:
        """What is asked of the feed."""
        return Selector(execution=self.execution, workflow=self.workflow, events=PUBLIC, with_origin=True)


def select(execution: str | None = None, workflow: str | None = None, types: Iterable[str] = (), filter: str | None = None) -> Selection:
    """A selection. Raises InvalidInput for a type that there is not, and a filter that cannot be read."""
    names = frozenset(name if name.startswith(TYPE_PREFIX) else TYPE_PREFIX + name for name in types)
    problems = [Problem("type", "unknown_type", f"there are no events {name!r}", _meant(name)) for name in sorted(names - BY_TYPE.keys())]
    if problems:
        raise InvalidInput(problems)
    if filter is not None:
        EventFilter(filter)
    return Selection(execution, workflow, names, filter)


def _meant(name: str) -> str:
    near = nearest(name, list(BY_TYPE))
    return f"did you mean {near}?" if near else ""


class Entry(NamedTuple):
    """An event as it is told, and the position after it."""

    position: str
    content: bytes


class _Written:
    """An event, which of its decision it is, counted from 1, and whether it is the last of its execution."""

    __slots__ = ("content", "ends", "event", "number")

    def __init__(self, event: CloudEvent, number: int, ends: bool) -> None:
        self.event, self.number, self.ends = event, number, ends
        self.content = encode_event(event)


class Writer:
    """Writes the events of decisions as JSON, once for all who read them at about the same time."""

    def __init__(self, positions: Positions, source: str = SOURCE_DEFAULT) -> None:
        """`source` is that of the events."""
        self._positions, self._source = positions, source
        self._written: OrderedDict[tuple[int, int], list[_Written]] = OrderedDict()

    def write(self, told: Told) -> Sequence[_Written]:
        """The events of a decision; of the engine's own workflows, too, for who asks for one of their executions."""
        key = (told.partition, told.offset)
        written = self._written.get(key)
        if written is None:
            written = self._written[key] = self._made(told)
            if len(self._written) > WRITTEN_MAX:
                self._written.popitem(last=False)
        return written

    def _made(self, told: Told) -> list[_Written]:
        decision, origin = told.decision, told.origin
        assert origin is not None, "what is streamed is asked for with its origin"
        written: list[_Written] = []
        for event in events_of(decision, origin, self._positions.of(told.partition, told.offset), self._source):
            number = event.data.version - decision.first + 1
            written.append(_Written(event, number, ends_execution(decision.events[number - 1])))
        return written


class Teller:
    """Makes entries of what one who reads a selection is told, and knows up to where that was."""

    def __init__(self, selection: Selection, writer: Writer, places: Places) -> None:
        self.places: dict[int, Place] = dict(places)
        self.has_ended = False
        """Whether it was told of the last event of the execution that it is about."""
        self._is_of_one = selection.execution is not None
        self._types = selection.types
        self._filter = None if selection.filter is None else EventFilter(selection.filter)
        self._writer = writer

    def tell(self, told: Sequence[Told]) -> list[Entry]:
        """The entries of these decisions, which follow on those before."""
        entries: list[Entry] = []
        for one in told:
            place = self.places.get(one.partition)
            done = place.events if place is not None and place.offset == one.offset else 0
            written = self._writer.write(one) if self._is_of_one or (one.origin is not None and is_public(one.origin)) else ()
            for event in written:
                if event.number <= done:
                    continue
                self.has_ended |= event.ends and self._is_of_one
                if self._takes(event.event):
                    self.places[one.partition] = Place(one.offset + 1) if event is written[-1] else Place(one.offset, event.number)
                    entries.append(Entry(shown(self.places), event.content))
            self.places[one.partition] = Place(one.offset + 1)
        return entries

    def _takes(self, event: CloudEvent) -> bool:
        if self._types and event.type not in self._types:
            return False
        return self._filter is None or self._filter.takes(event)
