"""`dependencies`: which workflows start which others, and the cycles among them."""

from __future__ import annotations

from refold.cli.commands.output import OK, say, say_json, table
from refold.cli.commands.target import Value
from refold.cli.commands.where import server_of
from refold.cli.options import Where


def dependencies(where: Where, as_json: bool) -> int:
    """A line for each, then one for each cycle."""
    found = server_of(where, "dependencies are between the workflows of a server").client.dependencies()
    if as_json:
        say_json(found)
        return OK
    if not found["dependencies"]:
        say("no workflow starts another")
        return OK
    table(("FROM", "TO", "BY", "VIA", "EVENTS"), [_line(one) for one in found["dependencies"]])
    for cycle in found["cycles"]:
        end = ", without end" if cycle["endless"] else ""
        say(f"cycle: {' → '.join(cycle['workflows'])} (by {', '.join(cycle['via'])}){end}")
    return OK


def _line(one: Value) -> tuple[str, ...]:
    types = ", ".join(one["types"][:3]) + (f" and {len(one['types']) - 3} more" if len(one["types"]) > 3 else "")
    return (one["source"], one["target"], one["by"], one["via"], types)
