"""The rows of a data folder: as the read models of a server have them, with what they lack folded from the journal.

    projection.db  rows up to offset 7,000 ─┐
    journal        7,000 … its end: folded ─┴─► rows

Without read models, or where they are of another course of the journal or lack much, all of the journal is folded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from contracts.errors import LogCorrupt, LogError, UnknownRecord
from contracts.journal import Checkpoint
from contracts.ports.read_models import ReadModels
from contracts.system import is_system
from domain.execution.history import Entry, is_erasure, read_entries
from infra.server.reader_wiring import Reader, open_read_models
from infra.settings.model import EngineSettings
from projections.execution_columns import execution_filter, names_of
from projections.execution_list import ExecutionList, ExecutionRow, row_of
from projections.executions import READ_MODEL, ExecutionRecord, asks_for_system, asks_for_tests, executions_where, listed, record_value
from projections.filter import Filter
from refold.cli.commands.folder_lists import read_filter
from refold.cli.commands.target import Value, Wanted, row_value
from workers.partition.refolding import refold
from workers.partition.standing import misfit
from workers.partition.stretches import entries_at
from workers.reading.trails import record_of, trail_of

PARTITION: Final = 0
BEHIND_MAX: Final = 20_000
"""So many decisions are folded behind read models; where they lack more, all are."""
_ALL: Final = 2**62
Row: TypeAlias = ExecutionRow | ExecutionRecord


def rows_of(reader: Reader, settings: EngineSettings, wanted: Wanted) -> list[Value]:
    """The executions that are wanted, in the order of their creation."""
    filter_ = read_filter(execution_filter, wanted.filter)
    found = _with_read_models(reader, settings, wanted, filter_)
    return _folded(reader, wanted, filter_) if found is None else found


def _folded(reader: Reader, wanted: Wanted, filter_: Filter | None) -> list[Value]:
    """All of the journal, folded."""
    entries = read_entries(reader.log.read("journal", PARTITION), Checkpoint())
    rows = ExecutionList(reader.catalog.graph).take(entries).rows()
    return _last([row_value(row.as_value()) for row in rows if _is_wanted(row, wanted, filter_)], wanted.limit)


def _is_wanted(row: Row, wanted: Wanted, filter_: Filter | None) -> bool:
    if is_system(row.workflow) and not _shows_system(wanted):
        return False
    if row.is_test and not asks_for_tests(wanted.filter):
        return False
    if (wanted.statuses and row.status not in wanted.statuses) or wanted.workflow not in (None, row.workflow):
        return False
    return filter_ is None or filter_.takes(names_of(row))


def _shows_system(wanted: Wanted) -> bool:
    return wanted.system or asks_for_system(wanted.workflow, wanted.filter)


def _last(rows: list[Value], limit: int | None) -> list[Value]:
    return rows if limit is None else rows[-limit:]


def _with_read_models(reader: Reader, settings: EngineSettings, wanted: Wanted, filter_: Filter | None) -> list[Value] | None:
    """The rows that stand there, but for those of executions that have gone on since; None where they are of no use."""
    with open_read_models(settings) as models:
        try:
            checkpoint = models.checkpoint(READ_MODEL.name)
            if not checkpoint.offset or reader.log.end("journal", PARTITION) - checkpoint.offset > BEHIND_MAX:
                return None
            if misfit(reader.log, PARTITION, checkpoint):
                return None
            return _merged(reader, models, checkpoint, wanted, filter_)
        except (LogError, LogCorrupt, UnknownRecord, KeyError, AssertionError):  # the journal itself tells what is wrong, and of whom
            return None


def _merged(reader: Reader, models: ReadModels, checkpoint: Checkpoint, wanted: Wanted, filter_: Filter | None) -> list[Value]:
    since = checkpoint.offset
    gone_on: dict[str, list[Entry]] = {}
    for entry in read_entries(reader.log.read("journal", PARTITION, since), checkpoint):
        if not isinstance(entry, Entry):
            raise LogCorrupt(entry.reason)
        if is_erasure(entry):  # nothing before it may be readable
            gone_on.pop(entry.decision.execution, None)
        gone_on.setdefault(entry.decision.execution, []).append(entry)
    limit = _ALL if wanted.limit is None else wanted.limit + len(gone_on)
    query = executions_where(wanted.workflow, wanted.statuses, limit=limit, filter_=filter_)
    records = models.select(listed(query, wanted.workflow, wanted.filter, wanted.system))
    rows = [(record.number, row_value(record_value(record))) for record in records if record.execution not in gone_on]
    for name, entries in gone_on.items():
        number, row = _row_since(reader, models, name, entries, since)
        if _is_wanted(row, wanted, filter_):
            rows.append((number, _value_of(row)))
    return _last([row for _, row in sorted(rows, key=lambda one: one[0])], wanted.limit)


def _row_since(reader: Reader, models: ReadModels, name: str, entries: Sequence[Entry], since: int) -> tuple[int, Row]:
    """Number and row of an execution that has gone on since the rows were stored; they may have been stored again meanwhile."""
    record = record_of(models, name)
    if is_erasure(entries[0]):
        folded = refold(reader.catalog.graph, entries)
        assert folded is not None
        return entries[0].offset if record is None else record.number, row_of(folded.state, folded.graph)
    if record is not None and record.number < since and (record.ended_at or record.status == "quarantined"):
        return record.number, record
    before = [] if record is None or record.number >= since else [offset for offset in trail_of(models, record) if offset < since]
    folded = refold(reader.catalog.graph, [*entries_at(reader.log, PARTITION, before), *entries])
    assert folded is not None
    return (before or [entries[0].offset])[0], row_of(folded.state, folded.graph)


def _value_of(row: Row) -> Value:
    return row_value(row.as_value() if isinstance(row, ExecutionRow) else record_value(row))
