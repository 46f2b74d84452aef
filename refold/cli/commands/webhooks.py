"""`webhooks …`: who is sent events over HTTP, and what they have not taken yet."""

from __future__ import annotations

from refold.cli.commands.output import OK, say, say_json, table
from refold.cli.commands.target import Value
from refold.cli.commands.where import server_of
from refold.cli.options import Where
from refold.client.blocking import Client


def _client(where: Where) -> Client:
    return server_of(where, "events are sent by a server").client


def list_webhooks(where: Where, as_json: bool) -> int:
    """All of them."""
    found = _client(where).webhooks()
    if as_json:
        say_json(found)
    elif found:
        table(("NAME", "STATUS", "PENDING", "URL", "TYPES", "WORKFLOW"), [_line(one) for one in found])
    else:
        say("no webhooks")
    return OK


def _line(one: Value) -> tuple[str, ...]:
    types = ", ".join(name.removeprefix("refold.") for name in one["types"]) or "all"
    return (one["name"], one["status"], str(one["pending"]), one["url"], types, one["workflow"] or "all")


def set_webhook(
    where: Where, name: str, url: str, types: list[str] | None, workflow: str | None, filter_: str | None, secret: str | None, as_json: bool
) -> int:
    """Make it, or change it."""
    made = _client(where).put_webhook(name, url, types, workflow, filter_, secret)
    if as_json:
        say_json(made)
    else:
        say(f"{name} is sent events at {made['url']}, signed with {made['secret']}")
    return OK


def delete(where: Where, name: str) -> int:
    """It is sent nothing more."""
    _client(where).delete_webhook(name)
    say(f"{name} is sent nothing more")
    return OK


def deliveries(where: Where, name: str, as_json: bool) -> int:
    """What waits, and what was sent."""
    client = _client(where)
    found = client.deliveries(name)
    if as_json:
        say_json(found)
        return OK
    webhook = client.webhook(name)
    if webhook["reason"]:
        say(f"{name} is disabled: {webhook['reason']}")
    if found:
        table(("EVENT", "VERDICT", "AT", "STATUS", "TOOK", "TRIED", "AGAIN AT", "WHY"), [_request(one) for one in found])
    else:
        say(f"nothing was sent to {name} lately, and nothing waits")
    return OK


def _request(one: Value) -> tuple[str, ...]:
    took = None if one["duration_ms"] is None else f"{one['duration_ms']} ms"
    shown = (one["event"], one["verdict"], one["at"], one["status"], took, one["attempts"], one["due"], one["error"])
    return tuple("" if value is None else str(value) for value in shown)


def redeliver(where: Where, name: str, event: str) -> int:
    """Once more."""
    _client(where).redeliver(name, event)
    say(f"{event} is sent to {name} once more")
    return OK


def enable(where: Where, name: str) -> int:
    """From where it stopped."""
    found = _client(where).enable_webhook(name)
    say(f"{name} is {found['status']}, {found['pending']} events wait")
    return OK
