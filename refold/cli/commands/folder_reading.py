"""Reading a data folder: all decisions, those of one execution, and what they add up to."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.errors import Rejected
from contracts.journal import Checkpoint
from domain.execution.history import Entry, Folded, Unreadable, apply_up_to, begin, read_entries
from infra.server.reader_wiring import Reader
from projections.debugger import debugger_value
from projections.differences import Standing, differences_value, standing_at
from projections.view import state_value
from refold.cli.commands.target import Moment, Value
from workers.partition.refolding import entries_of, refold
from workers.reading.execution_reader import value_in

PARTITION = 0


def all_entries(reader: Reader, checkpoint: Checkpoint | None = None) -> Iterator[Entry | Unreadable]:
    """All decisions that count."""
    return read_entries(reader.log.read("journal", PARTITION), checkpoint or Checkpoint())


def entries_at(reader: Reader, execution: str) -> list[Entry]:
    """The decisions of one execution. Raises Rejected where there is none of that id."""
    found = list(entries_of(reader.log, PARTITION, execution))
    if not found:
        raise unknown_execution(execution)
    return found


def unknown_execution(execution: str) -> Rejected:
    """There is no execution of that id."""
    return Rejected("unknown_execution", f"there is no execution {execution}", execution=execution)


def folded_at(reader: Reader, execution: str) -> Folded:
    """An execution as it is now. Raises Rejected where there is none of that id."""
    folded = refold(reader.catalog.graph, entries_at(reader, execution))
    assert folded is not None
    return folded


def folded_to(reader: Reader, execution: str, at: int) -> Folded:
    """The execution after its event `at`, which may lie in the middle of a decision."""
    entries = entries_at(reader, execution)
    there = max(entry.decision.first + len(entry.decision.events) - 1 for entry in entries)
    if not 1 <= at <= there:
        raise Rejected("unknown_version", f"execution {execution} has the versions 1 to {there}, not {at}", execution=execution)
    folded = begin(entries[0], reader.catalog.graph)
    for entry in entries:
        if not apply_up_to(folded, entry, at):
            break
    return folded


def shown(reader: Reader, folded: Folded) -> Value:
    """An execution with all its values."""
    return state_value(folded, lambda value: value_in(reader.blobs, value))


def debugged(reader: Reader, folded: Folded) -> Value:
    """The breakpoints of an execution, and where it halts, with all values."""
    return debugger_value(folded, lambda value: value_in(reader.blobs, value))


def difference(reader: Reader, one: Moment, other: Moment) -> Value:
    """Where two executions, or two moments of one, part. Raises Rejected for an execution or an event that there is not."""
    return differences_value(_standing(reader, one), _standing(reader, other), lambda value: value_in(reader.blobs, value))


def _standing(reader: Reader, moment: Moment) -> Standing:
    entries = entries_at(reader, moment.execution)
    found = standing_at(lambda: entries, reader.catalog.graph, reader.blobs.get, moment.at)
    while (standing := next(found)) is None:
        pass
    return standing
