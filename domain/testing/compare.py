"""Comparing: what a case expects beside what was found, as differences that a person can read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import msgspec

from contracts.errors import ExpressionError
from contracts.failure import Failure
from contracts.values import decode, encode
from contracts.workflow_tests import Expect, ExpectedCall, ExpectedError
from domain.definition.findings import listed
from domain.execution.paths import plain_path
from domain.expressions import is_same, parse_duration, program
from domain.testing.found import Call, Found, Happened

OPEN: Final = frozenset({"created", "scheduled", "running", "paused", "incident"})
DIFFERENCES_MAX: Final = 50
"""So many are told of one case."""


class Difference(NamedTuple):
    """One thing that is otherwise. `expected` and `found` are JSON values where `is_value`, else words about it."""

    what: str
    expected: Any
    found: Any
    is_value: bool = True

    def as_value(self) -> dict[str, Any]:
        """The difference as JSON shows it."""
        return {"what": self.what, "expected": self.expected, "found": self.found}


def differences(expect: Expect, found: Found) -> list[Difference]:
    """All that is otherwise than expected, at most `DIFFERENCES_MAX`."""
    said = expect.model_fields_set
    all_of_it = (
        *_status(expect, found),
        *(_one("outcome", expect.outcome, found.outcome) if "outcome" in said else ()),
        *(_output(expect, found) if {"output", "has"} & said else ()),
        *(_error(expect.error, found.failure) if expect.error is not None else ()),
        *(_variables(expect.variables or {}, found.variables)),
        *_nodes(expect, found),
        *_calls(expect, found),
        *(_events(expect.events, found.happened) if expect.events is not None else ()),
        *(_one("waiting", sorted(expect.waiting), sorted(found.waiting)) if expect.waiting is not None else ()),
        *(_lasted(expect.lasted, found.lasted_ms) if expect.lasted is not None else ()),
        *_holds(expect.holds or (), found),
    )
    return list(all_of_it[:DIFFERENCES_MAX])


def _one(what: str, expected: Any, found: Any) -> Iterator[Difference]:
    if not is_equal(expected, found):
        yield Difference(what, expected, found)


def is_equal(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same, as expressions have it: `1` is `1.0`."""
    try:
        return is_same(one, other)
    except ExpressionError:  # too large for an expression
        return bool(one == other)


def _status(expect: Expect, found: Found) -> Iterator[Difference]:
    """Where nobody says how it ends, it completes; where a failure is expected, it has failed, or stands in an incident."""
    if expect.status is not None:
        wanted: tuple[str, ...] = (expect.status,)
    elif expect.error is not None:
        return
    elif expect.waiting is not None:
        wanted = tuple(sorted(OPEN))
    else:
        wanted = ("completed",)
    if found.status not in wanted:
        failure = "" if found.failure is None else f": {found.failure.type}: {found.failure.message}"
        at = f" (at {found.failure.node})" if found.failure is not None and found.failure.node else ""
        waits = f", and waits for {listed(found.waiting)}" if found.waiting else ""
        yield Difference("status", " or ".join(wanted), f"{found.status}{failure}{at}{waits}", is_value=False)


def _output(expect: Expect, found: Found) -> Iterator[Difference]:
    if "output" in expect.model_fields_set:
        yield from _one("output", expect.output, found.output)
    if "has" in expect.model_fields_set:
        yield from _within("output", expect.has, found.output)


