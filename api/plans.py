"""Plans: from what a caller asks of a test run to what the engine is told. All that is wrong is told at once, each at its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal, NamedTuple, Protocol

import msgspec

from api.bodies import EMPTY, given, parse
from api.problems import BadRequest
from contracts.errors import InvalidInput, Problem
from contracts.failure import Failure, details_of
from contracts.pins import ANY, EACH, EVERY, Pin, Plan, Skips
from contracts.values import decode
from domain.definition.findings import listed, nearest
from domain.definition.graph import Graph
from domain.execution.paths import plain_path
from domain.execution.plan_check import GraphNamed, paths_of, problems_of_pins, problems_of_place
from domain.replay.recorded import Recorded

PINS_MAX: Final = 20_000
"""So many results may be given to a test run."""
STOPS_MAX: Final = 1_000
ERROR_DEFAULT: Final = "pinned"
"""The type of a pinned failure that names none."""


class ErrorBody(msgspec.Struct, forbid_unknown_fields=True):
    """A failure."""

    type: str = ERROR_DEFAULT
    message: str = "this failure was pinned"
    details: msgspec.Raw = EMPTY
    retryable: bool = True


class FromBody(msgspec.Struct, forbid_unknown_fields=True):
    """A past execution, and a node of it; without one the node that the pin is for."""

    execution: str
    node: str | None = None


class PinBody(msgspec.Struct, forbid_unknown_fields=True):
    """What a node is given."""

    output: msgspec.Raw = EMPTY
    port: str | None = None
    error: str | ErrorBody | None = None
    from_: FromBody | None = msgspec.field(default=None, name="from")
    attempt: int | None = None
    iteration: int | None = None


class Sourced(Protocol):
    """A body that names a definition: its text, a draft, or a published version."""

    definition: str | None
    syntax: Literal["yaml", "json"]
    draft: str | None
    workflow: str | None
    version: int | None


class TestRunBody(msgspec.Struct, forbid_unknown_fields=True):
    """What a test run is asked for with."""

    __test__ = False

    definition: str | None = None
    syntax: Literal["yaml", "json"] = "yaml"
    draft: str | None = None
    workflow: str | None = None
    version: int | None = None
    input: msgspec.Raw = EMPTY
    variables: msgspec.Raw = EMPTY
    pins: dict[str, msgspec.Raw] | None = None
    stop_before: list[str] | None = None
    skip_time: bool = False
    skip_timeouts: bool = False
    unpinned: Literal["run", "refuse"] = "run"


class Asked(NamedTuple):
    """The pins of a node as they are asked for, each with the JSON pointer to it."""

    node: str
    pins: list[tuple[str, PinBody]]


def read_pins(raw: Mapping[str, msgspec.Raw]) -> list[Asked]:
    """The pins by their nodes: of each one, or a list. Raises InvalidInput."""
    found = []
    for node, one in raw.items():
        at = f"/pins/{node.replace('~', '~0').replace('/', '~1')}"
        content = bytes(one)
        if content.lstrip()[:1] == b"[":
            pins = [(f"{at}/{index}", parse(bytes(item), PinBody, f"{at}/{index}")) for index, item in enumerate(_items(content))]
        else:
            pins = [(at, parse(content, PinBody, at))]
        found.append(Asked(node, pins))
    return found


def _items(content: bytes) -> list[msgspec.Raw]:
    return parse(content, list[msgspec.Raw])


def sources_of(asked: list[Asked]) -> list[str]:
    """The past executions that are asked for."""
    return list(dict.fromkeys(pin.from_.execution for one in asked for _, pin in one.pins if pin.from_ is not None))


def plan_of(
    body: TestRunBody, asked: list[Asked], graph: Graph, recorded: Mapping[str, Mapping[str, Recorded]], graph_named: GraphNamed
) -> Plan:
    """The plan, without the definition. `recorded` is what past executions have ended by. Raises InvalidInput with all that is wrong."""
    problems: list[Problem] = []
    stops = body.stop_before or []
    if len(stops) > STOPS_MAX:
        problems.append(Problem("/stop_before", "limit", f"{len(stops):,} nodes; the most are {STOPS_MAX:,}", "name fewer"))
    for index, path in enumerate(stops):
        problems += problems_of_place(graph, path, f"/stop_before/{index}", graph_named)
    pins: dict[str, list[Pin]] = {}
    for node, given_ in asked:
        if node != ANY:
            problems += problems_of_place(graph, node, given_[0][0] if given_ else "", graph_named)
        for at, one in given_:
            found = list(_pins(node, at, one, graph, recorded, problems))
            problems += problems_of_pins(graph, node, [(at, pin) for path, pin in found if path == node], graph_named)
            for path, pin in found:
                pins.setdefault(path, []).append(pin)
    if (count := sum(map(len, pins.values()))) > PINS_MAX:
        problems.append(Problem("/pins", "limit", f"{count:,} results are given; the most are {PINS_MAX:,}", "pin fewer nodes"))
    if problems:
        raise InvalidInput(problems)
    return Plan({path: _special_first(found) for path, found in pins.items()}, tuple(stops), _skips(body), _refuses(body))


def _special_first(pins: list[Pin]) -> tuple[Pin, ...]:
    return tuple(sorted(pins, key=lambda pin: (pin.attempt == EACH, pin.iteration == EVERY)))


def _skips(body: TestRunBody) -> Skips:
    return "all" if body.skip_timeouts else "waits" if body.skip_time else "none"


def _refuses(body: TestRunBody) -> bool:
    return body.unpinned == "refuse"


def _pins(
    node: str, at: str, pin: PinBody, graph: Graph, recorded: Mapping[str, Mapping[str, Recorded]], problems: list[Problem]
) -> Iterator[tuple[str, Pin]]:
    """The pins that come of one, by their paths."""
    said = [name for name, is_said in (("output", bytes(pin.output)), ("error", pin.error), ("from", pin.from_)) if is_said]
    if len(said) > 1 or (pin.port is not None and said not in ([], ["output"])):
        together = " and ".join([*said, *(["port"] if pin.port else [])])
        problems.append(Problem(at, "pin", f"{together} do not go together", "give one of them"))
    elif not said and pin.port is None:
        problems.append(Problem(at, "pin", "it says nothing", "give `output`, `port`, `error` or `from`"))
    elif (pin.attempt is not None and pin.attempt < 1) or (pin.iteration is not None and pin.iteration < 0):
        problems.append(Problem(at, "pin", "attempts count from 1, iterations from 0", "leave it out for all of them"))
    elif pin.from_ is not None:
        yield from _recorded(node, at, pin, pin.from_, graph, recorded.get(pin.from_.execution, {}), problems)
    else:
        yield node, _by_hand(pin, at)


def _by_hand(pin: PinBody, at: str) -> Pin:
    attempt, iteration = pin.attempt or EACH, EVERY if pin.iteration is None else pin.iteration
    if pin.error is not None:
        error = ErrorBody(pin.error) if isinstance(pin.error, str) else pin.error
        details = given(error.details, f"{at}/error/details")
        failure = Failure(error.type, error.message, None if details is None else details_of(decode(details)))
        return Pin(None, None, failure, error.retryable, attempt, iteration)
    return Pin(given(pin.output, f"{at}/output"), None if pin.port is None else (pin.port,), None, True, attempt, iteration)


def _recorded(
    node: str, at: str, pin: PinBody, source: FromBody, graph: Graph, recorded: Mapping[str, Recorded], problems: list[Problem]
) -> Iterator[tuple[str, Pin]]:
    """What a node of a past execution has ended by; of every activity, and what else came from outside, with `*`."""
    if node == ANY and source.node is None:
        there = paths_of(graph)
        for path, found in recorded.items():
            if found.comes_from_outside and plain_path(path) in there:
                yield from ((path, one) for one in found.pins)
        return
    wanted = source.node or node
    if wanted in recorded:
        yield from ((node, one) for one in recorded[wanted].pins)
        return
    below = [path for path in recorded if plain_path(path) == wanted]
    if below and wanted == node:
        for path in below:
            yield from ((path, one) for one in recorded[path].pins)
        return
    near = nearest(wanted, recorded)
    fix = f"name one of its runs: {listed(below)}" if below else f"did you mean {near}?" if near else f"there ended {listed(recorded)}"
    said = f"execution {source.execution} has no result of {wanted[:200]}" if not below else f"{wanted[:200]} ran several times there"
    problems.append(Problem(f"{at}/from", "unknown_result", said, fix))


def check_one_source(body: Sourced) -> None:
    """Raise BadRequest unless exactly one definition is asked for."""
    named = [name for name in ("definition", "draft", "workflow") if getattr(body, name) is not None]
    if len(named) != 1:
        found = " and ".join(named) if named else "none of them"
        raise BadRequest(422, "request.invalid", f"give one of `definition`, `draft` and `workflow`, found {found}")
    if body.version is not None and body.workflow is None:
        raise BadRequest(422, "request.invalid", "/version: it goes with `workflow`")
