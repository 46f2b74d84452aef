"""The calls of an agent's turn: what the model has asked for is looked at, and runs, so many at a time. No definition names this kind.

    start ─► for each call: is there such a tool, may it be called again, can its arguments be read, do they match?
          ─► no: the model is told, and nothing runs        ─► yes: its body begins (`helper[2]/call[0]`)
             people are asked first, where a rule says so:     approval ─► approved: the tool, with the arguments as they were edited
                                                                        └► else: the call fails with `ai.denied`
          ─► all have a result: the node completes, and passes on the answer

Whatever becomes of a call, the agent notes a result of it (`facts/agents.py`).
"""

from __future__ import annotations

from typing import Any, Final

from contracts.conversation import CALLS_MAX, Call, arguments_of, calls_in
from contracts.errors import ExpressionError, InvalidInput
from contracts.events import Ending, NodeStarted
from contracts.failure import Failure
from contracts.value_check import is_deep
from contracts.values import decode, encode, is_reference
from domain.definition.graph import Agency, Tool
from domain.definition.input_schema import check
from domain.execution.deciding import Deciding, Ready
from domain.execution.facts.agents import DENIED
from domain.execution.kind import Kind
from domain.execution.memo import AgentMemo, CallsMemo
from domain.execution.moves.advance import start_node
from domain.execution.moves.budget import take_tool_calls
from domain.execution.moves.completion import complete
from domain.execution.moves.entry import enter_scope
from domain.execution.moves.failure import fail
from domain.execution.moves.stop import stop_run, stop_scope
from domain.execution.moves.turns import goes_on_later
from domain.execution.state import COMPLETED, NodeRun, Scope

PROBLEMS_TOLD_MAX: Final = 10
TOO_MANY: Final = "ai.too_many_calls"
Verdict = int | list[int] | dict[str, str]
"""Of a call: the number of its tool, with that of the rule by which people are asked; or what the model is told instead."""


class Calls(Kind):
    """Runs what a model has asked for."""

    name = "refold.calls"
    summary = "runs the tools that a model has asked for"
    category = "ai"
    icon = "wrench"
    is_container = True
    is_inline = False
    memo = "calls"

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """Look at each call; where there is none, the answer is the last one."""
        agency = ready.node.agency
        assert agency is not None
        calls = calls_in(ctx.load(ready.data))
        if not calls:
            complete(ctx, ready)
            return
        if len(calls) > CALLS_MAX:
            message = f"the model has called {len(calls)} tools in one answer; {CALLS_MAX} are the most (CALLS_MAX)"
            fail(ctx, ready, Failure(TOO_MANY, message, {"calls": len(calls)}))
            return
        verdicts = _judge(ctx, ready, agency, calls)
        asked = sum(not isinstance(verdict, dict) for verdict in verdicts)
        if (refusal := take_tool_calls(ctx, ready.node, ready.path, ready.attempt, asked)) is not None:
            fail(ctx, ready, refusal, retryable=False)
            return
        ctx.emit(NodeStarted(ready.path, ready.attempt, ready.recorded, encode(verdicts), len(calls), agency.agent.config.parallel))
        self._go_on(ctx, ctx.state.runs[ready.path])

    def _go_on(self, ctx: Deciding, run: NodeRun) -> None:
        """Begin further calls, or complete when each has its result."""
        memo = memo_of(run)
        while run.status == "active" and memo.open < memo.concurrency:
            index = next((i for i in range(memo.entered, len(memo.verdicts)) if not isinstance(memo.verdicts[i], dict)), None)
            if index is None:
                break
            if goes_on_later(ctx, run):
                return
            self._begin(ctx, run, memo, index)
        if memo.open == 0 and run.status == "active":
            complete(ctx, run)

    def _begin(self, ctx: Deciding, run: NodeRun, memo: CallsMemo, index: int) -> None:
        """A call begins: with who is asked about it, or with its tool."""
        given = None
        if is_reference(run.data):
            given = ctx.stash(arguments_of(calls_in(ctx.load(run.data))[index]))
        enter_scope(ctx, run.path, "[]", index, given)
        scope, agency = ctx.state.scopes[f"{run.path}[{index}]"], ctx.graph.nodes[run.node].agency
        assert agency is not None
        verdict = memo.verdicts[index]
        node = agency.approvals[verdict[1]].node if isinstance(verdict, list) else agency.tools[int(verdict)].node  # type: ignore[arg-type]  # a number
        start_node(ctx, scope, node)

    def on_timer(self, ctx: Deciding, run: NodeRun, purpose: str) -> None:
        """The next turn has come."""
        self._go_on(ctx, run)

    def handles(self, ctx: Deciding, run: NodeRun, scope: Scope, failure: Failure) -> bool:
        """The model is told of what fails, unless that is to be the agent's own failure."""
        return _is_told(ctx, run, failure)

    def on_scope_left(self, ctx: Deciding, run: NodeRun, scope: Scope, ending: Ending, output: bytes) -> None:
        """A call has ended."""
        is_told = ending.status == "failed" and ending.failure is not None and _is_told(ctx, run, ending.failure)
        if ending.status in ("completed", "cancelled") or is_told:
            self._go_on(ctx, run)
        else:
            stop_run(ctx, run, ending)


