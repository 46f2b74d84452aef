"""`agent`: a model that is asked again and again, with what the tools gave that it asked for, until it asks for none.

    start ─► the tools of MCP servers are listed, where there are any (`helper.docs/tools`)
          ─► turn 0: model ─► call[0], call[1] … ─► turn 1: model ─► … ─► no call: the node completes with the answer
                                                └─► max_turns: `loop.limit`

A turn is a body (`helper[2]`), whose nodes the definition does not write (`domain/definition/agent_turns.py`). What was said is in the
agent's notes, folded from what was recorded; what a model call is given is put together from them (`model_call`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from contracts.credentials import CredentialName
from contracts.definitions import Budget, Duration, DurationValue, Expression, Marker, Model, TextValue, Value
from contracts.errors import ExpressionError, Problem
from contracts.events import Ending, NodeStarted
from contracts.failure import Failure
from contracts.models import ALIAS_PATTERN, CHAIN_MAX, PRESETS, check_model
from contracts.server_tools import OFFERED_MAX
from contracts.usage import COUNT_MAX
from domain.definition.findings import Findings
from domain.definition.input_check import check_input_schema
from domain.execution.deciding import Deciding, Ready
from domain.execution.kind import Kind
from domain.execution.memo import AgentMemo
from domain.execution.moves.completion import complete
from domain.execution.moves.entry import enter_scope
from domain.execution.moves.failure import fail
from domain.execution.moves.stop import stop_run
from domain.execution.moves.turns import goes_on_later
from domain.execution.offers import unfit_offer
from domain.execution.state import NodeRun, Scope
from domain.nodes.human_task import HumanTask

TURNS_MAX: Final = 1_000
PARALLEL_MAX: Final = 64
APPROVALS_MAX: Final = 20
TURN: Final = "[]"
_ALIAS: Final = re.compile(ALIAS_PATTERN)
_TIMED_OUT: Final = {"deny": "auto_reject", "approve": "auto_approve", "fail": "fail", "escalate": "escalate"}


def _web(url: str) -> str:
    try:
        found = urlsplit(url)
        fits = found.scheme in ("http", "https") and bool(found.hostname) and not found.query and not found.fragment
    except ValueError:
        fits = False
    if not fits and "{{" not in url:
        raise PydanticCustomError("url", "expected an http or https URL without query and fragment")
    return url


class ApprovalRule(Model):
    """Which calls people are asked about before they run, and whom."""

    tools: list[str] = Field(min_length=1, max_length=OFFERED_MAX)
    when: Expression | None = None
    question: TextValue | None = Field(default=None, min_length=1)
    assignees: Annotated[list[str] | str | None, Marker("value")] = None
    timeout: DurationValue | None = None
    on_timeout: Literal["deny", "approve", "fail", "escalate"] = "deny"
    escalate_to: Annotated[list[str] | str | None, Marker("value")] = None
    channels: Annotated[list[Any] | None, Marker("value")] = None
    reminders: Annotated[list[str] | None, Marker("value")] = None

    def as_task(self) -> dict[str, Any]:
        """The config of the human task: the arguments are its content, which whoever approves may edit."""
        given = self.model_dump(exclude_unset=True, include={"assignees", "timeout", "escalate_to", "channels", "reminders"})
        if self.timeout is not None:
            given["on_timeout"] = _TIMED_OUT[self.on_timeout]
        question = self.question or f"May {' or '.join(self.tools[:5])} be called so?"
        options = [{"port": "denied", "label": "Deny"}]
        return {**given, "kind": "review", "question": question, "content": "{{ data }}", "options": options}


class Agent(Kind):
    """Asks a model, runs the tools that it asks for, and asks it again."""

    name = "agent"
    summary = "asks a model, runs the tools that it asks for, and asks it again"
    category = "ai"
    icon = "bot"
    presets = PRESETS
    begins_with = '{"model": "openai:gpt-5-mini", "input": "{{ data }}"}'
    is_container = True
    is_inline = False
    memo = "agent"

    class Config(Model):
        """Whom to ask, what for, which tools it may use, and who is asked about them."""

        model: Annotated[str | list[str], Marker("value")]
        system: TextValue = ""
        input: Value = None
        prompt: TextValue | None = None
        messages: Annotated[list[Any] | str | None, Marker("value")] = None
        files: Annotated[list[Any] | str | None, Marker("value")] = None
        answer_schema: dict[str, Any] | None = Field(default=None, alias="schema")
        repair: int = Field(default=1, ge=0, le=10)
        temperature: float | None = Field(default=None, ge=0, le=2, allow_inf_nan=False)
        max_tokens: int | None = Field(default=None, ge=1, le=10_000_000)
        seed: int | None = Field(default=None, ge=-(2**63), le=2**63 - 1)
        stop: list[str] | None = Field(default=None, max_length=16)
        stream: bool = True
        strict: bool = False
        timeout: Duration = "5m"
        credential: CredentialName | None = None
        base_url: Annotated[str, AfterValidator(_web), Marker("value")] | None = None
        redact: list[str] | None = None
        tools: list[str] | None = Field(default=None, max_length=OFFERED_MAX)
        max_turns: int = Field(default=20, ge=1, le=TURNS_MAX)
        parallel: int = Field(default=4, ge=1, le=PARALLEL_MAX)
        approval: list[ApprovalRule] = Field(default_factory=list, max_length=APPROVALS_MAX)
        on_tool_error: Literal["tell", "fail"] = "tell"
        tool_mode: Literal["auto", "native", "schema"] = "auto"
        must_call: bool = False
        budget: Budget | None = None

        @field_validator("model")
        @classmethod
        def _names_a_model(cls, model: Any) -> Any:
            several = [model] if isinstance(model, str) else model
            if not 0 < len(several) <= CHAIN_MAX:
                raise PydanticCustomError("model", "expected one to {most} models", {"most": CHAIN_MAX})
            for one in several:
                if not (isinstance(model, str) and _ALIAS.fullmatch(one)):
                    check_model(one)
            return model

        @model_validator(mode="after")
        def _asks_something(self) -> Agent.Config:
            said = [name for name in ("input", "prompt", "messages") if name in self.model_fields_set]
            if len(said) != 1:
                raise ValueError("expected an `input`, or `prompt` or `messages` in its place")
            return self

        def named_tools(self) -> Iterator[tuple[str, str]]:
            """The tools that it names, with their places."""
            yield from ((f"tools[{index}]", name) for index, name in enumerate(self.tools or ()))
            for number, rule in enumerate(self.approval):
                yield from ((f"approval[{number}].tools[{index}]", name) for index, name in enumerate(rule.tools))

    def problems(self, node: str, config: Any) -> Iterator[Problem]:
        """A schema that is none, tools named twice, and approvals that nobody could give."""
        findings = Findings()
        check_input_schema(config.answer_schema, findings, "schema")
        yield from findings.told()
        seen: set[str] = set()
        for index, name in enumerate(config.tools or ()):
            if name in seen:
                yield Problem(f"tools[{index}]", "doubled_tool", f"the tool `{name}` stands twice", "remove one")
            seen.add(name)
        for index, rule in enumerate(config.approval):
            yield from _approval_problems(node, rule, f"approval[{index}]")

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """Fill in the config, once for all turns, and begin the first one."""
        ctx.emit(NodeStarted(ready.path, ready.attempt, ready.recorded, _filled(ctx, ready), ready.node.config.max_turns))
        agency, run = ready.node.agency, ctx.state.runs[ready.path]
        assert agency is not None
        for number in agency.servers:
            enter_scope(ctx, run.path, agency.tools[number].node.id)
        if not agency.servers:
            self._ask(ctx, run)

    def _ask(self, ctx: Deciding, run: NodeRun) -> None:
        if not goes_on_later(ctx, run):
            enter_scope(ctx, run.path, "[]", memo_of(run).entered)

    def on_timer(self, ctx: Deciding, run: NodeRun, purpose: str) -> None:
        """The next turn of deciding has come."""
        self._ask(ctx, run)

    def on_scope_left(self, ctx: Deciding, run: NodeRun, scope: Scope, ending: Ending, output: bytes) -> None:
        """A turn has ended: with calls another one follows, without it was the last. Or a server has listed its tools."""
        if ending.status != "completed":
            stop_run(ctx, run, ending)
            return
        if scope.label != TURN:
            self._listed(ctx, run)
            return
        memo, most = memo_of(run), ctx.graph.nodes[run.node].config.max_turns
        if not memo.turns[-1].results:
            complete(ctx, run, ctx.keep(_outcome(ctx, memo)))
        elif memo.entered >= most:
            message = f"the model still asks for tools after {most} turns; max_turns is {most}"
            fail(ctx, run, Failure("loop.limit", message, {"turns": most}))
        else:
            self._ask(ctx, run)

    def _listed(self, ctx: Deciding, run: NodeRun) -> None:
        agency, memo = ctx.graph.nodes[run.node].agency, memo_of(run)
        assert agency is not None
        if run.status != "active" or len(memo.lists) < len(agency.servers):
            return
        if (failure := unfit_offer(ctx, agency, memo)) is not None:
            fail(ctx, run, failure, retryable=False)
        else:
            self._ask(ctx, run)


def memo_of(run: NodeRun) -> AgentMemo:
    """The agent's notes."""
    assert isinstance(run.memo, AgentMemo), f"{run.path} is no agent"
    return run.memo


