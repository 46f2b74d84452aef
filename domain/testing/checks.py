"""Checks: what is wrong with a case, beside what runs: nodes, ports, signals and variables that are not there, results of another shape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from contracts.errors import ExpressionError, InvalidInput, Problem
from contracts.events import EVENTS
from contracts.pins import ANY
from contracts.values import encode
from contracts.workflow_tests import Case, ExpectedCall, GivenCommand, Mock
from domain.definition.findings import Findings, joined, listed
from domain.definition.graph import Graph, Node
from domain.definition.input_schema import check as check_value
from domain.definition.shape_words import duration_problem
from domain.execution.paths import is_undo
from domain.execution.plan_check import CHILD, TASK, GraphNamed, found_at, problems_of_pins, problems_of_place
from domain.expressions import parse_time, program
from domain.testing.answers import listed_mocks, pins_of

EVENT_NAMES: Final = tuple(event.__name__ for event in EVENTS)
"""What events are called."""
HOLDS_NAMES: Final = ("execution", "input", "vars", "error")
"""What an expression of `holds` may name."""


class Ground(NamedTuple):
    """What cases are checked against: the workflow, further ones by name, and the schemas of what kinds of activities give."""

    graph: Graph
    others: Mapping[str, Graph]
    outputs: Mapping[str, Any]

    def named(self, workflow: str, version: int) -> Graph | None:
        """The definition of a workflow; None where it is not given."""
        return self.others.get(workflow)


def is_answered(node: Node | str | None, path: str) -> bool:
    """Whether a mock is an answer to what the node asks of the world, and no pin."""
    return path == ANY or is_undo(path) or (isinstance(node, Node) and (node.is_activity or node.type == CHILD))


def check_case(case: Case, at: str, ground: Ground, findings: Findings, is_shared: bool = False) -> None:
    """Note what is wrong with a case that stands at this path. `is_shared` says that what is real is so in all cases of its file."""
    _check_time(case.at, joined(at, "at"), findings)
    _check_duration(case.until, joined(at, "until"), findings)
    for path, given in case.mocks.items():
        _check_mocks(path, given, joined(joined(at, "mocks"), path), ground, findings)
    for index, path in enumerate(case.real):
        if path != ANY and path in case.mocks and not is_shared:
            said = f"{path} is to run for real, and its result is given"
            findings.add(joined(f"{at}.real", index), "mock", said, "take it out here, or in `mocks`")
        _check_real(path, joined(f"{at}.real", index), ground, findings)
    _check_signals(case, at, ground, findings)
    _check_answers(case, at, ground, findings)
    for index, command in enumerate(case.commands):
        _check_command(command, f"{at}.commands[{index}]", ground, findings)
    _check_expected(case, joined(at, "expect"), ground, findings)


def _check_time(text: str | None, at: str, findings: Findings) -> None:
    if text is None:
        return
    try:
        parse_time(text)
    except ValueError as error:
        findings.add(at, "time", str(error), "write it as `2026-01-31T12:00:00Z`")


def _check_duration(text: str | None, at: str, findings: Findings) -> None:
    if text is not None and (problem := duration_problem(at, text)) is not None:
        findings.add(*problem[:4])


def _check_place(path: str, at: str, ground: Ground, findings: Findings) -> Node | None:
    """The node at a path, which has to be there."""
    for problem in problems_of_place(ground.graph, path, at, _named(ground)):
        findings.add(*problem[:4])
    found = found_at(ground.graph, path, _named(ground))
    return found if isinstance(found, Node) else None


def _named(ground: Ground) -> GraphNamed:
    return ground.named


# What is given.


def _check_mocks(path: str, given: Mock | list[Mock], at: str, ground: Ground, findings: Findings) -> None:
    node = None if path == ANY else _check_place(path, at, ground, findings)
    for index, mock in enumerate(listed_mocks(given)):
        place = joined(at, index) if isinstance(given, list) else at
        _check_mock(mock, path, place, node, ground, findings)
    if isinstance(given, list) and len({(one.attempt, one.iteration) for one in given}) < len(given):
        findings.add(
            at, "doubled_mock", "two mocks hold for the same attempt and iteration", "say `attempt` or `iteration`; the first wins"
        )


def _check_mock(mock: Mock, path: str, at: str, node: Node | None, ground: Ground, findings: Findings) -> None:
    _check_duration(mock.after, joined(at, "after"), findings)
    said = [name for name in ("output", "error", "never", "lost") if name in mock.model_fields_set]
    if len(said) > 1:
        findings.add(at, "mock", f"{' and '.join(said)} do not go together", "give one of them")
    elif not said and mock.port is None:
        findings.add(at, "mock", "it says nothing", "give `output`, `port`, `error`, `never` or `lost`")
    elif is_answered(node, path):
        _check_answer(mock, path, at, node, ground, findings)
    elif path != ANY and node is not None:
        waits = [name for name in ("after", "never", "lost") if name in mock.model_fields_set]
        if waits:
            said_so = f"{path} is a `{node.type}`, which is given its result as it begins: `{waits[0]}` has no meaning there"
            findings.add(joined(at, waits[0]), "mock", said_so, "take it out; what comes later is a signal or an answer")
        _add_all(problems_of_pins(ground.graph, path, [("", pin) for pin in pins_of(mock)], _named(ground)), at, findings)


def _check_answer(mock: Mock, path: str, at: str, node: Node | None, ground: Ground, findings: Findings) -> None:
    if mock.port not in (None, "out"):
        chosen = listed(node.ports) if isinstance(node, Node) and node.ports != ("out",) else None
        fix = (
            f"its result says by which it leaves: `output: {{port: …}}`, {chosen}"
            if chosen
            else "an activity leaves by `out`: leave it out"
        )
        findings.add(joined(at, "port"), "bad_port", f"{path} does not leave by `{mock.port}`", fix)
    if mock.lost and node is not None and node.type == CHILD:
        findings.add(joined(at, "lost"), "mock", f"{path} is a `{CHILD}`: it has no worker that could be lost", "give `error`")
    if "output" not in mock.model_fields_set or node is None or is_undo(path):
        return
    schema = ground.outputs.get(node.type)
    _check_shape(schema, mock.output, joined(at, "output"), f"what `{node.type}` gives", findings)


def _check_shape(schema: Any, value: Any, at: str, what: str, findings: Findings) -> None:
    """Whether a result is of the shape that is known of it."""
    if schema is None:
        return
    try:
        check_value(schema, value, len(encode(value)))
    except InvalidInput as error:
        for problem in error.problems:
            place = at + problem.path.replace("/", ".")
            findings.add(place, "shape", f"it is not of the shape of {what}: {problem.message}", problem.fix or "give what it would give")


def _add_all(problems: Iterable[Problem], at: str, findings: Findings) -> None:
    for problem in problems:
        findings.add(at + problem.path.replace("/", "."), problem.rule, problem.message, problem.fix)


def _check_real(path: str, at: str, ground: Ground, findings: Findings) -> None:
    node = None if path == ANY else _check_place(path, at, ground, findings)
    if node is not None and not (node.is_activity or is_undo(path)):
        said = f"{path} is a `{node.type}`: the engine decides it, and it always runs for real"
        findings.add(at, "not_an_activity", said, "take it out")


def _check_signals(case: Case, at: str, ground: Ground, findings: Findings) -> None:
    known = signal_names([ground.graph, *ground.others.values()])
    for index, signal in enumerate(case.signals):
        place = f"{at}.signals[{index}]"
        _check_duration(signal.at, joined(place, "at"), findings)
        if known is not None and signal.name not in known:
            fix = findings.did_you_mean(signal.name, known, f"it waits for {listed(known)}" if known else "take it out")
            said = f"nothing in workflow {ground.graph.name} waits for signal `{signal.name[:100]}`"
            findings.add(joined(place, "name"), "unknown_signal", said, fix)


def signal_names(graphs: Iterable[Graph]) -> list[str] | None:
    """The signals that definitions wait for; None where that cannot be said before it runs."""
    found: list[str] = []
    for node in (node for graph in graphs for node in graph.nodes):
        found += _names_at(node)
    return None if any("{{" in name for name in found) else list(dict.fromkeys(found))


def _names_at(node: Node) -> Iterator[str]:
    config = node.config
    if node.type == "wait_signal":
        names = [config.name] if config.name is not None else [one.name for one in config.signals or ()]
        yield from names
    elif (more := getattr(config, "more", None)) is not None and node.type == "for_each":
        yield more.signal


def _check_answers(case: Case, at: str, ground: Ground, findings: Findings) -> None:
    for index, answer in enumerate(case.answers):
        place = f"{at}.answers[{index}]"
        _check_duration(answer.at, joined(place, "at"), findings)
        node = _check_place(answer.node, joined(place, "node"), ground, findings)
        if node is None:
            continue
        if node.type != TASK:
            said = f"{answer.node} is a `{node.type}`: nobody is asked there"
            findings.add(joined(place, "node"), "no_task", said, "name a `human_task`; what else is waited for is a signal")
        elif answer.port not in node.config.answers:
            fix = findings.did_you_mean(answer.port, node.config.answers, f"its answers are {listed(node.config.answers)}")
            findings.add(joined(place, "port"), "bad_port", f"{answer.node} is not answered by `{answer.port[:100]}`", fix)


def _check_command(command: GivenCommand, at: str, ground: Ground, findings: Findings) -> None:
    _check_duration(command.at, joined(at, "at"), findings)
    own = {"resolve": ("node", "action", "output", "port", "variables"), "delegate": ("node", "to", "by", "groups", "reason")}
    allowed = {"do", "at", *own.get(command.do, ("reason",))}
    for name in sorted(command.model_fields_set - allowed):
        findings.add(
            joined(at, name), "unknown_field", f"`{name}` is not a field of `do: {command.do}`", f"known are {listed(sorted(allowed))}"
        )
    if command.node is not None:
        _check_place(command.node, joined(at, "node"), ground, findings)
    needed = {"resolve": ("action",), "delegate": ("node", "to")}.get(command.do, ())
    for name in needed:
        if getattr(command, name) is None:
            findings.add(at, "missing_field", f"`{name}` is missing", f"add `{name}: …`")


# What is expected.


def _check_expected(case: Case, at: str, ground: Ground, findings: Findings) -> None:
    expect = case.expect
    _check_duration(expect.lasted, joined(at, "lasted"), findings)
    for name in ("ran", "did_not_run", "order", "path"):
        for index, path in enumerate(getattr(expect, name) or ()):
            _check_place(path, f"{at}.{name}[{index}]", ground, findings)
    for path in expect.called or ():
        _check_place(path, joined(f"{at}.called", path), ground, findings)
    for index, call in enumerate(expect.calls or ()):
        _check_call(call, f"{at}.calls[{index}]", ground, findings)
    for index, event in enumerate(expect.events or ()):
        _check_event(event, f"{at}.events[{index}]", findings)
    for index, source in enumerate(expect.holds or ()):
        _check_expression(source, f"{at}.holds[{index}]", findings)
    _check_outcome(expect.outcome, joined(at, "outcome"), ground.graph, findings)
    declared = ground.graph.root.variables
    for name in expect.variables or ():
        if name not in declared:
            fix = findings.did_you_mean(name, declared, f"declared are {listed(declared)}" if declared else "take it out")
            findings.add(joined(f"{at}.variables", name), "unknown_variable", f"`{name}` is not declared", fix)


def _check_call(call: ExpectedCall, at: str, ground: Ground, findings: Findings) -> None:
    if not call.model_fields_set:
        findings.add(at, "call", "it says nothing of the call", "say `node`, `kind`, `config` or `input`")
    if call.node is not None:
        _check_place(call.node, joined(at, "node"), ground, findings)


def _check_event(event: str | dict[str, Any], at: str, findings: Findings) -> None:
    name = event if isinstance(event, str) else event.get("type")
    if not isinstance(name, str):
        findings.add(at, "missing_field", "an event has a `type`", "add `type: NodeCompleted`, for example")
    elif name not in EVENT_NAMES:
        place = at if isinstance(event, str) else joined(at, "type")
        fix = findings.did_you_mean(name, EVENT_NAMES, "see the reference of events")
        findings.add(place, "unknown_event", f"there is no event `{name[:100]}`", fix)


def _check_expression(source: str, at: str, findings: Findings) -> None:
    """An expression that cannot be read, or names what is not there."""
    try:
        said = program(source).check()
    except ExpressionError as error:
        said = [str(error)]
    for one in said:
        findings.add(at, "expression", one, "see the reference of expressions")
    if not said:
        for reference in program(source).references:
            if reference.root not in HOLDS_NAMES:
                known = f"it may name {listed(HOLDS_NAMES)}"
                findings.add(at, "unknown_name", f"`{reference.root}` is nothing that `holds` may name", known)


def _check_outcome(outcome: str | None, at: str, graph: Graph, findings: Findings) -> None:
    known = list(dict.fromkeys(node.config.outcome for node in graph.nodes if node.is_end and node.config.outcome))
    if outcome is None or outcome in known or any("{{" in one for one in known):
        return
    fix = findings.did_you_mean(outcome, known, f"its ends have {listed(known)}" if known else "none of its ends has one: take it out")
    findings.add(at, "unknown_outcome", f"no end of workflow {graph.name} has the outcome `{outcome[:100]}`", fix)
