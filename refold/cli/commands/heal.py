"""`heal`: a server suggests a change for what has failed, and what came of it is shown."""

from __future__ import annotations

import time
from typing import Any, Final, NamedTuple

from refold.cli.commands.output import FAILED, OK, hint, say, say_json
from refold.cli.commands.server import ServerTarget
from refold.cli.commands.target import Value
from refold.cli.commands.where import server_of
from refold.cli.options import Where

LOOK_EVERY_S: Final = 0.25
STATES: Final = ("fixed", "goes_on", "unchanged", "broken")


class Wanted(NamedTuple):
    """What the options say."""

    model: str | None
    auto: list[str] | None
    assignees: list[str] | None
    last: int | None


def heal(where: Where, execution: str, wanted: Wanted, timeout_s: float, as_json: bool) -> int:
    """Begin to heal, wait for a suggestion, and show it. Exit code 1 where there is none, or none in time."""
    server = server_of(where, "executions are healed by a server")
    begun = server.client.heal(
        execution, wanted.model, auto=wanted.auto, assignees=wanted.assignees, last=wanted.last
    )  # fmt: skip
    heal_id = str(begun["heal_id"])
    state, task = _waited(server, heal_id, timeout_s)
    details = server.client.task(task)["details"] if task else None
    if as_json:
        outcome, output, error = (state[name] for name in ("outcome", "output", "error"))
        say_json({**begun, "status": state["status"], "outcome": outcome, "output": output, "error": error, "task": task, "asks": details})
    else:
        _say(server, execution, heal_id, state, task, details)
    return OK if task or state["outcome"] in ("healed", "drafted") else FAILED


def _waited(server: ServerTarget, heal_id: str, timeout_s: float) -> tuple[Value, str | None]:
    """The heal once it asks, needs a person, or has ended; or as it is when the time is up."""
    deadline = time.monotonic() + timeout_s
    while True:
        state = server.state(heal_id, None)
        task = next((one["task"] for one in state["waiting_for"] if one["for"] == "task"), None)
        is_stuck = any(one["for"] == "incident" for one in state["waiting_for"])
        if task or is_stuck or state["ended_at"] or time.monotonic() >= deadline:
            return state, task
        time.sleep(LOOK_EVERY_S)


def _say(server: ServerTarget, execution: str, heal_id: str, state: Value, task: str | None, details: Any) -> None:
    if task and isinstance(details, dict):
        _say_suggestion(execution, details)
        say(f"nothing is changed yet: {hint(f'tasks answer {task} approved', server.options)}")
        return
    output = state["output"] if isinstance(state["output"], dict) else {}
    if state["outcome"] == "healed":
        by = ", ".join(output["approved_by"]) or "nobody was asked"
        say(f"healed by {output['kind']} ({by}): {output['reason']}")
        if output["execution_id"]:
            say(f"execution {output['execution_id']} goes on in its place, by version {output['version']}")
        else:
            say(f"{output['said']}: {output['draft']}")
    elif state["outcome"] == "drafted":
        say(f"kept as the draft {output['draft']}: {output['reason']}")
    elif state["outcome"] == "nothing":
        say(f"nothing is suggested for {execution}:")
        for problem in output["problems"]:
            say(f"  {problem}")
    elif state["ended_at"]:
        error = state["error"] or {}
        say(f"heal {heal_id} is {state['outcome'] or state['status']}{': ' + error['message'] if error else ''}")
    else:
        say(f"heal {heal_id} has no suggestion yet: {hint(f'show {heal_id}', server.options)}")


def _say_suggestion(execution: str, details: dict[str, Any]) -> None:
    say(f"suggested for {execution} by a {details['suggested_by']}: {details['kind']}, risk {details['risk']}")
    say(f"  {details['reason']}")
    for line in (details["difference"] or "").splitlines():
        say(line)
    table = details["recorded"]
    if table is None:
        say(f"not compared with recorded executions: {details['recorded_note']}")
    else:
        counts = ", ".join(f"{table[state]} {'would go on' if state == 'goes_on' else state}" for state in STATES)
        say(f"of the last {table['compared']} executions: {counts}")
        for row in table["rows"]:
            say(f"  {row['execution_id']}: {row['is'].replace('_', ' ')} ({row['before']} -> {row['after']})")
    goes_on = details["goes_on"]
    if not goes_on["after_event"]:
        say(f"{goes_on['execution']} failed as it began: another one would begin anew, with the same input")
        return
    anew = f", and asks {', '.join(goes_on['asks_anew'])} anew" if goes_on["asks_anew"] else ""
    say(f"{goes_on['execution']} would go on after its event {goes_on['after_event']}{anew}")
