"""The read model `waiting`: who waits for what from outside, since when and until when: signals, timers, children, slots, people.

What comes of an activity is no wait here: `node_runs` has who runs. Lists show the waits of the latest created execution first,
and of one the last path first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from contracts.definitions import PRIORITY_MAX
from contracts.ports.read_models import Changes, Cursor, Index, Query, Table
from contracts.ports.where import ALWAYS, Field, Is, Where, all_of, some_of
from domain.definition.graph import Graph
from domain.execution.history import Unreadable
from domain.execution.keeper import is_keeper
from domain.execution.start_values import PRIORITY_MS, rank_of
from domain.execution.state import Execution
from domain.expressions.values import Moment
from projections.execution_columns import INSIDE, WAIT_TABLE
from projections.executions import time_of
from projections.filter import Filter, compile_filter
from projections.filter.column import MS, Columns, flag, text, time, whole
from projections.read_model import ReadModel, RowsOf, Visit

SORTS: Final = (
    "signal",
    "timer",
    "child",
    "incident",
    "pause",
    "release",
    "start",
    "turn",
    "quota",
    "paused_sibling",
    "dependency",
    "condition",
    "mutex",
    "task",
    "breaker",
    "halt",
)
NAMES: Final = {
    "signal": "names", "timer": "purpose", "child": "execution", "incident": "incident", "turn": "slot", "mutex": "mutex", "task": "task",
    "quota": "priority", "paused_sibling": "priority", "dependency": "workflow", "breaker": "breaker",
    "halt": "breakpoint",
}  # fmt: skip
"""By the sort of a wait, the detail that names it."""
NAME_CHARS_MAX: Final = 500
PLACE_MAX: Final = 1_000
"""A place in a queue that is further behind is not told."""


class WaitRecord(NamedTuple):
    """A row about a wait; a wait for several signals has a row each. Times are milliseconds since 1970, 0 where there is none."""

    number: int
    path: str
    waits_for: str
    name: str
    created_at: int
    execution: str
    workflow: str
    version: int
    since: int
    until: int
    is_test: int = 0


WAITING: Final = Table(
    name=WAIT_TABLE,
    row=WaitRecord,
    key=("number", "path", "waits_for", "name"),
    fixed=("created_at", "execution", "workflow", "is_test"),
    indexes=(
        Index("by_time"),
        Index("by_execution", ("execution",)),
        Index("by_workflow", ("workflow",)),
        Index("by_sort", ("waits_for",)),
        Index("by_name", ("name",)),
        Index("by_since", ("since",)),
        Index("by_until", ("until",)),
    ),
    time="created_at",
    is_latest_first=True,
)
COLUMNS: Final[Columns] = {
    "execution_id": text("execution", says="the execution that waits"),
    "workflow": text("workflow", says="the name of its workflow"),
    "version": whole("version", says="the version of its workflow"),
    "path": text("path", says="the path of the node that waits, empty for the execution itself"),
    "waits_for": text("waits_for", choices=SORTS, says=", ".join(f"`{one}`" for one in SORTS)),
    "name": text(
        "name",
        says="the name of the signal, the workflow that is to complete, the purpose of the timer, "
        "the id of the child, the incident, the task; the slot, the mutex; the priority of one that waits to be let in; "
        "the circuit breaker, the breakpoint; else empty",
    ),
    "since": time("since", says="since when; of a pause and a release nobody knows"),
    "until": time("until", says="when it ends by itself: a timer that is due, the timeout of a wait"),
    "created_at": time("created_at", says="when the execution was created"),
    "test": flag("is_test", says="whether its execution is a test run; a filter that names this shows those, too"),
}


def wait_filter(source: str, now_ms: int) -> Filter:
    """A filter of waits; `now` is a name in it. Raises InvalidInput."""
    return compile_filter(source, COLUMNS, {"now": Moment(now_ms * MS)})


def waits_where(after: Cursor | None = None, limit: int = 50, filter_: Filter | None = None) -> Query[WaitRecord]:
    """The list of waits."""
    return Query(WAITING, after=after, limit=limit, where=ALWAYS if filter_ is None else filter_.where)


def turns_before(state: Execution, slot: str) -> Query[WaitRecord]:
    """Those who wait for the same slot as an execution, and were created no later; one more than are counted."""
    same = {"workflow": state.workflow, "waits_for": "turn", "name": _name(slot)}
    parts = (Is(Field(column, is_text=True), "=", value) for column, value in same.items())
    return Query(WAITING, limit=PLACE_MAX + 1, where=all_of(*parts, Is(Field("created_at"), "<=", state.created_at)))


def place_among(state: Execution, rows: Sequence[WaitRecord]) -> int | None:
    """The place of an execution among them, from 1; None for one that is further behind than is counted."""
    mine = state.created_at, state.execution
    return None if len(rows) > PLACE_MAX else 1 + sum((row.created_at, row.execution) < mine for row in rows)


def let_in_before(graph: Graph, state: Execution, sort: str = "quota") -> Query[WaitRecord]:
    """Those who wait for the same as an execution and are let in before it, as far as they are counted."""
    rank = rank_of(graph, state)
    same = [Is(Field(column, is_text=True), "=", value) for column, value in {"workflow": state.workflow, "waits_for": sort}.items()]
    levels = [
        all_of(Is(Field("name", is_text=True), "=", str(level)), _came_before(rank + level * PRIORITY_MS, state.execution))
        for level in range(PRIORITY_MAX + 1)
    ]
    return Query(WAITING, limit=PLACE_MAX, where=all_of(*same, some_of(*levels)))


def _came_before(time_: int, execution: str) -> Where:
    earlier = Is(Field("created_at"), "<", time_)
    return some_of(earlier, all_of(Is(Field("created_at"), "=", time_), Is(Field("execution", is_text=True), "<", execution)))


def place_behind(rows: Sequence[WaitRecord]) -> int | None:
    """The place of an execution behind them, from 1; None for one that is further behind than is counted."""
    return None if len(rows) >= PLACE_MAX else 1 + len(rows)


def wait_value(record: WaitRecord) -> dict[str, Any]:
    """A wait, as JSON shows it."""
    return {
        "execution_id": record.execution,
        "workflow": record.workflow,
        "version": record.version,
        "path": record.path,
        "waits_for": record.waits_for,
        "name": record.name,
        "since": time_of(record.since),
        "until": time_of(record.until),
        "created_at": time_of(record.created_at),
    }


def wait_names(record: WaitRecord) -> dict[str, Any]:
    """The values of the columns of a row, as our language has them."""
    times = {name: getattr(record, name) for name in ("since", "until", "created_at")}
    return {**wait_value(record), "test": bool(record.is_test), **{name: Moment(at * MS) if at else None for name, at in times.items()}}


def _rows_of(visit: Visit) -> RowsOf:
    state, number, found = visit.folded.state, visit.trail.number, RowsOf()
    if not state.version or is_keeper(state) or state.breaker is not None:
        return found
    for item in visit.waiting():
        if item["for"] not in INSIDE:
            since = _since(state, item)
            for name in _names(item):
                row = WaitRecord(
                    number, item["path"], item["for"], name, state.created_at, state.execution, state.workflow, state.workflow_version,
                    since, item.get("due") or 0, int(state.test is not None),
                )  # fmt: skip
                found[row[:4]] = row
    return found


def _names(item: dict[str, Any]) -> Iterator[str]:
    found = item.get(NAMES.get(item["for"], ""), "")
    for name in found if isinstance(found, list) else (found,):
        yield _name("" if name is None else name)


def _name(text_: object) -> str:
    return str(text_)[:NAME_CHARS_MAX].replace("\0", "\ufffd")


def _since(state: Execution, item: dict[str, Any]) -> int:
    if item["for"] in ("pause", "release"):
        return 0
    run = state.runs.get(item["path"])
    since: int = item.get("since") or (state.created_at if run is None else run.started_at or run.scheduled_at)
    return since


def set_aside(changes: Changes, number: int, found: Unreadable, is_new: bool) -> None:
    """What an execution waits for whose history cannot be read on, nobody knows."""
    changes.clear(WAITING, number)


READ_MODEL: Final = ReadModel(
    name="waiting", version=2, shape="d65e21b9956661d6", tables=(WAITING,), may_lag=True, rows_of=_rows_of, set_aside=set_aside
)