def _within(what: str, expected: Any, found: Any) -> Iterator[Difference]:
    """What of an expected value is not in the found one: further fields of objects do not matter, in lists each item does."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for name, value in expected.items():
            if name in found:
                yield from _within(f"{what}.{name}", value, found[name])
            else:
                yield Difference(f"{what}.{name}", value, "no such field", is_value=False)
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for index, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from _within(f"{what}[{index}]", one, other)
    else:
        yield from _one(what, expected, found)


def _error(expected: str | ExpectedError, failure: Failure | None) -> Iterator[Difference]:
    wanted = ExpectedError(type=expected) if isinstance(expected, str) else expected
    if failure is None:
        yield Difference("error", wanted.type or "a failure", "no failure", is_value=False)
        return
    value = failure.as_value()
    for name in sorted(wanted.model_fields_set):
        if name == "type" and value["type"] != wanted.type:
            yield Difference("error.type", wanted.type, f"{value['type']}: {value['message']}", is_value=False)
        elif name == "details":
            yield from _within("error.details", wanted.details, value["details"])
        else:
            yield from _one(f"error.{name}", getattr(wanted, name), value[name])


def _variables(expected: dict[str, Any], found: dict[str, Any]) -> Iterator[Difference]:
    for name, value in expected.items():
        if name in found:
            yield from _one(f"variables.{name}", value, found[name])
        else:
            yield Difference(f"variables.{name}", value, "no value yet", is_value=False)


# What ran.


def _is_at(wanted: str, path: str) -> bool:
    return wanted == path or wanted == plain_path(path)


def _nodes(expect: Expect, found: Found) -> Iterator[Difference]:
    for path in expect.ran or ():
        if not any(_is_at(path, one) for one in found.ran):
            yield Difference("ran", f"{path} ran", "it did not", is_value=False)
    for path in expect.did_not_run or ():
        if any(_is_at(path, one) for one in found.ran):
            yield Difference("did_not_run", f"{path} did not run", "it did", is_value=False)
    if expect.order is not None and (missing := _out_of_order(expect.order, found.ran)) is not None:
        number, path = missing
        behind = f" behind {expect.order[number - 1]}" if number else ""
        ran = any(_is_at(path, one) for one in found.ran)
        said = "it did not run" if not ran else f"they began in the order {', '.join(found.ran)}"
        yield Difference(f"order[{number}]", f"{path} begins{behind}", said, is_value=False)
    if expect.path is not None:
        yield from _one("path", expect.path, found.ran)


def _out_of_order(wanted: list[str], ran: list[str]) -> tuple[int, str] | None:
    """The first of those wanted that does not come behind the one before, with its place."""
    rest = iter(ran)
    for number, path in enumerate(wanted):
        if not any(_is_at(path, one) for one in rest):
            return number, path
    return None


def _calls(expect: Expect, found: Found) -> Iterator[Difference]:
    if expect.calls is not None:
        yield from _calls_in_order(expect.calls, found.calls)
    for path, count in (expect.called or {}).items():
        times = sum(_is_at(path, call.node) for call in found.calls)
        if times != count:
            yield Difference(f"called.{path}", _times(count), _times(times), is_value=False)


def _times(count: int) -> str:
    return "not at all" if not count else "once" if count == 1 else f"{count} times"


def _calls_in_order(wanted: list[ExpectedCall], calls: list[Call]) -> Iterator[Difference]:
    if not wanted and calls:
        yield Difference("calls", "none", ", ".join(call.node for call in calls[:20]), is_value=False)
    place = 0
    for number, one in enumerate(wanted):
        behind = next((index for index in range(place, len(calls)) if not list(_of_call(one, calls[index], ""))), None)
        if behind is not None:
            place = behind + 1
            continue
        near = next((call for call in calls[place:] if one.node is None or _is_at(one.node, call.node)), None)
        if near is not None and list(_of_call(one, near, "")):
            yield from _of_call(one, near, f"calls[{number}].")
        else:
            told = ", ".join(call.node for call in calls[place : place + 20]) or "no further call"
            yield Difference(f"calls[{number}]", one.node or one.kind or "a call", told, is_value=False)
        return


def _of_call(wanted: ExpectedCall, call: Call, what: str) -> Iterator[Difference]:
    said = wanted.model_fields_set
    if wanted.node is not None and not _is_at(wanted.node, call.node):
        yield Difference(f"{what}node", wanted.node, call.node)
    for name in ("kind", "attempt"):
        if name in said:
            yield from _one(f"{what}{name}", getattr(wanted, name), getattr(call, name))
    for name in ("config", "input"):
        if name in said:
            yield from _within(f"{what}{name}", getattr(wanted, name), getattr(call, name))


# What happened.


def _events(wanted: list[str | dict[str, Any]], happened: list[Happened]) -> Iterator[Difference]:
    rest = iter(event_values(happened))
    for number, one in enumerate(wanted):
        expected = {"type": one} if isinstance(one, str) else one
        if not any(_fits(expected, event) for event in rest):
            behind = "" if not number else f" behind {_named(wanted[number - 1])}"
            alike = [event for event in event_values(happened) if event["type"] == expected["type"]]
            said = f"only {encode(alike[0]).decode()[:300]}" if alike and len(expected) > 1 else f"{len(alike)} such events in all"
            yield Difference(f"events[{number}]", f"{_named(one)}{behind}", said if alike else "no such event", is_value=False)
            return


def _named(event: str | dict[str, Any]) -> str:
    return event if isinstance(event, str) else encode(event).decode()[:300]


def event_values(happened: Iterable[Happened]) -> Iterator[dict[str, Any]]:
    """The events as JSON values: their type, the path of their node, and their own fields."""
    for one in happened:
        for event in one.decision.events:
            value: dict[str, Any] = {"type": type(event).__name__}
            path = getattr(event, "path", None)
            if path is not None:
                value["node"] = one.before + path
            for name in event.__struct_fields__:
                value[name] = _plain(getattr(event, name))
            yield value


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return decode(value)
    if isinstance(value, Failure):
        return value.as_value()
    if isinstance(value, msgspec.Struct):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _fits(expected: dict[str, Any], event: dict[str, Any]) -> bool:
    for name, value in expected.items():
        if name == "node":
            if not isinstance(value, str) or not _is_at(value, event.get("node", "")):
                return False
        elif name not in event or any(True for _ in _within("", value, event[name])):
            return False
    return True


def _lasted(expected: str, found_ms: int) -> Iterator[Difference]:
    if parse_duration(expected) != found_ms:
        yield Difference("lasted", expected, duration_text(found_ms), is_value=False)


def duration_text(ms: int) -> str:
    """A duration as the language writes it: `1h30m`, `250ms`."""
    found, rest = "", ms
    for unit, length in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, rest = divmod(rest, length)
        found += f"{count}{unit}" if count else ""
    return found or "0s"


def _holds(sources: Iterable[str], found: Found) -> Iterator[Difference]:
    names = {
        "execution": {"status": found.status, "outcome": found.outcome, "output": found.output, "lasted_ms": found.lasted_ms},
        "input": found.given,
        "vars": found.variables,
        "error": found.failure and found.failure.as_value(),
    }
    for number, source in enumerate(sources):
        try:
            said = program(source).evaluate(names)
        except ExpressionError as error:
            yield Difference(f"holds[{number}]", source, str(error), is_value=False)
            continue
        if said is not True:
            yield Difference(f"holds[{number}]", source, f"it is {encode(said).decode()[:300]}", is_value=False)
