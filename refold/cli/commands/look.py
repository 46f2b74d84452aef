"""`list`, `show`, `history` and `workers`: reading, at a server or beside whoever holds the data folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from projections.execution_columns import STATUSES
from projections.history import HistoryEvent, moment, summary_of
from projections.waiting import in_words
from refold.cli.commands.output import OK, BadInput, hint, say, say_json, seconds, table, to_the_second
from refold.cli.commands.target import Target, Value, Wanted
from refold.cli.commands.where import target_of
from refold.cli.options import Where


def list_executions(where: Where, wanted: Wanted, view: str | None, as_json: bool) -> int:
    """The executions, in the order of their creation; with a view those of its filter, by its columns, as it sorts them."""
    for status in wanted.statuses:
        if status not in STATUSES:
            raise BadInput(f"--status: expected one of {', '.join(STATUSES)}, found {status!r}")
    target = target_of(where)
    columns: Sequence[str] = ()
    is_latest_first = False
    if view is not None:
        saved = target.view(view)
        columns = saved.get("columns") or ()
        is_latest_first = saved.get("sort") == "-created_at"
        wanted = replace(wanted, filter=_both(wanted.filter, saved.get("filter")))
    rows = target.executions(wanted)
    if is_latest_first:
        rows.reverse()
    if as_json:
        say_json(rows)
    elif rows and columns:
        table([column.upper() for column in columns], [[_cell(row, column) for column in columns] for row in rows])
    elif rows:
        headers = ("EXECUTION", "WORKFLOW", "VERSION", "STATUS", "STARTED", "DURATION", "WAITING FOR")
        table(headers, [_line(row) for row in rows])
    else:
        say(f"no executions{' match' if wanted.statuses or wanted.workflow or wanted.filter else ''}")
    return OK


def _both(one: str | None, other: str | None) -> str | None:
    """The filter that is true where both are."""
    return f"({one}) && ({other})" if one and other else one or other


def _cell(row: Value, column: str) -> str:
    """A column of a view, for people."""
    if column == "waiting_for":
        return ", ".join(in_words(item) for item in row["waiting_for"][:3])
    if column == "duration":
        return seconds(row["duration_ms"])
    found = (row["search"] or {}).get(column.removeprefix("search.")) if column.startswith("search.") else row.get(column)
    if found is None:
        return ""
    if column.endswith("_at"):
        return to_the_second(str(found))
    if column == "error":
        return f"{found['type']}: {found['message']}"
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def _line(row: Value) -> tuple[str, ...]:
    items = row["waiting_for"]
    waiting = ", ".join(in_words(item) for item in items[:3])
    more = f" and {len(items) - 3} more" if len(items) > 3 else ""
    started = to_the_second(row["started_at"] or row["created_at"])
    return (row["execution_id"], row["workflow"], str(row["version"]), row["status"], started, seconds(row["duration_ms"]), waiting + more)


def show(where: Where, execution: str, at: int | None, time: str | None, as_json: bool) -> int:
    """An execution as it is now, or as it was at a version or a time."""
    if at is not None and time is not None:
        raise BadInput("give either --at or --time")
    state = target_of(where).state(execution, at, None if time is None else _moment(time))
    value = {("events" if name == "at" else name): field for name, field in state.items()}
    if as_json:
        say_json(value)
    else:
        _show(value)
    return OK


def _moment(time: str) -> datetime:
    """The moment of a time as RFC 3339. Raises BadInput."""
    try:
        found = datetime.fromisoformat(time)
    except ValueError:
        raise BadInput(f"--time: expected a time as RFC 3339, as in 2026-11-30T12:00:00Z, found {time[:100]!r}") from None
    if found.tzinfo is None:
        raise BadInput(f"--time: {time} has no offset; write {time}Z for UTC")
    return found


def _show(value: Value) -> None:
    """The execution for people: what there is nothing of is left out."""
    ended = f" at {value['ended_at']}" if value["ended_at"] else ""
    say(f"execution  {value['execution_id']}")
    say(f"workflow   {value['workflow']}, version {value['version']}, definition {value['definition'][:12]}")
    say(f"status     {value['status']}{ended}, {value['events']} events")
    say(f"started    {value['started_at'] or 'not yet'}")
    if (source := value["forked_from"]) is not None:
        say(f"forked     from {source['execution_id']}, after its event {source['at']}")
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


def _item_line(item: Value) -> str:
    attempt = f", attempt {item['attempt']}" if "attempt" in item else ""
    kind = f" ({item['kind']})" if "kind" in item else ""
    due = f", until {item['due']}" if item.get("due") else ""
    reason = f": {item['type']}: {item['message']}" if "type" in item else ""
    target = f" at {item['path']}" if item["for"] == "signal" else ""
    return f"{in_words(item)}{kind}{target}{attempt}{due}{reason}"


def history(where: Where, execution: str, as_json: bool) -> int:
    """Every event of an execution."""
    return say_history(target_of(where).history(execution), as_json)


def say_history(events: Iterable[Value], as_json: bool) -> int:
    """These events, one a line."""
    if as_json:
        for event in events:
            say_json(event, indent=False)
        return OK
    headers = ("VERSION", "TIME", "TYPE", "PATH", "ATTEMPT", "")
    table(headers, [_event_line(HistoryEvent(**event)) for event in events])
    return OK


def _event_line(event: HistoryEvent) -> tuple[str, ...]:
    return (str(event.version), moment(event.recorded_at), event.type, event.path, str(event.attempt or ""), summary_of(event))


def workers(where: Where, as_json: bool) -> int:
    """Who is there to run activities, and what waits for a worker that is not there."""
    target = target_of(where)
    found = target.workers()
    if as_json:
        say_json(found)
        return OK
    if found["workers"]:
        headers = ("WORKER", "STATE", "RUNNING", "SINCE", "LAST SEEN", "QUEUES", "KINDS")
        table(headers, [_worker_line(worker) for worker in found["workers"]])
    else:
        say("no worker is there")
    for worker in found["workers"]:
        for task in worker["tasks"]:
            say(f"{worker['worker']} has {task['task']} ({task['kind']}) since {task['since']}")
    for row in found["waiting"]:
        say(f"{waiting_words(row)}: {worker_hint(target, row)}")
    return OK


def _worker_line(worker: Value) -> tuple[str, ...]:
    state = "connected" if worker["connected"] else "lost"
    since, seen = (to_the_second(worker[name]) for name in ("since", "last_seen"))
    return (worker["worker"], state, str(worker["running"]), since, seen, ", ".join(worker["queues"]), ", ".join(worker["kinds"]))


def waiting_words(row: Value) -> str:
    """What waits for a worker, in words."""
    count, queue = row["count"], "" if row["queue"] == "default" else f" in the queue {row['queue']}"
    verb = "activity waits" if count == 1 else "activities wait"
    return f"{count} {verb} for a worker that offers {row['kind']}{queue}"


def worker_hint(target: Target, row: dict[str, Any]) -> str:
    """The command that brings a worker."""
    queues = [] if row["queue"] == "default" else ["--queues", row["queue"]]
    return hint("worker MODULE", target.options if "--server" in target.options else [], queues)
