"""The calls of an agent's turn: what the model has asked for is looked at, and runs, so many at a time. No definition names this kind.

    start ─► for each call: is there such a tool, may it be called again, can its arguments be read, do they match?
          ─► no: the model is told, and nothing runs        ─► yes: its body begins (`helper[2]/call[0]`)
             people are asked first, where a rule says so:     approval ─► approved: the tool, with the arguments as they were edited
                                                                        └► else: the call fails with `ai.denied`
          ─► all have a result: the node completes, and passes on the answer

Whatever becomes of a call, the agent notes a result of it (`facts/agents.py`).
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from contracts.conversation import CALLS_MAX, Call, arguments_of, calls_in
from contracts.errors import ExpressionError, InvalidInput
from contracts.events import Ending, NodeStarted
from contracts.failure import Failure
from contracts.server_tools import ServerTool, call_of
from contracts.value_check import is_deep
from contracts.values import decode, encode, is_reference
from domain.definition.graph import Agency, Node
from domain.definition.input_check import is_sound
from domain.definition.input_schema import check
from domain.execution.deciding import Deciding, Ready
from domain.execution.facts.agents import DENIED
from domain.execution.kind import Kind
from domain.execution.memo import AgentMemo, CallsMemo, Verdict, number_in, rule_in, server_tool_in
from domain.execution.moves.advance import start_node
from domain.execution.moves.budget import take_tool_calls
from domain.execution.moves.completion import complete
from domain.execution.moves.entry import enter_scope
from domain.execution.moves.failure import fail
from domain.execution.moves.stop import stop_run, stop_scope
from domain.execution.moves.turns import goes_on_later
from domain.execution.offers import UNKNOWN, offered
from domain.execution.state import COMPLETED, NodeRun, Scope

PROBLEMS_TOLD_MAX: Final = 10
TOO_MANY: Final = "ai.too_many_calls"


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
        verdict, given = memo.verdicts[index], None
        assert not isinstance(verdict, dict)
        rule, tool = rule_in(verdict), server_tool_in(verdict)
        if is_reference(run.data):
            arguments = arguments_of(calls_in(ctx.load(run.data))[index])
            given = ctx.stash(arguments if tool is None else call_of(tool, arguments))
        enter_scope(ctx, run.path, "[]", index, given)
        scope, agency = ctx.state.scopes[f"{run.path}[{index}]"], ctx.graph.nodes[run.node].agency
        assert agency is not None
        if rule is None:
            start_node(ctx, scope, agency.tools[number_in(verdict)].node)
        else:
            asked = None if tool is None else ctx.keep(ctx.parse(scope.input)["arguments"])
            start_node(ctx, scope, agency.approvals[rule].node, asked)

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
        rule = rule_in(verdict)
        if rule is None or isinstance(verdict, dict) or agency.approvals[rule].node.id != name:
            return
        asked = agency.approvals[rule].node
        end = scope.ended.get(asked.index)
        if scope.nodes[asked.index] == COMPLETED and end is not None and end.output is not None:
            memo = _agent_of(ctx, ctx.state.scopes[run.scope].owner)
            self._heed(ctx, scope, _called(ctx, agency, memo, verdict), ctx.parse(end.output))

    def _heed(self, ctx: Deciding, scope: Scope, callee: _Callee, answer: dict[str, Any]) -> None:
        if answer.get("outcome") != "approved":
            _deny(ctx, scope, callee, answer)
            return
        edited = ctx.keep(answer.get("content"))
        if (problem := _unfit(callee, answer.get("content"), edited)) is not None:
            stop_scope(ctx, scope, Ending("failed", Failure(DENIED, f"the arguments as they were edited do not fit: {problem}")))
        elif callee.at_server is None:
            start_node(ctx, scope, callee.node, edited)
        else:
            start_node(ctx, scope, callee.node, ctx.stash(call_of(callee.at_server, ctx.load(edited))))


class _Callee(NamedTuple):
    """What a call runs: what the model calls it, its node, the schema of its arguments (None: nobody here can check them).

    `at_server` is what a server calls it that has it.
    """

    name: str
    number: int
    node: Node
    schema: dict[str, Any] | None
    at_server: str | None = None


def _of_node(agency: Agency, number: int) -> _Callee:
    tool = agency.tools[number]
    return _Callee(tool.name, number, tool.node, tool.schema)


def _of_server(agency: Agency, tool: ServerTool) -> _Callee:
    number = agency.servers[tool.server]
    parameters = tool.parameters if is_sound(encode(tool.parameters)) else None
    return _Callee(tool.name, number, agency.tools[number].node, parameters, tool.tool)


def _called(ctx: Deciding, agency: Agency, memo: AgentMemo, verdict: int | list[int | str]) -> _Callee:
    """What is to be called, as it was decided."""
    number, at_server = number_in(verdict), server_tool_in(verdict)
    for tool in offered(ctx, agency, memo) if at_server is not None else ():
        if agency.servers[tool.server] == number and tool.tool == at_server:
            return _of_server(agency, tool)
    return _of_node(agency, number)


def memo_of(run: NodeRun) -> CallsMemo:
    """The notes of the calls."""
    assert isinstance(run.memo, CallsMemo), f"{run.path} are no calls"
    return run.memo


def _is_told(ctx: Deciding, run: NodeRun, failure: Failure) -> bool:
    agency = ctx.graph.nodes[run.node].agency
    return failure.type == DENIED or (agency is not None and agency.agent.config.on_tool_error == "tell")


def _deny(ctx: Deciding, scope: Scope, callee: _Callee, answer: dict[str, Any]) -> None:
    people = ", ".join(one["by"] for one in answer.get("answers", ())) or "nobody"
    why = "nobody has answered in time" if answer.get("by_itself") == "timeout" else f"denied by {people}"
    comment = answer.get("comment") or ""
    message = f"`{callee.name}` was not called: {why}{f': {comment}' if comment else ''}"
    stop_scope(ctx, scope, Ending("failed", Failure(DENIED, message, {"outcome": answer.get("outcome")})))


# What is found about each call.


def _judge(ctx: Deciding, ready: Ready, agency: Agency, calls: tuple[Call, ...]) -> list[Verdict]:
    memo = _agent_of(ctx, ready.scope.owner)
    asked, found, tools = dict(memo.asked), list[Verdict](), {one.name: one for one in offered(ctx, agency, memo)}
    for call in calls:
        verdict = _verdict(ctx, ready, agency, tools, call, asked)
        if not isinstance(verdict, dict):
            number = number_in(verdict)
            asked[number] = asked.get(number, 0) + 1
        found.append(verdict)
    return found


def _agent_of(ctx: Deciding, path: str) -> AgentMemo:
    memo = ctx.state.runs[path].memo
    assert isinstance(memo, AgentMemo)
    return memo


def _verdict(ctx: Deciding, ready: Ready, agency: Agency, tools: dict[str, ServerTool], call: Call, asked: dict[int, int]) -> Verdict:
    if call.name in agency.by_name:
        callee = _of_node(agency, agency.by_name[call.name])
    elif call.name in tools:
        callee = _of_server(agency, tools[call.name])
    else:
        there = ", ".join([*agency.by_name, *tools]) or "none"
        return _told(UNKNOWN, f"there is no tool {call.name[:100]!r}; there are: {there}")
    most = agency.tools[callee.number].max_calls
    if most is not None and asked.get(callee.number, 0) >= most:
        return _told("ai.tool_limit", f"`{agency.tools[callee.number].name}` may be called {most} times, and was")
    try:
        content = arguments_of(call)
    except InvalidInput as error:
        return _told("ai.arguments", f"the arguments are not JSON: {str(error)[:300]}")
    arguments = decode(content)
    if (problem := _unfit(callee, arguments, content)) is not None:
        return _told("ai.arguments", f"the arguments do not match the schema of `{callee.name}`: {problem}")
    try:
        rule = _rule(ctx, ready, agency, callee, arguments)
    except ExpressionError as error:
        return _told(DENIED, f"whether `{callee.name}` may be called cannot be told: {str(error)[:300]}")
    if callee.at_server is not None:
        return [callee.number, -1 if rule is None else rule, callee.at_server]
    return callee.number if rule is None else [callee.number, rule]


def _unfit(callee: _Callee, arguments: Any, content: bytes) -> str | None:
    """Why arguments reach no tool; None where they may."""
    if not isinstance(arguments, dict):
        return "expected an object"
    if is_deep(content):
        return "they are nested too deep"
    if callee.schema is None:
        return None
    try:
        check(callee.schema, arguments, len(content))
    except InvalidInput as error:
        return "; ".join(f"{one.path or '(the whole)'}: {one.message}" for one in error.problems[:PROBLEMS_TOLD_MAX])
    return None


def _rule(ctx: Deciding, ready: Ready, agency: Agency, callee: _Callee, arguments: Any) -> int | None:
    """The first rule by which people are asked about the call. Raises ExpressionError."""
    names = {callee.name} if callee.at_server is None else {callee.name, callee.at_server, agency.tools[callee.number].name}
    for number, rule in enumerate(agency.approvals):
        if names.isdisjoint(rule.tools):
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
