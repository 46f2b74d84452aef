"""`breakers …`: circuit breakers, what goes by them and how they stand; made, opened and closed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from refold.cli.commands.definition_file import problem_in
from refold.cli.commands.output import OK, complain, problem_line, say, say_json, table
from refold.cli.commands.target import Value
from refold.cli.commands.where import server_of
from refold.cli.options import Where
from refold.client.blocking import Client


class Limits(NamedTuple):
    """When a breaker opens, and for how long."""

    failures: int
    window: str
    cool_down: str


def _client(where: Where) -> Client:
    return server_of(where, "circuit breakers are kept by a server").client


def list_breakers(where: Where, as_json: bool) -> int:
    """All of them, by name."""
    found = _client(where).breakers()
    if as_json:
        say_json(found)
    elif found:
        table(("NAME", "STATE", "SINCE", "UNTIL", "WHAT GOES BY IT", "OPENS AT"), [_line(one) for one in found])
    else:
        say("no circuit breakers")
    return OK


def _line(one: Value) -> tuple[str, ...]:
    return one["name"], one["state"], one["since"] or "", one["until"] or "", _what(one["value"]), _when(one["value"])


def _what(value: Value) -> str:
    return ", ".join(f"{name} {what}" for name, what in value["match"].items() if what is not None)


def _when(value: Value) -> str:
    failures = value["failures"]
    return f"{failures} failure{'' if failures == 1 else 's'} within {value['window']}"


def show(where: Where, name: str, as_json: bool) -> int:
    """One of them."""
    found = _client(where).breaker(name)
    if as_json:
        say_json(found)
        return OK
    value = found["value"]
    say(f"{name}: {_what(value)}; opens at {_when(value)}, is tried after {value['cool_down']}")
    by_hand = " by hand" if found["is_by_hand"] else ""
    since = f" since {found['since']}" if found["since"] else ""
    say(f"{found['state']}{by_hand}{since}{': ' + found['reason'] if found['reason'] else ''}")
    if found["until"]:
        say(f"one may try at {found['until']}")
    _warn(found)
    return OK


def set_breaker(where: Where, name: str, match: Mapping[str, str | None], limits: Limits, as_json: bool) -> int:
    """Make it, or change it."""
    made = _client(where).put_breaker(name, {part: what for part, what in match.items() if what is not None}, *limits)
    if as_json:
        say_json(made)
    else:
        say(f"{name} opens at {_when(made['value'])} of {_what(made['value'])}; it is {made['state']}")
        _warn(made)
    return OK


def _warn(found: Value) -> None:
    for warning in found.get("warnings", ()):  # a server of an older version knows none
        complain(problem_line(problem_in(warning), found["name"]))


def open_breaker(where: Where, name: str, reason: str) -> int:
    """Until it is closed."""
    _client(where).open_breaker(name, reason)
    say(f"{name} is open until it is closed")
    return OK


def close(where: Where, name: str, reason: str) -> int:
    """What waits goes on."""
    _client(where).close_breaker(name, reason)
    say(f"{name} is closed")
    return OK


def delete(where: Where, name: str) -> int:
    """It holds nothing more."""
    _client(where).delete_breaker(name)
    say(f"{name} is deleted")
    return OK
