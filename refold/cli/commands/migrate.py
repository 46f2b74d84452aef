"""`migrate`: open executions go on by another version of their workflow; before that it is said which could, and what would have been."""

from __future__ import annotations

from typing import Final, NamedTuple

from domain.replay.what_if import VERDICTS
from refold.cli.commands.bulk import go_on
from refold.cli.commands.output import FAILED, OK, BadInput, say, say_json, table
from refold.cli.commands.target import Value
from refold.cli.commands.what_if import SAYS
from refold.cli.commands.where import server_of
from refold.cli.options import Where

WHY_A_SERVER: Final = "whoever owns the executions lets them go on by another version"
SHOWN_MAX: Final = 20


class Wanted(NamedTuple):
    """What is asked for, as options say it."""

    workflow: str
    from_version: int
    to_version: int
    filter: str | None
    map: tuple[str, ...]
    rehearses: bool
    rate: float | None

    @property
    def names(self) -> dict[str, str]:
        """From old to new names. Raises BadInput."""
        found: dict[str, str] = {}
        for one in self.map:
            old, equals, new = one.partition("=")
            if not equals or not old or not new or old in found:
                raise BadInput(f"--map: expected OLD=NEW, each old name once, found {one[:200]!r}")
            found[old] = new
        return found


def plan(where: Where, wanted: Wanted, as_json: bool) -> int:
    """Say which executions could go on by the version. Exit code 1 where not all can, or would have been as they were."""
    server = server_of(where, WHY_A_SERVER)
    found = server.client.plan_migration(
        wanted.workflow, wanted.from_version, wanted.to_version, wanted.names or None, wanted.filter, wanted.rehearses
    )
    if as_json:
        say_json(found)
    else:
        _say(found)
    is_as_it_was = all(one == "unchanged" or not count for one, count in (found["rehearsed"] or {}).items())
    return OK if found["ready"] == found["total"] and is_as_it_was else FAILED


def _say(found: Value) -> None:
    total = found["total"]
    says = f"{found['workflow']}, version {found['from_version']} to {found['to_version']}"
    say(f"{says}: {total:,} open execution{'' if total == 1 else 's'}; nothing was done")
    for name, words in (("ready", "ready"), ("mapping", "need a mapping"), ("blocked", "blocked")):
        if found[name]:
            say(f"  {found[name]:,} {words}")
    if found["rehearsed"] is not None:
        counts = ", ".join(f"{found['rehearsed'][one]:,} {SAYS[one]}" for one in VERDICTS if found["rehearsed"][one])
        say(f"over their own past: {counts}")
    rows = [(one["execution_id"], *_line(one)) for one in found["executions"] if one["obstacles"] or _differs(one)]
    if rows:
        table(("EXECUTION", "IS", "WHY"), rows[:SHOWN_MAX])


def _differs(one: Value) -> bool:
    return one["rehearsal"] is not None and one["rehearsal"]["verdict"] != "unchanged"


def _line(one: Value) -> tuple[str, str]:
    why = [f"{each['about']}: {each['why']}" if each["about"] else each["why"] for each in one["obstacles"]]
    if _differs(one):
        rehearsal = one["rehearsal"]
        at = rehearsal["reason"] or (f"from {rehearsal['first_difference']} on" if rehearsal["first_difference"] else "")
        why.append(f"rehearsed: {SAYS[rehearsal['verdict']]}{f', {at}' if at else ''}")
    return one["readiness"], "; ".join(why)


def apply(where: Where, wanted: Wanted, follows: bool, as_json: bool) -> int:
    """Begin the operation that does it."""
    if wanted.rehearses:
        raise BadInput("--rehearse is for a plan, which changes nothing: leave out --apply first")
    server = server_of(where, WHY_A_SERVER)
    answer = server.client.migrate(
        wanted.workflow, wanted.from_version, wanted.to_version, wanted.names or None, wanted.filter, wanted.rate
    )
    return go_on(server, answer, follows, as_json)
