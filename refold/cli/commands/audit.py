"""`audit`: who did what, to executions, definitions and dead letters."""

from __future__ import annotations

from refold.cli.commands.output import OK, say, say_json, table, to_the_second
from refold.cli.commands.target import AuditWanted, Value
from refold.cli.commands.where import target_of
from refold.cli.options import Where


def audit(where: Where, wanted: AuditWanted, as_json: bool) -> int:
    """The latest first."""
    rows = target_of(where).audit(wanted)
    if as_json:
        say_json(rows)
    elif rows:
        table(("TIME", "ACTOR", "FROM", "DID", "EXECUTION", "WORKFLOW", "ABOUT"), [_line(row) for row in rows])
    else:
        say("nobody did anything of that kind")
    return OK


def _line(row: Value) -> tuple[str, ...]:
    when = to_the_second(row["at"])
    source = " ".join(one for one in (row["channel"], row["address"]) if one)
    return (when, row["actor"] or "", source, row["command"], row["execution_id"] or "", row["workflow"] or "", row["about"])
