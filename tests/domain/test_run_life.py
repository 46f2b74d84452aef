# ruff: noqa: E501 - a node of a definition stands on one line
"""The life of a node run: the table beside the facts is what histories take, no more and no less."""

import re
from typing import Any

from contracts import commands as c
from contracts.debugging import Breakpoint
from contracts.pins import Plan
from domain.execution.facts import runs
from tests.domain.nodes.test_graph_questions import asking
from tests.domain.run_life import Transition
from tests.domain.spec import World, fails, signal, slow
from tests.domain.test_definitions_tables import CASES, CHILD, act_of, command_of

TABLE = {(before, event, after) for before, event, after in re.findall(r"^    (\w+) +(\w+) +→ (\w+)", str(runs.__doc__), re.MULTILINE)}
HELD = "nodes: [{id: a, type: a, mutex: m}, {id: b, mutex: m, %s}]"
WRONG = "type: transform, config: {operation: value, value: '{{ input.no }}'}"
AGAIN = "retry: {max_attempts: %d, initial_delay: 10ms, retry_on: ['*']}"
HELD_BY_A_BREAKER = (c.HoldActivity("a", 1, "shop"), c.ReleaseActivity("a", 1, "shop"))
LOSERS = "nodes: [{id: l, type: parallel, config: {wait_for: any, losers: ignore, branches: {one: {nodes: [{id: s, type: s}]}, two: {nodes: [{id: q, type: q}]}}}}]"
CLEANED = "nodes: [{id: t, type: try, %s, config: {body: {nodes: [{id: a, type: a}]}, finally: {nodes: [{id: z, type: z}]}}}]"
TWO = "nodes: [{id: p, type: parallel, %s, config: {branches: {one: {nodes: [{id: f, type: bad}]}, two: {nodes: [{id: s, type: s}]}}}}]\nsettings: {on_failure: fail}"
CANCELLED = "nodes: [{id: a, type: bad, %s}, {id: d, type: delay, config: {for: 5ms}}, {id: x, type: cancel, config: {nodes: [a]}}]\nedges: [{from: d, to: x}]"


def of_row(case: dict[str, Any]) -> World:
    world = World(case["definition"], {"child": CHILD}, {kind: act_of(act) for kind, act in case.get("acts", {}).items()})
    for when, commands in case.get("at", {}).items():
        for command in commands:
            world.at(int(when), command_of(command), execution=command.get("cancel", "x"))
    return world.start(case.get("given"))


def worlds() -> list[World]:
    """Short histories with what no row of the tables does."""
    return [
        World(HELD % "type: noop").start(),
        World(HELD % "type: delay, config: {for: 1s}").start(),
        World(HELD % "type: transform, config: {operation: value, value: 1}").start(),
        World(HELD % WRONG).start({}),
        World(HELD % f"{WRONG}, {AGAIN % 2}").start({}),
        World((HELD % WRONG) + "\nsettings: {on_failure: fail}").start({}),
        World(HELD % "type: noop", acts={"a": slow(10)}).at(5, c.CancelExecution()).start(),
        World(f"nodes: [{{id: a, {WRONG}, {AGAIN % 3}}}]").start({}),
        World(f"nodes: [{{id: a, {WRONG}, {AGAIN % 2}}}]").start({}).send(c.ResolveIncident("1", "retry")),
        World(f"nodes: [{{id: a, {WRONG}, {AGAIN % 2}}}]\nsettings: {{on_failure: fail}}").start({}),
        World(
            "variables: {v: 0}\nnodes: [{id: a, type: transform, config: {operation: value, value: '{{ 1 / vars.v }}'}, %s}, {id: s, type: set_variable, config: {name: v, value: 1}}]"
            % (AGAIN % 2)
        ).start({}),
        *[World("nodes: [{id: a, type: bad}]").start().send(c.ResolveIncident("1", action)) for action in ("retry", "skip", "fail")],
        World("nodes: [{id: a, type: bad}]").start().send(c.CancelExecution()),
        World("nodes: [{id: g, type: langgraph, config: {graph: m, ask: {signal: go}}}]", acts={"langgraph": asking(("a",))})
        .start()
        .send(signal("go")),
        World(CANCELLED % (AGAIN % 2)).start(),
        World(TWO % (AGAIN % 2), acts={"s": slow(10)}).start(),
        World(TWO % "on_error: fail", acts={"s": slow(10)}).start(),
        World("nodes: [{id: a, type: slow}]", acts={"slow": slow(10)}).at(1, *HELD_BY_A_BREAKER).start(),
        World(HELD % "type: noop").start(test=Plan(stop_before=("a", "b"))).send(c.ResumeExecution()).send(c.ResumeExecution()),
        *[debugged(text) for text in ("nodes: [{id: a, type: bad}]", f"nodes: [{{id: a, {WRONG}, {AGAIN % 3}}}]", TWO % "on_error: fail")],
        World(LOSERS, acts={"q": slow(10)}).start(),
        World(CLEANED % (AGAIN % 2), acts={"a": fails(times=1)}).start(),
        World(CLEANED % "timeouts: {start_to_close: 10ms, schedule_to_close: 20ms}", acts={"a": slow(100), "z": slow(50)}).start(),
        World((CLEANED % "on_error: fail") + "\nsettings: {on_failure: fail}", acts={"a": fails(), "z": slow(50)}).start(),
        World(CLEANED % "on_error: incident", acts={"a": slow(100)}).at(5, c.CancelExecution()).start(),
        World(
            "nodes: [{id: s, type: sub_workflow, config: {workflow: child}, %s}]" % (AGAIN % 2),
            {"child": "nodes: [{id: a, type: bad}]\nsettings: {on_failure: fail}"},
        ).start(),
    ]


def debugged(definition: str) -> World:
    """It halts at each failure, for a millisecond."""
    return World(definition, acts={"s": slow(10)}).start({}, breakpoints=(Breakpoint("failure", timeout_ms=1),))


def taken(world: World) -> set[Transition]:
    return {transition for subject in world.subjects.values() for transition in subject.taken}


def test_the_table_is_what_histories_take() -> None:
    found = {transition for world in [*worlds(), *map(of_row, CASES)] for transition in taken(world)}
    assert (found - TABLE, TABLE - found) == (set(), set())
