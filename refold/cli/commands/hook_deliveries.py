"""`triggers deliveries …`: what came to a webhook lately, what became of it, and one of them once more."""

from __future__ import annotations

from refold.cli.commands.output import OK, say, say_json, table
from refold.cli.commands.target import Value
from refold.cli.commands.where import server_of
from refold.cli.options import Where
from refold.client.blocking import Client


def _client(where: Where) -> Client:
    return server_of(where, "requests of webhooks come to a server").client


def list_deliveries(where: Where, name: str, test: bool, as_json: bool) -> int:
    """The last ones first."""
    found = _client(where).hook_deliveries(name, test)
    if as_json:
        say_json(found)
    elif found["deliveries"]:
        table(("ID", "AT", "VERDICT", "STATUS", "FROM", "WHAT"), [_line(one) for one in found["deliveries"]])
    else:
        say(f"nothing came to {name} lately")
    return OK


def _line(one: Value) -> tuple[str, ...]:
    what = one["execution_id"] or (f"{one['reason']}: {one['message']}" if one["reason"] else "")
    return one["id"], one["at"], one["verdict"], str(one["status"]), one["sender"], what


def show(where: Where, name: str, delivery: str, as_json: bool) -> int:
    """One of them, with its content."""
    found = _client(where).hook_delivery(name, delivery)
    if as_json:
        say_json(found)
        return OK
    say("  ".join(part for part in _line(found) if part))
    if found["can_be_redelivered"]:
        say(f"{found['method']} ?{found['query']}" if found["query"] else found["method"])
        for header, one in found["headers"].items():
            say(f"{header}: {one}")
        say(found["body"])
    else:
        say("its content is not kept")
    return OK


def redeliver(where: Where, name: str, delivery: str, as_json: bool) -> int:
    """Once more."""
    started = _client(where).redeliver_hook(name, delivery)
    if as_json:
        say_json(started)
    else:
        say(f"{name} started execution {started['execution_id']}")
    return OK