class ApprovedCalls(Calls):
    """The same, where people are asked about some."""

    name = "refold.approved_calls"
    hears_ends = True

    def on_ended(self, ctx: Deciding, run: NodeRun, path: str) -> None:
        """Somebody has decided about a call: its tool begins, or the call is denied."""
        around, _, name = path.rpartition("/")
        scope, agency = ctx.state.scopes.get(around), ctx.graph.nodes[run.node].agency
        if scope is None or agency is None or scope.owner != run.path or scope.ending is not None:
            return
        verdict = memo_of(run).verdicts[scope.index]
        if not isinstance(verdict, list) or agency.approvals[verdict[1]].node.id != name:
            return
        asked, tool = agency.approvals[verdict[1]].node, agency.tools[verdict[0]]
        end = scope.ended.get(asked.index)
        if scope.nodes[asked.index] == COMPLETED and end is not None and end.output is not None:
            self._heed(ctx, scope, tool, ctx.parse(end.output))

    def _heed(self, ctx: Deciding, scope: Scope, tool: Tool, answer: dict[str, Any]) -> None:
        if answer.get("outcome") != "approved":
            _deny(ctx, scope, tool, answer)
            return
        edited = ctx.keep(answer.get("content"))
        if (problem := _unfit(tool, answer.get("content"), edited)) is not None:
            stop_scope(ctx, scope, Ending("failed", Failure(DENIED, f"the arguments as they were edited do not fit: {problem}")))
        else:
            start_node(ctx, scope, tool.node, edited)


def memo_of(run: NodeRun) -> CallsMemo:
    """The notes of the calls."""
    assert isinstance(run.memo, CallsMemo), f"{run.path} are no calls"
    return run.memo


def _is_told(ctx: Deciding, run: NodeRun, failure: Failure) -> bool:
    agency = ctx.graph.nodes[run.node].agency
    return failure.type == DENIED or (agency is not None and agency.agent.config.on_tool_error == "tell")


def _deny(ctx: Deciding, scope: Scope, tool: Tool, answer: dict[str, Any]) -> None:
    people = ", ".join(one["by"] for one in answer.get("answers", ())) or "nobody"
    why = "nobody has answered in time" if answer.get("by_itself") == "timeout" else f"denied by {people}"
    comment = answer.get("comment") or ""
    message = f"`{tool.name}` was not called: {why}{f': {comment}' if comment else ''}"
    stop_scope(ctx, scope, Ending("failed", Failure(DENIED, message, {"outcome": answer.get("outcome")})))


# What is found about each call.


def _judge(ctx: Deciding, ready: Ready, agency: Agency, calls: tuple[Call, ...]) -> list[Verdict]:
    memo = ctx.state.runs[ready.scope.owner].memo
    assert isinstance(memo, AgentMemo)
    asked, found = dict(memo.asked), list[Verdict]()
    for call in calls:
        verdict = _verdict(ctx, ready, agency, call, asked)
        if not isinstance(verdict, dict):
            number = verdict[0] if isinstance(verdict, list) else verdict
            asked[number] = asked.get(number, 0) + 1
        found.append(verdict)
    return found


def _verdict(ctx: Deciding, ready: Ready, agency: Agency, call: Call, asked: dict[int, int]) -> Verdict:
    number = agency.by_name.get(call.name)
    if number is None:
        there = ", ".join(agency.by_name) or "none"
        return _told("ai.tool_unknown", f"there is no tool {call.name[:100]!r}; there are: {there}")
    tool = agency.tools[number]
    if tool.max_calls is not None and asked.get(number, 0) >= tool.max_calls:
        return _told("ai.tool_limit", f"`{tool.name}` may be called {tool.max_calls} times, and was")
    try:
        content = arguments_of(call)
    except InvalidInput as error:
        return _told("ai.arguments", f"the arguments are not JSON: {str(error)[:300]}")
    arguments = decode(content)
    if (problem := _unfit(tool, arguments, content)) is not None:
        return _told("ai.arguments", f"the arguments do not match the schema of `{tool.name}`: {problem}")
    try:
        rule = _rule(ctx, ready, agency, tool, arguments)
    except ExpressionError as error:
        return _told(DENIED, f"whether `{tool.name}` may be called cannot be told: {str(error)[:300]}")
    return number if rule is None else [number, rule]


def _unfit(tool: Tool, arguments: Any, content: bytes) -> str | None:
    """Why arguments reach no tool; None where they may."""
    if not isinstance(arguments, dict):
        return "expected an object"
    if is_deep(content):
        return "they are nested too deep"
    try:
        check(tool.schema, arguments, len(content))
    except InvalidInput as error:
        return "; ".join(f"{one.path or '(the whole)'}: {one.message}" for one in error.problems[:PROBLEMS_TOLD_MAX])
    return None


def _rule(ctx: Deciding, ready: Ready, agency: Agency, tool: Tool, arguments: Any) -> int | None:
    """The first rule by which people are asked about the call. Raises ExpressionError."""
    for number, rule in enumerate(agency.approvals):
        if tool.name not in rule.tools:
            continue
        if rule.when is None:
            return number
        holds = ctx.evaluate(rule.when, ctx.frame(ready).having(args=arguments))
        if not isinstance(holds, bool):
            raise ExpressionError(f"expected true or false, found {holds!r}")
        if holds:
            return number
    return None


def _told(type_: str, message: str) -> dict[str, str]:
    return {"type": type_, "message": message}