def _filled(ctx: Deciding, ready: Ready) -> bytes | None:
    """The config as the model calls are given it, templates filled in; None where there is none to fill in."""
    fields = {name: field for name, field in ready.node.fields.items() if not name.startswith("approval[")}
    frame = ctx.frame(ready)
    given = {name: ctx.evaluate(field, frame) for name, field in fields.items()}
    assert ready.node.agency is not None
    written = ctx.parse(ready.node.agency.config)["agent"]
    _check_filled(given)
    filled = {**written, **given}
    return None if filled == written else ctx.keep({"agent": filled})


def _check_filled(given: dict[str, Any]) -> None:
    """Raise ExpressionError where what was filled in is nothing that a model can be asked."""
    for name in ("system", "prompt", "base_url"):
        if name in given and not isinstance(given[name], str):
            raise ExpressionError(f"`{name}`: expected a text, found {type(given[name]).__name__}")
    if "input" in given and given["input"] is None:
        raise ExpressionError("`input`: expected something to ask about, found null")


def _outcome(ctx: Deciding, memo: AgentMemo) -> dict[str, Any]:
    """What the node gives: the last answer, and what all of them took."""
    answers = [answer if isinstance(answer := ctx.parse(turn.answer), dict) else {} for turn in memo.turns]
    last = answers[-1]
    return {
        "text": _text_of(last.get("message")),
        "value": last.get("value"),
        "model": last.get("model"),
        "answered_by": last.get("answered_by"),
        "finish_reason": last.get("finish_reason"),
        "usage": _used_by(answers),
        "ignored_settings": last.get("ignored_settings", []),
        "turns": len(answers),
        "tool_calls": sum(len(turn.results) for turn in memo.turns),
    }


