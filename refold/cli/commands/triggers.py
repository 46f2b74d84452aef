"""`triggers …`: what starts executions by itself, when it is due, what it did; made, paused and fired by hand."""

from __future__ import annotations

from refold.cli.commands.output import OK, BadInput, read_json_argument, say, say_json, table
from refold.cli.commands.target import Value
from refold.cli.commands.where import server_of
from refold.cli.options import Where
from refold.client.blocking import Client


def _client(where: Where) -> Client:
    return server_of(where, "triggers fire in a server").client


def list_triggers(where: Where, workflow: str | None, type_: str | None, as_json: bool) -> int:
    """All of them, page by page."""
    client, found = _client(where), list[Value]()
    after: str | None = ""
    while after is not None:
        page = client.triggers(workflow, type_, after or None, 500)
        found += page["triggers"]
        after = page["next"]
    if as_json:
        say_json(found)
    elif found:
        table(("NAME", "TYPE", "WORKFLOW", "STATUS", "NEXT", "LAST", "SKIPPED"), [line_of(one) for one in found])
    else:
        say("no triggers")
    return OK


def line_of(one: Value) -> tuple[str, ...]:
    """A trigger as it is listed, with how many times were passed over of late."""
    following, last, skipped = one["next"], one["last"], sum(each["count"] for each in one["skipped"])
    return (
        one["name"], one["type"], one["workflow"], one["status"], following[0] if following else "", last["execution_id"] if last else "",
        str(skipped) if skipped else "",
    )  # fmt: skip


def show(where: Where, name: str, as_json: bool) -> int:
    """One of them."""
    found = _client(where).trigger(name)
    if as_json:
        say_json(found)
        return OK
    say(f"{found['name']}: {found['type']}, starts {found['workflow']}, made by {found['made_by']}, {found['status']}")
    if (paused := found["paused"]) is not None:
        say(f"paused at {paused['at']} by {paused['by']}{': ' + paused['reason'] if paused['reason'] else ''}")
    if (last := found["last"]) is not None:
        say(f"last: {last['cause']} at {last['at']}, execution {last['execution_id']}")
    for due in found["next"]:
        say(f"next: {due}")
    for one in found["skipped"]:
        many = f" ({one['count']})" if one["count"] > 1 else ""
        say(f"skipped: {one['cause']}{many} at {one['at']}, {one['reason']}{': ' + one['message'] if one['message'] else ''}")
    return OK


def set_trigger(where: Where, name: str, workflow: str, trigger: str, as_json: bool) -> int:
    """Make it, or change it."""
    asked = read_json_argument(trigger, "JSON")
    if not isinstance(asked, dict):
        raise BadInput(f'expected an object like {{"type": "manual"}}, found {trigger[:100]}')
    made = _client(where).put_trigger(name, workflow, asked)
    if as_json:
        say_json(made)
    else:
        say(f"{name} starts {made['workflow']}{', next at ' + made['next'][0] if made['next'] else ''}")
    return OK


def delete(where: Where, name: str) -> int:
    """It starts nothing more."""
    _client(where).delete_trigger(name)
    say(f"{name} starts nothing more")
    return OK


def pause(where: Where, name: str, reason: str) -> int:
    """It starts nothing until it is resumed."""
    _client(where).pause_trigger(name, reason)
    say(f"{name} is paused")
    return OK


def resume(where: Where, name: str) -> int:
    """From now on."""
    found = _client(where).resume_trigger(name)
    say(f"{name} is {found['status']}{', next at ' + found['next'][0] if found['next'] else ''}")
    return OK


def fire(where: Where, name: str, body: str | None, key: str | None, as_json: bool) -> int:
    """Now."""
    started = _client(where).fire_trigger(name, None if body is None else read_json_argument(body, "--body"), key)
    if as_json:
        say_json(started)
    else:
        say(f"{name} started execution {started['execution_id']}")
    return OK


def backfill(where: Where, name: str, since: str, until: str, as_json: bool) -> int:
    """All of it, piece by piece."""
    client, found = _client(where), list[Value]()
    begin: str | None = since
    while begin is not None:
        page = client.backfill_trigger(name, begin, until)
        found += page["started"]
        begin = page["next"]
    if as_json:
        say_json(found)
    elif found:
        table(("DUE", "EXECUTION", "NEW", "WHY NOT"), [_made(one) for one in found])
    else:
        say(f"{name} is not due between {since} and {until}")
    return OK


def _made(one: Value) -> tuple[str, ...]:
    return (one["due"], one["execution_id"] or "", "yes" if one["created"] else "no", one["problem"] or "")
