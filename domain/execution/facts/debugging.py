"""What the facts about breakpoints and halts mean."""

from __future__ import annotations

from typing import Final

from contracts import events as e
from contracts.commands import ChangeBreakpoints, ChangeHalted, ReleaseHalt
from contracts.debugging import HALT_MS_DEFAULT, STEPS, Breakpoint, Halts
from domain.definition.graph import Graph
from domain.execution.breakpoints import means
from domain.execution.debugged import HALT, STEP, STEPS_MAX, Debugged, Halt, Step
from domain.execution.facts.runs import PURPOSES, Applier, Cause
from domain.execution.paths import locate
from domain.execution.state import Execution, NodeRun

_OF_THE_ATTEMPT: Final = tuple(one for one in PURPOSES if one != ":schedule_to_close")
"""The timers of a node that end as it halts; what spans all its attempts stays."""


def halt(graph: Graph, state: Execution, run: NodeRun, event: e.NodeHalted, cause: Cause) -> None:
    """A node stands from now on, before it begins or as it has failed."""
    debugged = state.debugged = state.debugged or Debugged()
    run.status, run.ending = "queued", None
    for purpose in _OF_THE_ATTEMPT:
        state.timers.pop(run.path + purpose, None)
    if run.path in state.waiting:
        state.waiting.remove(run.path)
    halts, timeout_ms, by = _reason(debugged, event.breakpoint)
    if (step := debugged.steps.get(event.breakpoint.removeprefix(STEP))) is not None and not step.hit:
        step.hit = state.version
    come = [name for name, one in debugged.breakpoints.items() if one.once and means(one, graph.nodes[run.node], run.path)]
    for name in come:
        del debugged.breakpoints[name]
    if debugged.changed == event.breakpoint:
        debugged.changed = ""
    debugged.halts[run.path] = Halt(
        run.path, state.version, cause.now, event.breakpoint, halts, by, timeout_ms, event.failed, event.detail, state.version
    )


def _reason(debugged: Debugged, name: str) -> tuple[Halts, int, str]:
    """What halts by a breakpoint or a step of this name, how long, and who has asked for it."""
    for one in (
        debugged.steps.get(name.removeprefix(STEP)) if name.startswith(STEP) else debugged.breakpoints.get(name),
        next((other for other in debugged.halts.values() if other.breakpoint == name), None),
    ):
        if one is not None:
            return one.halts, one.timeout_ms, one.by
    return "branch", HALT_MS_DEFAULT, ""


def note_change(debugged: Debugged, event: e.VariableSet, before: bytes | None, cause: Cause) -> None:
    """A variable has a value: where it had another one, and not a person has changed it at a halt, a breakpoint may be about that."""
    name = f"change:{event.name}"
    is_by_person = isinstance(cause.command, ChangeHalted)
    if before is not None and before != event.value and name in debugged.breakpoints and not is_by_person:
        debugged.changed = name


def _breakpoints_changed(graph: Graph, state: Execution, event: e.BreakpointsChanged, cause: Cause) -> None:
    command = cause.command
    assert isinstance(command, ChangeBreakpoints)
    debugged = state.debugged = state.debugged or Debugged()
    if "*" in command.removed:
        debugged.breakpoints, debugged.steps, debugged.changed = {}, {}, ""
    for name in command.removed:
        debugged.breakpoints.pop(name, None)
    debugged.set(command.set)


def _halt_ended(graph: Graph, state: Execution, event: e.HaltEnded, cause: Cause) -> None:
    debugged, command, run = state.debugged, cause.command, state.runs.get(event.path)
    if debugged is None:
        return
    by = command.by if isinstance(command, ReleaseHalt) else ""
    over = debugged.over(event.path, cause.now, event.how, by)
    state.timers.pop(f"{event.path}:{HALT}", None)
    if over is None or not isinstance(command, ReleaseHalt):
        return
    debugged.steps = {path: step for path, step in debugged.steps.items() if not step.hit and path != event.path}
    if event.how == "to":
        debugged.set((Breakpoint("begin", command.target, "", over.halts, over.timeout_ms, True, by),))
    elif event.how in STEPS and run is not None and len(debugged.steps) < STEPS_MAX:
        debugged.steps[event.path] = Step(command.action, event.path, run.scope, run.node, over.halts, over.timeout_ms, by)


def _halt_changed(graph: Graph, state: Execution, event: e.HaltChanged, cause: Cause) -> None:
    command, run = cause.command, state.runs.get(event.path)
    assert isinstance(command, ChangeHalted)
    if run is not None and command.data is not None:
        run.data = command.data
    for path, output in command.results:
        scope, node = locate(graph, state, path)
        scope.ended[node.index].output = output
    if state.debugged is not None and (found := state.debugged.halts.get(event.path)) is not None:
        found.seen, found.changed_by = state.version, command.by


APPLIERS: Final[dict[type, Applier]] = {
    e.BreakpointsChanged: _breakpoints_changed,
    e.HaltEnded: _halt_ended,
    e.HaltChanged: _halt_changed,
}
