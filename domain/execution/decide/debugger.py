"""Debugging: people set breakpoints, look at a halt, change what is seen there, and let it go on. Who acts first is heard."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from contracts import commands as c
from contracts import events as e
from contracts.debugging import BREAKPOINTS_MAX, HALT_MS_MAX, Breakpoint
from contracts.errors import ExpressionError, InvalidInput, Problem, Rejected
from contracts.times import rfc3339
from contracts.value_check import DEPTH_MAX, is_deep
from domain.definition.findings import nearest
from domain.definition.graph import Graph
from domain.execution.breakpoints import EVERY
from domain.execution.debugged import Debugged, Halt
from domain.execution.decide.life import take_all_up
from domain.execution.deciding import Deciding, Handler
from domain.execution.moves import debugging, incidents
from domain.execution.paths import node_in_definition, node_named, plain_path
from domain.execution.state import Ended, NodeRun
from domain.expressions import SOURCE_CHARS_MAX, program

_NONE: Final = Debugged()
SEEN: Final = ("input", "data", "vars", "nodes", "iteration", "trigger", "execution", "error")
"""What the condition of a breakpoint may name; `error` where it is about a failure."""


def check_breakpoints(graph: Graph, breakpoints: Iterable[Breakpoint]) -> None:
    """Raise InvalidInput with what is wrong: a node or a variable that there is not, a condition that cannot be asked, no such time."""
    problems: list[Problem] = []
    for index, one in enumerate(breakpoints):
        at = f"/breakpoints/{index}"
        if one.on == "change":
            _check_variable(graph, one, f"{at}/variable", problems)
        else:
            _check_node(graph, one.target, f"{at}/node", problems)
        if one.condition:
            _check_condition(one, f"{at}/if", problems)
        if not 1 <= one.timeout_ms <= HALT_MS_MAX:
            said = f"a halt lasts from 1 ms to a week ({HALT_MS_MAX:,} ms), found {one.timeout_ms:,}"
            problems.append(Problem(f"{at}/timeout", "range", said, "give a shorter one, such as 1h"))
    if problems:
        raise InvalidInput(problems)


def _check_variable(graph: Graph, one: Breakpoint, at: str, problems: list[Problem]) -> None:
    declared = {name: None for body in graph.bodies for name in body.variables}
    if one.target not in declared:
        said = f"workflow {graph.name} declares no variable {one.target[:200]!r}"
        problems.append(Problem(at, "unknown_variable", said, _meant(one.target, declared)))


def _check_node(graph: Graph, target: str, at: str, problems: list[Problem]) -> None:
    """What is below a `sub_workflow` is a node of its child, of which nothing is known here."""
    known = [node_in_definition(one) for one in graph.nodes if not one.body.is_hidden]
    if target in EVERY or target in map(plain_path, known):
        return
    around = target
    while around:
        node = node_named(graph, around)
        if node is not None and (around == target or node.kind.name == "sub_workflow"):
            return
        around = around.rpartition("/")[0]
    said = f"workflow {graph.name} has no node {target[:200]!r}"
    problems.append(Problem(at, "unknown_node", said, _meant(target, known)))


def _meant(word: str, known: Iterable[str]) -> str:
    names = list(known)
    near = nearest(word[:200], names)
    return f"did you mean {near}?" if near else f"it has {', '.join(names[:20]) or 'none'}"


def _check_condition(one: Breakpoint, at: str, problems: list[Problem]) -> None:
    fix = "write an expression that is true or false, such as `data.amount > 100`"
    if len(one.condition) > SOURCE_CHARS_MAX:
        problems.append(Problem(at, "expression", f"it has {len(one.condition):,} characters; {SOURCE_CHARS_MAX:,} are allowed", fix))
        return
    found = program(one.condition)
    try:
        said = found.check()
    except ExpressionError as error:
        said = [str(error)]
    seen = SEEN if one.on == "failure" else SEEN[:-1]
    unseen = sorted({reference.root for reference in found.references} - set(seen)) if not said else []
    said += [f"there is no `{root}` here: it sees {', '.join(seen)}" for root in unseen]
    problems += [Problem(at, "expression", text, fix) for text in said[:1]]


def _change_breakpoints(ctx: Deciding, command: c.ChangeBreakpoints) -> None:
    check_breakpoints(ctx.graph, command.set)
    debugged = ctx.state.debugged or _NONE
    known = debugged.breakpoints
    for name in command.removed:
        if name != "*" and name not in known:
            said = f"there is no breakpoint {name[:200]}; there are: {', '.join(known) or 'none'}"
            raise Rejected("unknown_breakpoint", said, breakpoint=name[:200])
    left = {} if "*" in command.removed else {name: one for name, one in known.items() if name not in command.removed}
    after = {**left, **{one.name: one for one in command.set}}
    if len(after) > BREAKPOINTS_MAX:
        raise Rejected("too_many_breakpoints", f"it would have {len(after)} breakpoints; {BREAKPOINTS_MAX} are allowed")
    if after != known or ("*" in command.removed and debugged.steps):
        ctx.emit(e.BreakpointsChanged())


def _halt(ctx: Deciding, path: str, at: int) -> Halt:
    """The halt that a person means. Raises Rejected where it is over, or not as they have seen it, and says what has happened."""
    debugged = ctx.state.debugged or _NONE
    halt = debugged.halts.get(path)
    if halt is None:
        raise _over(ctx, debugged, path)
    if at and at < halt.at:
        raise _over(ctx, debugged, path, "; it halts there again")
    if at and at < halt.seen:
        said = f"{halt.changed_by or 'somebody'} has changed what {path} sees since: look again"
        raise Rejected("halt_changed", said, path=path, at=halt.seen, by=halt.changed_by)
    if at > halt.seen:
        raise Rejected("unknown_halt", f"the halt at {path} is that of event {halt.seen}, not of {at}", path=path, at=halt.seen)
    return halt


def _over(ctx: Deciding, debugged: Debugged, path: str, more: str = "") -> Rejected:
    over = next((one for one in reversed(debugged.ended) if one.path == path), None)
    if over is None:
        stands = ", ".join(debugged.halts) or "nowhere"
        return Rejected("not_halted", f"execution {ctx.state.execution} does not halt at {path}; it halts {stands}", path=path)
    who = f"by {over.by} " if over.by else ""
    said = f"the halt at {path} is over {who}since {rfc3339(over.ended_at)}: {over.how}{more}"
    return Rejected("not_halted", said, path=path, how=over.how, by=over.by, ended_at=over.ended_at)


def _release(ctx: Deciding, command: c.ReleaseHalt) -> None:
    state = ctx.state
    debugged = state.debugged or _NONE
    all_seen = [halt for halt in debugged.halts.values() if not command.at or halt.at <= command.at]
    halts = [_halt(ctx, command.path, command.at)] if command.path else all_seen
    if not halts:
        raise Rejected("not_halted", f"execution {state.execution} halts nowhere")
    if state.paused and not debugging.is_paused_by_halt(state):
        raise Rejected("is_paused", f"execution {state.execution} is paused: resume it first", status=state.status)
    _check_action(ctx, command, halts)
    for halt in halts:
        debugging.release(ctx, halt.path, command.action)


def _check_action(ctx: Deciding, command: c.ReleaseHalt, halts: list[Halt]) -> None:
    """Raise Rejected, or InvalidInput, for what cannot be done at a halt."""
    action = command.action
    if not command.path and action != "continue":
        raise Rejected("no_node", f"{action} is about one node: say at which of {', '.join(halt.path for halt in halts)}")
    if action == "retry" and halts[0].failed is None:
        raise Rejected("not_failed", f"{command.path} has not failed: it has not begun", path=command.path)
    if action == "to":
        problems: list[Problem] = []
        _check_node(ctx.graph, command.target or "?", "/to", problems)
        if problems:
            raise InvalidInput(problems)
    if action == "complete":
        ports = ctx.graph.nodes[ctx.state.runs[command.path].node].ports
        if command.port is not None and command.port not in ports:
            raise Rejected("bad_port", f"{command.path} has no port {command.port[:200]}; it has {', '.join(ports) or 'none'}")
        _check_value(command.output, "output")


def _check_value(value: bytes | None, what: str) -> None:
    if value is not None and is_deep(value):
        raise InvalidInput([Problem(f"/{what}", "depth", f"the value is nested deeper than {DEPTH_MAX} levels")])


def _change(ctx: Deciding, command: c.ChangeHalted) -> None:
    _halt(ctx, command.path, command.at)
    run = ctx.state.runs[command.path]
    changes = incidents.changed_variables(ctx, run, command.variables)
    _check_value(command.data, "data")
    for path, value in command.results:
        _check_value(value, f"results/{path}")
        _ended(ctx, path)
    if not _is_other(ctx, command, run, changes):
        return
    ctx.emit(e.HaltChanged(command.path))
    for scope, name, value in changes:
        ctx.emit(e.VariableSet(scope, name, value))
    ctx.changed = True


def _is_other(ctx: Deciding, command: c.ChangeHalted, run: NodeRun, changes: list[tuple[str, str, bytes]]) -> bool:
    """Whether anything is to be otherwise than it is."""
    state = ctx.state
    return (
        any(state.scopes[scope].variables[name] != value for scope, name, value in changes)
        or (command.data is not None and command.data != run.data)
        or any(_ended(ctx, path).output != value for path, value in command.results)
    )


def _ended(ctx: Deciding, path: str) -> Ended:
    """What is kept of a node that has ended. Raises InvalidInput where that is no output that somebody may still read."""
    around, _, name = path.rpartition("/")
    scope = ctx.state.scopes.get(around)
    index = None if scope is None else ctx.graph.bodies[scope.body].index_of.get(name.partition("#")[0])
    end = None if scope is None or index is None else scope.ended.get(index)
    if end is None or end.output is None:
        said = f"{path[:200]} has no output here: it has not ended, or everybody who reads it has begun"
        fix = "change `data` of the halted node, which is what it goes on with"
        raise InvalidInput([Problem(f"/results/{path[:200]}", "no_output", said, fix)])
    return end


def go_on(ctx: Deciding) -> None:
    """Halts are over by this decision's command: an execution that was paused for them goes on with what arrived, and so do their nodes."""
    state, debugged = ctx.state, ctx.state.debugged
    whole = debugged is not None and any(halt.halts == "all" for halt in debugged.halts.values())
    held = None
    if debugging.is_paused_by_halt(state) and not whole:
        held = list(state.held)
        ctx.emit(e.ExecutionResumed())
    released, ctx.released = ctx.released, ()
    for halt, how in released:
        if not state.ended_at:
            debugging.go_on(ctx, halt, how)
    if held is not None and not state.ended_at:
        take_all_up(ctx, held)


HANDLERS: Final[dict[type, Handler]] = {
    c.ChangeBreakpoints: _change_breakpoints,
    c.ReleaseHalt: _release,
    c.ChangeHalted: _change,
}
