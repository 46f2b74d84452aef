# ruff: noqa: E501 - a node of a definition stands on one line
"""Debugging: an execution halts where it was told to, people look and change, and it goes on as if it had never halted."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import commands as c
from contracts import events as e
from contracts import values
from contracts.debugging import HALT_MS_DEFAULT, Breakpoint
from contracts.errors import InvalidInput
from tests.domain.spec import START_MS, Spec, World, create, fails, never, signal, slow

TWO = "nodes: [{id: a, type: a}, {id: b, type: b}]\nedges: [{from: a, to: b}]"
FAN = "nodes: [{id: s, type: s}, {id: a, type: a}, {id: b, type: b}, {id: y, type: y}, {id: z, type: z}]\nedges: [{from: s, to: a}, {from: s, to: b}, {from: a, to: y}, {from: b, to: z}]"
LOOP = "nodes: [{id: each, type: for_each, config: {items: [1, 2, 3], body: {nodes: [{id: work, type: work}, {id: more, type: more}], edges: [{from: work, to: more}]}}}, {id: z, type: z}]\nedges: [{from: each, to: z}]"
SET = "variables: {n: 0}\nnodes: [{id: a, type: set_variable, config: {name: n, value: 0}}, {id: b, type: set_variable, config: {name: n, value: 1}}, {id: c, type: c}, {id: d, type: transform, config: {operation: value, value: '{{ vars.n }}'}}]\nedges: [{from: a, to: b}, {from: b, to: c}, {from: c, to: d}]"
RETRIED = "nodes: [{id: a, type: bad, retry: {max_attempts: 3, initial_delay: 1h, jitter: 0}}, {id: b, type: b}]\nedges: [{from: a, to: b}]"
HOUR = HALT_MS_DEFAULT


def halts_at(*breakpoints: Breakpoint | str) -> tuple[Breakpoint, ...]:
    return tuple(Breakpoint(target=one, by="Ada") if isinstance(one, str) else one for one in breakpoints)


def world(definition: str, *breakpoints: Breakpoint | str, given: Any = None, children: Any = None, **acts: Any) -> World:
    """An execution that has come to its first halt, within a second."""
    return World(definition, children, acts).start_paused_in_time(1_000, given, breakpoints=halts_at(*breakpoints))


def halted(here: World, execution: str = "x") -> list[str]:
    debugged = here.state(execution).debugged
    return [] if debugged is None else list(debugged.halts)


def do(here: World, path: str = "", action: Any = "continue", within_ms: int = 1_000, execution: str = "x", **more: Any) -> World:
    """What a person does at a halt, and what comes of it within a second."""
    here.at(here.now - START_MS, c.ReleaseHalt(path, action, by="Bob", **more), execution=execution)
    return here.go_on(here.now - START_MS + within_ms)


def refusal(here: World) -> str:
    return here.rejections[-1][1].reason


def test_it_halts_before_a_node_and_goes_on_where_somebody_lets_it() -> None:
    here = world(TWO, "b")
    assert (here.ran, halted(here), here.status, here.waits) == (["a"], ["b"], "running", ["halt b"])
    assert (do(here, "b").ran, here.status) == (["a", "b"], "completed")
    assert here.events(e.HaltEnded) == [e.HaltEnded("b", "continue")]


def test_a_halt_ends_by_itself_when_its_time_is_up() -> None:
    done = World(TWO).start(breakpoints=halts_at("b"))
    assert (done.status, done.took_ms, done.events(e.HaltEnded)) == ("completed", HOUR, [e.HaltEnded("b", "timeout")])


def test_only_the_branch_halts_unless_all_are_to() -> None:
    assert (world(FAN, "a").ran, halted(world(FAN, "a"))) == (["s", "b", "z"], ["a"])
    whole = world(FAN, Breakpoint(target="a", halts="all"))
    assert (whole.ran, halted(whole), whole.status) == (["s"], ["a", "b"], "paused")
    assert (do(whole, "a").status, sorted(whole.ran)) == ("completed", ["a", "b", "s", "y", "z"])


def test_where_all_halts_what_arrives_is_taken_up_afterwards() -> None:
    whole = world(FAN, Breakpoint(target="y", halts="all"), b=slow(10))
    assert (whole.ran, whole.status, len(whole.events(e.CommandHeld))) == (["s", "a", "b"], "paused", 1)
    assert do(whole, "y").status == "completed"
    late = World(FAN, acts={"b": slow(10)}).start(breakpoints=halts_at(Breakpoint(target="y", halts="all")))
    assert (late.status, late.took_ms) == ("completed", HOUR)


def test_to_resume_an_execution_is_to_let_all_go_on_that_it_is_paused_for() -> None:
    whole = world(FAN, Breakpoint(target="a", halts="all"))
    assert whole.send(c.ResumeExecution()).status == "completed"


def test_a_pause_of_a_person_stays_when_a_halt_is_over() -> None:
    whole = world(FAN, Breakpoint(target="a", halts="all", timeout_ms=5_000))
    whole.send(c.PauseExecution("wait"))
    assert (whole.status, whole.state().reason) == ("paused", "wait")
    assert (refusal(do(whole, "a")), whole.status) == ("is_paused", "paused")
    assert whole.send(c.ResumeExecution()).status == "completed"


def test_a_condition_says_when_a_breakpoint_holds() -> None:
    here = world(LOOP, Breakpoint(target="each/work", condition="iteration.item == 2"))
    assert halted(here) == ["each[1]/work"]
    assert do(here, "each[1]/work").status == "completed"
    assert world(TWO, Breakpoint(target="b", condition="data.n > 3"), given={"n": 3}).status == "completed"


@pytest.mark.parametrize("condition", ["data.nothing", "data", "1"])
def test_a_condition_that_cannot_be_asked_halts_and_says_so(condition: str) -> None:
    here = world(TWO, Breakpoint(target="b", condition=condition), given={"n": 3})
    (event,) = here.events(e.NodeHalted)
    assert (event.path, event.breakpoint, condition in event.detail) == ("b", "b", True)


def test_it_halts_at_a_failure_before_that_leads_to_anything() -> None:
    here = world(RETRIED, Breakpoint("failure"))
    assert (halted(here), here.waits, here.events(e.NodeRetried)) == (["a"], ["halt a"], [])
    do(here, "a")
    assert here.events(e.NodeRetried)[0].failure.type == "boom"


def test_a_failed_attempt_is_made_again_or_completed_by_a_person() -> None:
    here = world(RETRIED, Breakpoint("failure", "a", "error.type == 'boom'"), bad=fails(times=1))
    assert (do(here, "a", "retry").status, here.ran) == ("completed", ["a", "a@2", "b"])
    given = world(RETRIED, Breakpoint("failure"))
    assert (do(given, "a", "complete", output=b'{"n":1}').status, given.ran, given.output) == ("completed", ["a", "b"], {"n": 1})
    assert [event.source for event in given.events(e.NodePinned)] == ["Bob, debugging"]


def test_a_container_halts_by_a_failure_in_it_only_once_its_body_has_ended() -> None:
    definition = "settings: {on_failure: fail}\nnodes: [{id: p, type: parallel, config: {branches: {one: {nodes: [{id: f, type: bad}]}, two: {nodes: [{id: s, type: never}]}}}}]"
    here = world(definition, Breakpoint("failure", "p"))
    assert (halted(here), list(here.state().runs)) == (["p"], ["p"])
    assert do(here, "p").status == "failed"


def test_what_was_decided_inline_and_failed_halts_too() -> None:
    here = world("nodes: [{id: a, type: transform, config: {operation: value, value: '{{ input.no }}'}}]", Breakpoint("failure"), given={})
    assert halted(here) == ["a"]
    assert (do(here, "a", "complete", output=b"7").output, here.status) == (7, "completed")


def test_a_time_limit_of_all_attempts_ends_a_halt() -> None:
    definition = "settings: {on_failure: fail}\nnodes: [{id: a, type: bad, timeouts: {schedule_to_close: 5s}}]"
    here = world(definition, Breakpoint("failure"))
    assert (here.go_on(6_000).status, here.events(e.HaltEnded)) == ("failed", [])


def test_a_variable_with_another_value_halts_whatever_begins_next() -> None:
    here = world(SET, Breakpoint("change", "n"))
    assert (halted(here), here.events(e.NodeHalted)[0].breakpoint) == (["c"], "change:n")
    assert (do(here, "c").status, here.output) == ("completed", 1)
    assert world(SET, Breakpoint("change", "n", "vars.n > 1")).status == "completed"


def test_a_person_changes_variables_data_and_results() -> None:
    definition = "variables: {n: 0}\nnodes: [{id: a, type: a}, {id: b, type: b}, {id: c, type: transform, config: {operation: value, value: ['{{ vars.n }}', '{{ nodes.a.output }}', '{{ nodes.b.output }}']}}]\nedges: [{from: a, to: b}, {from: b, to: c}]"
    here = world(definition, "b", given=1)
    here.at(1_000, c.ChangeHalted("b", b'{"n":5}', b'"data"', (("a", b'"result"'),), by="Bob")).go_on(1_500)
    assert (here.paths(e.HaltChanged), here.events(e.VariableSet)[-1]) == (["b"], e.VariableSet("", "n", b"5"))
    assert do(here, "b").output == [5, "result", "data"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (c.ChangeHalted("b", b'{"no":1}'), "unknown_variable"),
        (c.ChangeHalted("b", b"[]"), "input.invalid"),
        (c.ChangeHalted("a", data=b"1"), "not_halted"),
        (c.ReleaseHalt("b", "retry"), "not_failed"),
        (c.ReleaseHalt("b", "complete", port="nowhere"), "bad_port"),
        (c.ReleaseHalt("", "over"), "no_node"),
        (c.ReleaseHalt("b", at=1), "not_halted"),
        (c.ReleaseHalt("b", at=2**62), "unknown_halt"),
        (c.ChangeBreakpoints(removed=("no",)), "unknown_breakpoint"),
        (
            c.ChangeBreakpoints(
                tuple(Breakpoint("change", "n", by=str(n)) if n < 0 else Breakpoint(target="b", condition=str(n)) for n in range(1))
            ),
            "",
        ),
    ],
)
def test_what_cannot_be_done_at_a_halt_is_refused(change: c.Command, reason: str) -> None:
    spec = Spec(TWO, created=False)
    spec.given(create(breakpoints=halts_at("b")), c.CompleteActivity("a", 1, b"1")).when(change)
    if reason:
        spec.then_rejected(reason)
    else:
        spec.then(e.BreakpointsChanged())


@pytest.mark.parametrize(
    "one",
    [
        Breakpoint(target="nowhere"),
        Breakpoint(target="a/b"),
        Breakpoint("change", "nothing"),
        Breakpoint(target="a", condition="1 +"),
        Breakpoint(target="a", condition="error.type == 'x'"),
        Breakpoint(target="a", condition="1" * 100_000),
        Breakpoint(target="a", timeout_ms=0),
        Breakpoint(target="a", timeout_ms=2**64),
        Breakpoint(target="\ud800"),
    ],
)
def test_a_breakpoint_that_could_never_hold_is_refused(one: Breakpoint) -> None:
    spec = Spec(TWO).when(c.ChangeBreakpoints((one,)))
    assert isinstance(spec.rejected, InvalidInput)


def test_who_comes_second_is_told_what_has_happened() -> None:
    here = world(TWO, "b", b=never)
    at = here.state().debugged.halts["b"].seen  # type: ignore[union-attr]  # it is debugged
    here.at(1_000, c.ChangeHalted("b", data=b"7", at=at, by="Ada")).go_on(1_000)
    assert (refusal(do(here, "b", at=at)), here.rejections[-1][1].message) == (
        "halt_changed",
        "Ada has changed what b sees since: look again",
    )
    do(here, "b", at=here.state().debugged.halts["b"].seen)  # type: ignore[union-attr]  # it is debugged
    do(here, "b", at=at)
    assert here.rejections[-1][1].message.startswith("the halt at b is over by Bob since 1970-01-01T00:")
    assert here.rejections[-1][1].message.endswith(": continue")


# Steps.


def walked(here: World, action: Any, most: int = 20) -> list[str]:
    """Where one comes to, step by step."""
    found: list[str] = []
    while (now := halted(here)) and len(found) < most:
        found.append(now[0])
        do(here, now[0], action)
    assert here.status == "completed"
    return found


def test_a_step_over_comes_to_what_begins_next_behind_the_node() -> None:
    assert walked(world(LOOP, "each"), "over") == ["each", "z"]
    assert walked(world(FAN, "a"), "over") == ["a", "y"]


def test_a_step_into_comes_to_what_begins_in_its_body() -> None:
    inner = [f"each[{index}]/{node}" for index in range(3) for node in ("work", "more")]
    assert walked(world(LOOP, "each"), "into") == ["each", *inner, "z"]


def test_a_step_out_comes_to_what_begins_behind_what_is_around_it() -> None:
    first = Breakpoint(target="each[0]/work")
    assert walked(world(LOOP, first), "out") == ["each[0]/work", "each[1]/work", "each[2]/work", "z"]


def test_all_that_would_begin_by_a_step_halts() -> None:
    here = world(FAN, "s")
    do(here, "s", "over")
    assert halted(here) == ["a", "b"]


def test_one_runs_to_a_node_and_comes_there_once() -> None:
    here = world(LOOP, "each")
    assert halted(do(here, "each", "to", target="each/more")) == ["each[0]/more"]
    assert do(here, "each[0]/more").status == "completed"


def test_a_step_into_a_child_halts_before_its_first_node_and_what_is_below_a_child_halts_there() -> None:
    parent, child = "nodes: [{id: sub, type: sub_workflow, config: {workflow: kid}}, {id: z, type: z}]\nedges: [{from: sub, to: z}]", TWO
    here = world(parent, "sub", children={"kid": child})
    do(here, "sub", "into")
    (name,) = [execution for execution in here.subjects if execution != "x"]
    assert (halted(here), halted(here, name)) == ([], ["a"])
    do(here, "a", execution=name)
    assert (here.state(name).status, halted(here)) == ("completed", ["z"])
    below = world(parent, "sub/b", children={"kid": child})
    assert (halted(below), halted(below, name)) == ([], ["b"])


# Breakpoints of a living execution.


def test_breakpoints_are_set_and_taken_away_while_it_runs() -> None:
    here = World(TWO, acts={"a": slow(500)}).at(100, c.ChangeBreakpoints(halts_at("b"))).start_paused_in_time(1_000)
    assert halted(here) == ["b"]
    gone = World(TWO, acts={"a": slow(500)}).at(100, c.ChangeBreakpoints(halts_at("b"))).at(200, c.ChangeBreakpoints(removed=("b",)))
    assert gone.start_paused_in_time(1_000).status == "completed"


def test_a_breakpoint_set_twice_is_one_and_the_later_one_counts() -> None:
    spec = Spec(TWO).given(c.ChangeBreakpoints(halts_at("b"))).when(c.ChangeBreakpoints(halts_at("b"))).then()
    spec.when(c.ChangeBreakpoints(halts_at(Breakpoint(target="b", condition="false")))).then(e.BreakpointsChanged())
    assert len(spec.state.debugged.breakpoints) == 1  # type: ignore[union-attr]  # it is debugged


def test_there_is_an_end_to_breakpoints() -> None:
    nodes = ", ".join(f"{{id: n{number}, type: n}}" for number in range(102))
    spec = Spec(f"nodes: [{nodes}]").given(c.ChangeBreakpoints(halts_at(*(f"n{number}" for number in range(100)))))
    spec.when(c.ChangeBreakpoints(halts_at("n100"))).then_rejected("too_many_breakpoints")
    spec.when(c.ChangeBreakpoints(halts_at("n100"), ("*",))).then(e.BreakpointsChanged())


# What else happens meanwhile.


def test_what_halts_can_be_cancelled_and_terminated() -> None:
    for halts in ("branch", "all"):
        for command in (c.CancelExecution(), c.TerminateExecution()):
            here = world(FAN, Breakpoint(target="a", halts=halts))
            assert here.send(command).status in ("cancelled", "terminated")
            assert halted(here) == []


def test_clean_up_halts_nowhere() -> None:
    definition = "nodes: [{id: t, type: try, config: {body: {nodes: [{id: a, type: never}]}, finally: {nodes: [{id: z, type: z}]}}}]"
    here = world(definition, "t/z", "t.finally/z", Breakpoint(target="*", condition="false"))
    assert (here.send(c.CancelExecution()).status, here.ran) == ("cancelled", ["t.body/a", "t.finally/z"])


def test_a_signal_that_comes_during_a_halt_is_there_afterwards() -> None:
    here = world("nodes: [{id: a, type: a}, {id: w, type: wait_signal, config: {name: go}}]\nedges: [{from: a, to: w}]", "w")
    here.at(1_000, signal("go", 7))
    assert do(here.go_on(1_000), "w").output == 7


def test_a_mutex_is_held_at_a_halt_and_free_when_the_node_has_ended() -> None:
    here = world("nodes: [{id: a, type: a, mutex: m}, {id: b, type: b, mutex: m}]", "a")
    assert (here.ran, here.waits) == ([], ["halt a"])
    assert do(here, "a").ran == ["a", "b"]


def test_a_test_run_halts_too_and_is_given_what_is_pinned_afterwards() -> None:
    from contracts.pins import Pin, Plan

    here = World(TWO).start_paused_in_time(1_000, test=Plan({"b": (Pin(values.encode(9)),)}), breakpoints=halts_at("b"))
    assert (halted(here), do(here, "b").output, here.ran) == (["b"], 9, ["a"])
