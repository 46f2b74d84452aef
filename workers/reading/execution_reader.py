"""Reading one execution: only its own decisions are touched, found by the offsets that the read models keep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any, Final

from contracts import values
from contracts.caller import Caller
from contracts.catalog import DefinitionPublished
from contracts.commands import SendSignal
from contracts.errors import Rejected
from contracts.key import NO_KEY
from contracts.ports.blobs import Blobs
from contracts.ports.log import Log
from contracts.ports.read_models import ReadModels
from domain.execution.history import Entry, Folded, apply, apply_up_to, begin, is_erasure
from domain.replay.recorded import Recorded, Recording
from domain.testing.record import RecordedTest, recorded_test
from projections.executions import ERASED, ExecutionRecord
from projections.history import HistoryEvent, HistoryPresenter
from projections.nodes import NodeRow, NodeTrace
from projections.spans import SpanFold, spans_of
from workers.partition.catalog import Catalog
from workers.partition.stretches import entries_at
from workers.reading.trails import record_of, trail_of, window_of

VERSION_MAX: Final = 2**62
"""No history comes that far."""


def value_in(blobs: Blobs, value: bytes) -> Any:
    """The parsed JSON of a stored value, however big; of one that is lost, which."""
    if not values.is_reference(value):
        return values.decode(value)
    try:
        return values.decode(blobs.get(values.blob_of(value)))
    except KeyError:
        return {"missing_blob": value.decode().removeprefix("@")}


class ExecutionReader:
    """Reads executions for those who ask. One thread uses an instance at a time. `give_way` is called between two decisions."""

    def __init__(
        self,
        log: Log,
        catalog: Catalog,
        blobs: Blobs,
        models: ReadModels,
        partition: int = 0,
        give_way: Callable[[], None] = lambda: None,
    ) -> None:
        self._give_way = give_way
        self._log, self._catalog, self._partition = log, catalog, partition
        self.blobs, self.graph = blobs, catalog.graph
        self.models = models

    def record(self, execution: str) -> ExecutionRecord:
        """The row of an execution. Raises Rejected where there is none of that id."""
        record = record_of(self.models, execution)
        if record is None:
            raise Rejected("unknown_execution", f"there is no execution {execution}", execution=execution)
        return record

    def entries(self, execution: str) -> Iterator[Entry]:
        """The decisions of an execution. Raises Rejected where there is none of that id."""
        record = self.record(execution)
        return self.at(self.trail(record))

    def trail(self, record: ExecutionRecord, first: int = 0, last: int | None = None) -> Sequence[int]:
        """Where the decisions lie that tell of these versions; of what rows could not read it is the first one, which says why."""
        return trail_of(self.models, record, first, last) or (record.number,)

    def at(self, offsets: Sequence[int]) -> Iterator[Entry]:
        """The decisions at these offsets."""
        for entry in entries_at(self._log, self._partition, offsets):
            self._give_way()
            yield entry

    def window(self, execution: str, first: int, last: int | None) -> tuple[Folded | None, Iterator[Entry]]:
        """The decisions that tell of these versions, or of more, and the rolled state that they follow on; None from the beginning on."""
        record = self.record(execution)
        entries = self.at(self.trail(record, first, last))
        entry = next(entries, None)
        if entry is None:
            return None, entries
        if entry.offset == record.number:
            return None, chain((entry,), entries)
        try:
            return begin(entry, self._catalog.graph, self.blobs.get), chain((entry,), entries)
        except KeyError:  # the blob of the rolled state is lost: what it was made of is not
            return None, self.at(self.trail(record, 0, last))

    def history(self, execution: str, start: int, limit: int) -> tuple[list[HistoryEvent], int | None]:
        """Up to `limit` events from version `start` on, and the version to go on from."""
        return self._history_near(execution, start, limit) or self._history_from_rolled(execution, start, limit)

    def _history_near(self, execution: str, start: int, limit: int) -> tuple[list[HistoryEvent], int | None] | None:
        """The same from the decisions around them alone; None where what they tell hangs on earlier ones."""
        record = self.record(execution)
        if record.error == ERASED:  # the first one cannot be read any more
            return None
        presenter = HistoryPresenter(self.show)
        presenter.begin_alone(next(self.at([record.number])).decision)
        shown = _shown(presenter, self.at(window_of(self.models, record, start, start + limit)), start, limit)
        return None if presenter.is_unsure else shown

    def _history_from_rolled(self, execution: str, start: int, limit: int) -> tuple[list[HistoryEvent], int | None]:
        """The same with all that lies between them and a rolled state."""
        presenter = HistoryPresenter(self.show)
        rolled, entries = self.window(execution, start, start + limit)
        if rolled is not None:
            presenter.begin_at(rolled.state)
        return _shown(presenter, entries, start, limit)

    def offset_of(self, execution: str, version: int) -> int:
        """The offset of the decision that an event is of. Raises Rejected where the execution has no such event."""
        for entry in self.entries(execution):
            if entry.decision.first <= version < entry.decision.first + len(entry.decision.events):
                return entry.offset
        raise Rejected("unknown_version", f"execution {execution} has no event {version}", execution=execution)

    def has_signal(self, execution: str, signal: str) -> bool:
        """Whether the execution has received the signal with this id; an ended one does not remember it itself."""
        commands = (entry.decision.command for entry in self.entries(execution) if entry.decision.events)
        return any(isinstance(command, SendSignal) and command.signal == signal for command in commands)

    def has_acted(self, execution: str, caller: Caller, offset: int) -> bool:
        """Whether anything has come of a command of this caller, from this offset on."""
        offsets = [one for one in trail_of(self.models, self.record(execution)) if one >= offset]
        decisions = (entry.decision for entry in self.at(offsets))
        return any(one.events and (one.actor, one.correlation) == caller for one in decisions)

    def folded(self, execution: str, at: int | None = None) -> Folded:
        """The execution as it is, or after its event `at`. Raises Rejected for a version that it does not have."""
        folded, entries = self.window(execution, VERSION_MAX, None) if at is None else self.window(execution, at, at + 1)
        for entry in entries:
            folded = folded or begin(entry, self._catalog.graph)
            if at is None:
                apply(folded, entry)
            elif not apply_up_to(folded, entry, at):
                break
        if folded is None or (at is not None and folded.state.version != at):
            there = 0 if folded is None else folded.state.version
            message = f"execution {execution} has the versions 1 to {there}, not {at}"
            raise Rejected("unknown_version", message, execution=execution)
        return folded

    def nodes(self, execution: str) -> list[NodeRow]:
        """The nodes of an execution, in the order in which they began, with their values."""
        trace = NodeTrace()
        folded: Folded | None = None
        for entry in self.entries(execution):
            folded = folded or begin(entry, self._catalog.graph)
            trace.take(folded, entry)
        return trace.rows()

    def recorded(self, execution: str) -> dict[str, Recorded]:
        """What its nodes have ended by. Raises Rejected for one whose values are sealed: nothing of it may lie about open."""
        recording: Recording | None = None
        for entry in self.entries(execution):
            if recording is None:
                folded = begin(entry, self._catalog.graph, self.blobs.get)
                if folded.state.key != NO_KEY or is_erasure(entry):
                    raise Rejected("sealed", f"execution {execution} is sealed: its results are not copied into another one")
                recording = Recording(folded.graph, folded.state)
            recording.take(entry.decision)
        assert recording is not None, "an execution has a decision"
        return recording.recorded()

    def recorded_test(self, execution: str, file: str | None = None) -> RecordedTest:
        """The execution as a test. Raises Rejected for one whose values are sealed, or that is the engine's own."""
        entries = list(self.entries(execution))
        folded = begin(entries[0], self._catalog.graph, self.blobs.get)
        if folded.state.key != NO_KEY or is_erasure(entries[0]):
            raise Rejected("sealed", f"execution {execution} is sealed: its values are not copied into a test")
        return recorded_test(folded.graph, folded.state, (entry.decision for entry in entries), self.content, file)

    def published(self, definition_hash: str) -> DefinitionPublished:
        """A published definition. Raises KeyError where it is not known."""
        return self._catalog.published(definition_hash)

    def version(self, workflow: str, version: int) -> DefinitionPublished:
        """A version of a workflow. Raises Rejected for a workflow that is not known."""
        return self._catalog.versions(workflow)[version - 1]

    def spans(self, execution: str) -> SpanFold:
        """The spans of an execution, folded from its first decision on."""
        return spans_of(self.entries(execution), self._catalog.graph)

    def content(self, value: bytes) -> bytes:
        """The JSON of a stored value, be it a blob or not."""
        return self.blobs.get(values.blob_of(value)) if values.is_reference(value) else value

    def value(self, value: bytes) -> Any:
        """The parsed JSON of a stored value, however big; of one that is lost, which."""
        return value_in(self.blobs, value)

    def show(self, value: bytes) -> Any:
        """The parsed JSON of a stored value; of a big one, what it is."""
        if values.is_reference(value):
            return values.described(value)
        return values.decode(value)


def _shown(presenter: HistoryPresenter, entries: Iterator[Entry], start: int, limit: int) -> tuple[list[HistoryEvent], int | None]:
    """Up to `limit` of the events of these decisions from version `start` on, and the version to go on from."""
    found: list[HistoryEvent] = []
    for entry in entries:
        decision = entry.decision
        if decision.first + len(decision.events) <= start:
            presenter.skip(decision)
            continue
        for event in presenter.present(decision):
            if event.version < start:
                continue
            if len(found) == limit:
                return found, event.version
            found.append(event)
    return found, None
