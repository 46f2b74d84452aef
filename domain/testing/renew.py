"""Renewing: what a case expects, as it was found. What says only a part of it (an order, calls, events, expressions) is for a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from contracts.failure import Failure
from contracts.workflow_tests import Expect, ExpectedError
from domain.execution.paths import plain_path
from domain.testing.case import Result
from domain.testing.compare import Difference, duration_text
from domain.testing.found import Found
from domain.testing.suite import Planned

WHOLE: Final = frozenset({"status", "outcome", "output", "path", "lasted", "waiting"})
"""What is expected of these is replaced as a whole; of `has`, `error`, `variables` and `called` what is named stays named."""


class Renewed(NamedTuple):
    """What is expected of a case from now on: by the names of its fields in the document."""

    place: tuple[str | int, ...]
    value: Any


class Left(NamedTuple):
    """What a person has to look at, and why."""

    what: str
    why: str


def renewals(planned: Planned, result: Result) -> Iterator[Renewed | Left]:
    """What of a case that failed is to be written anew, where it stands in `expect`, and what is not."""
    found = result.found
    if result.verdict != "failed" or found is None:
        for one in result.differences:
            yield Left(one.what, "it could not be run to its end")
        return
    for what in dict.fromkeys(_field(one) for one in result.differences):
        if planned.is_each:
            yield Left(what, "its values may come from `each`")
        else:
            yield from _renewed(what, planned.case.expect, found)


def _field(difference: Difference) -> str:
    return difference.what.partition(".")[0].partition("[")[0]


def _renewed(what: str, expect: Expect, found: Found) -> Iterator[Renewed | Left]:
    said = expect.model_fields_set
    if what == "output":
        if "output" in said:
            yield Renewed(("output",), found.output)
        if "has" in said:
            yield Renewed(("has",), _of_what_is_named(expect.has, found.output))
    elif what == "error":
        yield from _error(expect.error, found.failure)
    elif what in WHOLE and what in said:
        yield Renewed((what,), _whole(what, found))
    elif what == "variables":
        yield from _named(what, expect.variables or {}, found.variables)
    elif what == "called":
        times = {path: sum(path in (call.node, plain_path(call.node)) for call in found.calls) for path in expect.called or {}}
        yield from _named(what, expect.called or {}, times)
    elif what == "status":
        yield Left(what, f"it is {found.status}, and the case does not say `status`")
    else:
        yield Left(what, "it says a part of what is to happen: write it as it is meant")


def _whole(what: str, found: Found) -> Any:
    values = {
        "status": found.status,
        "outcome": found.outcome,
        "path": found.ran,
        "lasted": duration_text(found.lasted_ms),
        "waiting": found.waiting,
    }
    return values[what]


def _of_what_is_named(expected: Any, found: Any) -> Any:
    """The found value, of objects those fields that are expected already."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return {name: _of_what_is_named(value, found[name]) for name, value in expected.items() if name in found}
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return [_of_what_is_named(one, other) for one, other in zip(expected, found, strict=True)]
    return found


def _error(expected: str | ExpectedError | None, failure: Failure | None) -> Iterator[Renewed | Left]:
    if failure is None:
        yield Left("error", "it does not fail any more")
    elif isinstance(expected, str):
        yield Renewed(("error",), failure.type)
    elif expected is not None:
        value = failure.as_value()
        yield Renewed(
            ("error",),
            {name: value[name] for name in ("type", "message", "node", "attempt", "details") if name in expected.model_fields_set},
        )


def _named(what: str, expected: dict[str, Any], found: dict[str, Any]) -> Iterator[Renewed | Left]:
    for name, value in expected.items():
        if name not in found:
            yield Left(f"{what}.{name}", "it has no value any more")
        elif found[name] != value:
            yield Renewed((what, name), found[name])
