"""`coverage`: what recorded executions have taken of a version of a workflow, and what none has."""

from __future__ import annotations

from infra.server.covering import cover_corpus
from projections.coverage import coverage_value
from projections.definitions import active_of, version_in
from refold.cli.commands.output import FAILED, OK, say, say_json, table
from refold.cli.commands.target import Value
from refold.cli.commands.what_if import name_and_number, reading_log
from refold.cli.commands.where import asks_a_server, checked_settings, server_of
from refold.cli.options import Where
from workers.partition.catalog import versions_in


def coverage(where: Where, named: str, last: int, shows_all: bool, as_json: bool) -> int:
    """Count, and say what was taken. Exit code 1 where there is nothing to count."""
    name, number = name_and_number(named)
    if asks_a_server(checked_settings(where)):
        found = server_of(where, "it is asked").client.coverage(name, version=number or 0, last=last)
    else:
        found = _in_log(where, name, number, last)
    if as_json:
        say_json(found)
    else:
        _say(found, shows_all)
    return OK if found["executions"] else FAILED


def _in_log(where: Where, name: str, number: int | None, last: int) -> Value:
    with reading_log(where) as (reader, _):
        versions = versions_in(reader.catalog, name)
        version = active_of(versions) if number is None else version_in(versions, number)
        return coverage_value(name, version.version, cover_corpus(reader, name, version.hash, last))


def _say(found: Value, shows_all: bool) -> None:
    count = found["executions"]
    parts = ", ".join(f"{one['taken']} of {one['there']} {one['sort']}" for one in found["parts"])
    say(f"{found['workflow']}@{found['version']}: {count:,} execution{'' if count == 1 else 's'} took {parts}")
    if shows_all:
        table(("SORT", "PLACE", "EXECUTIONS"), [(one["sort"], one["name"], f"{one['executions']:,}") for one in found["places"]])
    elif count and found["never_taken"]:
        table(("SORT", "NEVER TAKEN"), [(one["sort"], one["name"]) for one in found["never_taken"]])
