"""`list`, `show`, `history` and `incidents`: reading, beside whoever holds the data folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from contracts.errors import Rejected
from contracts.times import rfc3339
from domain.history import Folded, apply_up_to, begin
from domain.state import Execution
from infra.wiring import Reader
from projections.executions import ExecutionList, ExecutionRow, time_of
from projections.history import HistoryPresenter, summary_of
from projections.view import state_value
from projections.waiting import in_words
from refold.commands.engine import all_entries, entries_at, folded_at, reader_at, value_at
from refold.commands.output import OK, say, say_json, seconds, table


def list_executions(data: Path, statuses: Sequence[str], workflow: str | None, as_json: bool) -> int:
    """The executions, in the order of their creation."""
    with reader_at(data) as reader:
        rows = ExecutionList(reader.catalog.graph).take(all_entries(reader)).rows()
    wanted = [row for row in rows if (not statuses or row.status in statuses) and workflow in (None, row.workflow)]
    if as_json:
        say_json([row.as_value() for row in wanted])
    elif wanted:
        headers = ("EXECUTION", "WORKFLOW", "VERSION", "STATUS", "STARTED", "DURATION", "WAITING FOR")
        table(headers, [_line(row) for row in wanted])
    else:
        say(f"no executions{' match' if rows else ''} in {data}")
    return OK


def _line(row: ExecutionRow) -> tuple[str, ...]:
    waiting = ", ".join(in_words(item) for item in row.waiting_for[:3])
    more = f" and {len(row.waiting_for) - 3} more" if len(row.waiting_for) > 3 else ""
    started = (time_of(row.started_at or row.created_at) or "")[:19].replace("T", " ")
    return (row.execution, row.workflow, str(row.version), row.status, started, seconds(row.duration_ms), waiting + more)


def show(data: Path, execution: str, at: int | None, as_json: bool) -> int:
    """An execution as it is now, or as it was at a version."""
    with reader_at(data) as reader:
        folded = folded_at(reader, execution) if at is None else _folded_to(reader, execution, at)
        value = _shown(reader, folded)
    if as_json:
        say_json(value)
    else:
        _show(value)
    return OK


def _folded_to(reader: Reader, execution: str, at: int) -> Folded:
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


def _shown(reader: Reader, folded: Folded) -> dict[str, Any]:
    shown = state_value(folded, lambda value: value_at(reader, value))
    return {**shown, "events": shown.pop("at")}


def _show(value: dict[str, Any]) -> None:
    """The execution for people: what there is nothing of is left out."""
    ended = f" at {value['ended_at']}" if value["ended_at"] else ""
    say(f"execution  {value['execution_id']}")
    say(f"workflow   {value['workflow']}, version {value['version']}, definition {value['definition'][:12]}")
    say(f"status     {value['status']}{ended}, {value['events']} events")
    say(f"started    {value['started_at'] or 'not yet'}")
    for name in ("parent", "outcome"):
        if value[name] is not None:
            say(f"{name:<11}{value[name]}")
    for item in value["waiting_for"]:
        say(f"waits for  {_item_line(item)}")
    for timer in value["timers"]:
        say(f"timer      {timer['timer']} is due at {timer['due']}")
    for signal in value["signals"]:
        say(f"signal     {signal['name']} waits in the buffer")
    for child in value["children"]:
        say(f"child      {child}")
    for name in ("input", "variables", "output", "error"):
        if value[name] not in (None, {}):
            say(f"{name}:")
            say_json(value[name])


def _item_line(item: dict[str, Any]) -> str:
    attempt = f", attempt {item['attempt']}" if "attempt" in item else ""
    kind = f" ({item['kind']})" if "kind" in item else ""
    due = f", until {item['due']}" if item.get("due") else ""
    reason = f": {item['type']}: {item['message']}" if "type" in item else ""
    place = f" at {item['path']}" if item["for"] == "signal" else ""
    return f"{in_words(item)}{kind}{place}{attempt}{due}{reason}"


def history(data: Path, execution: str, as_json: bool) -> int:
    """Every event of an execution."""
    presenter = HistoryPresenter()
    with reader_at(data) as reader:
        events = [event for entry in entries_at(reader, execution) for event in presenter.present(entry.decision)]
    if as_json:
        for event in events:
            say_json(event.as_value(), indent=False)
        return OK
    headers = ("VERSION", "TIME", "TYPE", "PATH", "ATTEMPT", "")
    table(headers, [(str(e.version), e.recorded_at[11:-1], e.type, e.path, str(e.attempt or ""), summary_of(e)) for e in events])
    return OK


def incidents(data: Path, as_json: bool) -> int:
    """The open incidents of all executions."""
    with reader_at(data) as reader:
        folded = ExecutionList(reader.catalog.graph).take(all_entries(reader)).open()
    found = [incident for one in folded for incident in _incidents(one.state)]
    if as_json:
        say_json(found)
    elif found:
        headers = ("EXECUTION", "INCIDENT", "PATH", "RAISED", "FAILURE")
        table(
            headers,
            [
                (i["execution_id"], i["incident"], i["path"], i["raised_at"][:19], f"{i['error']['type']}: {i['error']['message']}")
                for i in found
            ],
        )
    else:
        say(f"no open incidents in {data}")
    return OK


def _incidents(state: Execution) -> list[dict[str, Any]]:
    return [
        {
            "execution_id": state.execution,
            "workflow": state.workflow,
            "incident": incident.incident,
            "path": incident.path,
            "raised_at": rfc3339(incident.raised_at),
            "error": incident.failure.as_value(),
        }
        for incident in state.incidents.values()
    ]
