"""`nodes`, `waiting` and `incidents`: what is going on across executions, at a server or beside whoever holds the data folder."""

from __future__ import annotations

from collections.abc import Callable

from refold.cli.commands.output import OK, say, say_json, table, to_the_second
from refold.cli.commands.target import ALL, Picked, Value, Wanted
from refold.cli.commands.where import target_of
from refold.cli.options import Where


def nodes(where: Where, picked: Picked, as_json: bool) -> int:
    """The runs of nodes that are open or have failed."""
    headers = ("EXECUTION", "WORKFLOW", "PATH", "TYPE", "STATUS", "ATTEMPT", "SINCE", "FAILURE")
    return _show(target_of(where).node_runs(picked), headers, _run_line, "no node runs, and none has failed", picked, as_json)


def _run_line(run: Value) -> tuple[str, ...]:
    error = run["error"]
    failure = "" if error is None else f"{error['type']}: {error['message']}"
    return (
        run["execution_id"],
        run["workflow"],
        run["path"],
        run["type"],
        run["status"],
        str(run["attempt"]),
        to_the_second(run["since"]),
        failure,
    )


def waiting(where: Where, picked: Picked, as_json: bool) -> int:
    """What executions wait for."""
    headers = ("EXECUTION", "WORKFLOW", "PATH", "WAITS FOR", "NAME", "SINCE", "UNTIL")
    return _show(target_of(where).waiting(picked), headers, _wait_line, "nobody waits", picked, as_json)


def _wait_line(wait: Value) -> tuple[str, ...]:
    times = (to_the_second(wait["since"]), to_the_second(wait["until"]))
    return (wait["execution_id"], wait["workflow"], wait["path"], wait["waits_for"], wait["name"], *times)


def incidents(where: Where, picked: Picked, as_json: bool) -> int:
    """The open incidents of all executions, and, where none are picked, the executions that the engine has set aside."""
    target = target_of(where)
    found = target.incidents(picked)
    if picked == ALL:
        found = [*found, *(_as_incident(row) for row in target.executions(Wanted(statuses=("quarantined",))))]
    return _show(found, ("EXECUTION", "INCIDENT", "PATH", "RAISED", "FAILURE"), _incident_line, "no open incidents", picked, as_json)


def _as_incident(row: Value) -> Value:
    """An execution that is set aside, among the incidents: it has no number, and no node is to blame."""
    nothing = dict.fromkeys(("incident", "path", "node", "raised_at"), "")
    return {"execution_id": row["execution_id"], "workflow": row["workflow"], **nothing, "error": row["error"]}


def _incident_line(incident: Value) -> tuple[str, ...]:
    error = incident["error"]
    failure = f"{error['type']}: {error['message']}"
    return (incident["execution_id"], incident["incident"], incident["path"], to_the_second(incident["raised_at"]), failure)


def causes(where: Where, picked: Picked, as_json: bool) -> int:
    """The open incidents by their cause."""
    headers = ("COUNT", "WORKFLOW", "NODE", "FAILURE", "FIRST", "LAST", "EXAMPLE")
    return _show(target_of(where).causes(picked), headers, _cause_line, "no open incidents", picked, as_json)


def _cause_line(cause: Value) -> tuple[str, ...]:
    example = cause["example"]
    shown = "" if example is None else f"{example['execution_id']} {example['incident']}"
    times = (to_the_second(cause["first"]), to_the_second(cause["last"]))
    return (str(cause["count"]), cause["workflow"], cause["node"], f"{cause['type']}: {cause['message']}", *times, shown)


def _show(
    rows: list[Value], headers: tuple[str, ...], line: Callable[[Value], tuple[str, ...]], none: str, picked: Picked, as_json: bool
) -> int:
    if as_json:
        say_json(rows)
    elif rows:
        table(headers, [line(row) for row in rows])
    else:
        say(f"{none}{' that matches' if picked.filter else ''}")
    return OK
