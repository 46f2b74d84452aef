"""`views …`: filters of executions under names."""

from __future__ import annotations

from refold.cli.commands.output import OK, BadInput, say, say_json, table, to_the_second
from refold.cli.commands.target import Value
from refold.cli.commands.where import target_of
from refold.cli.options import Where


def list_views(where: Where, as_json: bool) -> int:
    """All of them, by name."""
    found = target_of(where).views()
    if as_json:
        say_json(found)
    elif found:
        table(("VIEW", "WRITTEN", "BY", "FILTER"), [_line(one) for one in found])
    else:
        say("no views are saved")
    return OK


def _line(view: Value) -> tuple[str, ...]:
    when = to_the_second(view["written_at"])
    return (view["name"], when, view["written_by"] or "the engine", view["value"].get("filter") or "all")


def view_of(filter_: str | None, takes_all: bool, columns: str | None, summary: str | None, sort: str | None) -> Value:
    """What the options say. Raises BadInput where they do not say of which executions."""
    if (filter_ is None) == (not takes_all):
        both = "neither" if filter_ is None else "both"
        raise BadInput(f"expected --filter EXPRESSION, or --all where a view of all executions is meant; found {both}")
    value: Value = {"filter": filter_ or ""}
    if columns is not None:
        value["columns"] = [column.strip() for column in columns.split(",") if column.strip()]
    if summary is not None:
        value["summary"] = summary
    if sort is not None:
        value["sort"] = sort
    return value


def save(where: Where, name: str, value: Value, as_json: bool) -> int:
    """Keep one."""
    found = target_of(where).write_view(name, value)
    if as_json:
        say_json(found)
    else:
        say(f"view {name} is saved, revision {found['revision']}")
    return OK


def delete(where: Where, name: str) -> int:
    """Keep it no more."""
    target_of(where).write_view(name, None)
    say(f"view {name} is deleted")
    return OK
