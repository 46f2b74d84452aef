"""`cached-results …`: which results are used again, and how often; forgetting them, and bringing them back."""

from __future__ import annotations

from typing import NamedTuple

from refold.cli.commands.output import OK, BadInput, say, say_json, table, to_the_second
from refold.cli.commands.target import Value
from refold.cli.commands.where import target_of
from refold.cli.options import Where


class Wanted(NamedTuple):
    """Which results are meant: those that fit all that is given."""

    kind: str | None
    workflow: str | None
    key: str | None
    older_than: str | None
    all: bool


def list_results(where: Where, kind: str | None, workflow: str | None, limit: int, as_json: bool) -> int:
    """The results that are there, and how often they are used."""
    found = target_of(where).cached_results(kind, workflow, limit)
    if as_json:
        say_json(found)
        return OK
    if found["results"]:
        table(("KEY", "KIND", "WORKFLOW", "SIZE", "KEPT", "EXPIRES", "HITS"), [_line(one) for one in found["results"]])
    else:
        say("no results are kept")
    if found["uses"]:
        say()
        table(("KIND", "WORKFLOW", "HITS", "COMPUTED", "RATE"), [_use(one) for one in found["uses"]])
    return OK


def _line(one: Value) -> tuple[str, ...]:
    times = (to_the_second(one[name]) for name in ("kept_at", "expires_at"))
    return (one["key"], one["kind"], one["workflow"], str(one["size"]), *times, str(one["hits"]))


def _use(one: Value) -> tuple[str, ...]:
    return (one["kind"], one["workflow"], str(one["hits"]), str(one["kept"]), f"{one['rate']:.0%}")


def invalidate(where: Where, wanted: Wanted, as_json: bool) -> int:
    """Forget results."""
    if not any(wanted):
        raise BadInput("expected --kind, --workflow, --key or --older-than, found none of them; --all forgets everything")
    found = target_of(where).invalidate(**wanted._asdict())
    if as_json:
        say_json(found)
    else:
        say(f"{found['count']} {'result is' if found['count'] == 1 else 'results are'} forgotten")
    return OK


def warm(where: Where, workflow: str, limit: int, as_json: bool) -> int:
    """Keep results of past executions."""
    found = target_of(where).warm(workflow, limit)
    if as_json:
        say_json(found)
    else:
        lost = f"; {found['unreadable']} could not be read" if found["unreadable"] else ""
        say(f"results kept for what is left of their time: {found['results']}, of executions: {found['executions']}{lost}")
    return OK