def _text_of(message: Any) -> str:
    """The texts of a message; empty where it is none: a person, a test and a fork may give any output in place of an answer."""
    parts = message.get("parts") if isinstance(message, dict) else None
    texts = [one.get("text") for one in parts if isinstance(one, dict) and one.get("type") == "text"] if isinstance(parts, list) else []
    return "".join(one for one in texts if isinstance(one, str))


def _used_by(answers: list[dict[str, Any]]) -> dict[str, int]:
    """The sums of what answers say that they took; whether it was measured is true where it was of all of them."""
    found: dict[str, int] = {}
    for answer in answers:
        told = answer.get("usage")
        for name, count in told.items() if isinstance(told, dict) else ():
            if isinstance(count, bool):
                found[name] = count and bool(found.get(name, True))
            elif isinstance(count, int):
                found[name] = min(found.get(name, 0) + max(count, 0), COUNT_MAX)
    return found


def _approval_problems(node: str, rule: ApprovalRule, place: str) -> Iterator[Problem]:
    """What is wrong with a rule as the task that it makes."""
    if "on_timeout" in rule.model_fields_set and rule.timeout is None:
        yield Problem(f"{place}.on_timeout", "config", "`on_timeout` goes with `timeout`", "add a `timeout`, or remove it")
        return
    if (rule.on_timeout == "escalate") != (rule.escalate_to is not None):
        message = "`on_timeout: escalate` and `escalate_to` go together"
        yield Problem(f"{place}.on_timeout", "config", message, "write both, or neither")
        return
    task = HumanTask()
    for problem in task.problems(node, task.Config.model_validate(rule.as_task())):
        yield problem._replace(path=f"{place}.{problem.path}")
