"""`human_task`: people are asked, and the node waits for their answer: to confirm, to enter data, to decide, to review."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import Field, model_validator

from contracts import values
from contracts.commands import ReportChild
from contracts.definitions import DurationValue, Expression, ExpressionOrBool, Marker, Model, TextValue, Value
from contracts.errors import ExpressionError, Problem
from contracts.events import Ending, NodeStarted, TaskCreated
from contracts.failure import Failure
from contracts.ids import task_id
from contracts.person import GROUP_PREFIX, name_problem, plain_name
from domain.channels import CHANNELS
from domain.channels.channel import route_problems, routes_of
from domain.definition.config_check import reserved_ports
from domain.definition.findings import Findings
from domain.definition.graph import Graph, Node
from domain.definition.input_check import check_input_schema
from domain.execution.deciding import Deciding, Ready
from domain.execution.kind import Kind
from domain.execution.memo import TaskMemo
from domain.execution.moves import tasks
from domain.execution.moves.completion import complete
from domain.execution.moves.failure import fail
from domain.execution.moves.notices import is_too_deep, tell, told
from domain.execution.moves.withdrawal import withdraw
from domain.execution.names import Frame
from domain.execution.state import Execution, NodeRun
from domain.execution.wait import Wait, until
from domain.nodes.sub_workflow import duration_in, duration_of
from domain.nodes.switch import PORT_PATTERN

ASSIGNEES_MAX: Final = 100
CHANNELS_MAX: Final = 10
REMINDERS_MAX: Final = 20
OPTIONS_MAX: Final = 50
QUESTION_LENGTH_MAX: Final = 10_000

Assignees: TypeAlias = Annotated[list[str] | str, Marker("value")]
ANSWERS: Final[dict[str, tuple[str, ...]]] = {
    "confirmation": ("approved", "rejected"),
    "data_input": ("approved", "rejected"),
    "decision": (),
    "review": ("approved", "changes_requested"),
}
"""The ports that answers of a kind lead to, before the options: the first is that of whoever agrees."""


class Option(Model):
    """A way out that people may choose: its port, and what it is called for them."""

    port: str = Field(pattern=PORT_PATTERN)
    label: str | None = Field(default=None, min_length=1, max_length=200)


class HumanTask(Kind):
    """Asks people."""

    name = "human_task"
    summary = "asks people, and waits for their answer"
    category = "people"
    icon = "user-check"
    wait_sort = "task"
    ports_from = ("options[].port",)
    begins_with = '{"question": "Go on?"}'
    is_inline = False
    memo = "task"
    examples = (
        {"question": "Go on?"},
        {"question": "Go on?", "timeout": "40ms"},
        {"question": "Go on?", "assignees": ["ada", "bob", "group:crew"], "approval_threshold": 2, "reminders": ["5ms", "30ms"]},
        {"question": "Go on?", "assignees": ["ada"], "timeout": "20ms", "on_timeout": "escalate", "escalate_to": ["bob"]},
        {"question": "Go on?", "timeout": "30ms", "on_timeout": "auto_reject"},
        {"question": "Go on?", "timeout": "30ms", "on_timeout": "fail", "condition": "vars.w > 1"},
        {"kind": "data_input", "question": "How many?", "form": {"type": "object", "required": ["n"]}, "timeout": "60ms"},
        {"kind": "decision", "question": "Which?", "options": [{"port": "one"}, {"port": "other"}]},
        {"kind": "review", "question": "Is it good?", "content": "{{ data }}", "timeout": "60ms", "on_timeout": "auto_approve"},
    )

    class Config(Model):
        """Who is asked what, how many are to answer, and what happens when nobody does."""

        kind: Literal["confirmation", "data_input", "decision", "review"] = "confirmation"
        question: TextValue = Field(min_length=1)
        details: Value = None
        content: Value = None
        assignees: Assignees | None = None
        approval_threshold: int = Field(default=1, ge=1, le=ASSIGNEES_MAX)
        rejection_threshold: int = Field(default=1, ge=1, le=ASSIGNEES_MAX)
        condition: ExpressionOrBool | None = None
        amount: Expression | None = None
        auto_approve_below: float | None = None
        form: dict[str, Any] | bool | None = None
        options: list[Option] | None = Field(default=None, min_length=1, max_length=OPTIONS_MAX)
        channels: Annotated[list[Any] | None, Field(min_length=1, max_length=CHANNELS_MAX), Marker("value")] = None
        timeout: DurationValue | None = None
        on_timeout: Literal["auto_reject", "auto_approve", "fail", "escalate"] | None = None
        escalate_to: Assignees | None = None
        reminders: Annotated[list[str] | None, Field(min_length=1, max_length=REMINDERS_MAX), Marker("value")] = None

        @model_validator(mode="after")
        def _one_form(self) -> HumanTask.Config:
            if self.kind == "decision" and self.options is None:
                raise ValueError("expected `options`, as it is a decision")
            if self.kind == "data_input" and self.form is None:
                raise ValueError("expected a `form`, as data is entered")
            if self.kind == "data_input" and self.options is not None:
                raise ValueError("`options` go with the other kinds: data is entered, or is not")
            if (self.amount is None) != (self.auto_approve_below is None):
                raise ValueError("`amount` and `auto_approve_below` go together")
            if self.on_timeout is not None and self.timeout is None:
                raise ValueError("`on_timeout` goes with `timeout`")
            if (self.on_timeout == "escalate") != (self.escalate_to is not None):
                raise ValueError("`on_timeout: escalate` and `escalate_to` go together")
            return self

        @property
        def on_parent_close(self) -> str:
            """What becomes of those that tell people, when the execution ends: they tell them."""
            return "abandon"

        @property
        def answers(self) -> tuple[str, ...]:
            """The ports that answers lead to."""
            return (*ANSWERS[self.kind], *(option.port for option in self.options or ()))

        def threshold_of(self, port: str) -> int:
            """How many people have to answer so."""
            return self.rejection_threshold if port in ("rejected", "changes_requested") else self.approval_threshold

        @property
        def port_of_timeout(self) -> str | None:
            """The port that stands for an answer where nobody gave one; None where none does."""
            at = {"auto_approve": 0, "auto_reject": 1}.get(self.on_timeout or "")
            return None if at is None else ANSWERS[self.kind][at]

        def escalation(self, ctx: Deciding, node: Node, frame: Frame) -> list[str]:
            """Who is asked when nobody has answered. Raises ExpressionError."""
            return _assignees(ctx, node, "escalate_to", frame)

    def ports(self, config: Any) -> tuple[str, ...]:
        """Those of the answers, and `timeout`."""
        return tuple(dict.fromkeys([*config.answers, tasks.TIMEOUT]))

    def leaves_by_one(self, config: Any) -> bool:
        """Always."""
        return True

    def problems(self, node: str, config: Any) -> Iterator[Problem]:
        """Options without a port of their own, a form that is none, channels that there are not, what nobody could ever fulfil."""
        named = [(f"options[{index}].port", option.port) for index, option in enumerate(config.options or ())]
        more = dict.fromkeys(ANSWERS[config.kind], "the port of an answer")
        yield from reserved_ports(named, timeout="the port of the task's timeout", **more)
        seen: set[str] = set()
        for place, port in named:
            if port in seen:
                yield Problem(place, "doubled_port", f"two options have the port `{port}`", "give each a port of its own")
            seen.add(port)
        if not config.question.strip():
            yield Problem("question", "empty", "expected a question, found an empty text", "write what people are asked")
        yield from _form_problems(config)
        yield from _lacking_ports(config)
        yield from _name_problems(config)
        yield from _duration_problems(config)
        yield from _threshold_problems(config)
        for index, channel in enumerate(config.channels or ()):
            yield from route_problems(f"channels[{index}]", channel, CHANNELS, False)

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """Ask, unless it approves itself."""
        by_itself = _by_itself(ctx, ready)
        if by_itself is not None:
            port = ready.node.config.answers[0]
            complete(ctx, ready, tasks.output_by_itself(ctx, _kept(ctx, ready, "content"), port, by_itself), (port,))
            return
        created = self._created(ctx, ready)
        if (undecidable := _undecidable(ready.node.config, created.assignees)) is not None:
            fail(ctx, ready, Failure("task.undecidable", undecidable, {"assignees": list(created.assignees)}))
            return
        if is_too_deep(ctx.state.execution, ready.path, ready.attempt):
            fail(ctx, ready, Failure("child.failed", "the ids of those that tell people would be too long: the task is nested too deep"))
            return
        ctx.emit(NodeStarted(ready.path, ready.attempt, ready.recorded))
        ctx.emit(created)
        run = ctx.state.runs[ready.path]
        tasks.start_timers(ctx, run)
        tell(ctx, run, "created")

    def _created(self, ctx: Deciding, ready: Ready) -> TaskCreated:
        node, fields, frame = ready.node, ready.node.fields, ctx.frame(ready)
        question = _question(ctx.evaluate(fields["question"], frame))
        routes = routes_of(ctx.evaluate(fields["channels"], frame) if "channels" in fields else ["web"], CHANNELS)
        reminders = ctx.evaluate(fields["reminders"], frame) if "reminders" in fields else []
        assignees = tuple(_assignees(ctx, node, "assignees", frame))
        return TaskCreated(
            ready.path, ready.attempt, question, assignees, _kept(ctx, ready, "details"), _kept(ctx, ready, "content"),
            values.encode([route.as_value() for route in routes]), duration_of(ctx, fields, "timeout", frame),
            tuple(duration_in(f"reminders[{index}]", one) for index, one in enumerate(reminders)),
        )  # fmt: skip

    def waits_for(self, graph: Graph, state: Execution, run: NodeRun) -> Wait:
        """People: those who are asked, or the one who has claimed it."""
        memo = run.memo
        assert isinstance(memo, TaskMemo)
        task = task_id(state.execution, run.path, run.attempt)
        details = {"task": task, "question": memo.question, "people": memo.assignees, "claimed_by": memo.claimed_by or None}
        return Wait("task", run.path, {**details, **until(state, run)}, not memo.closed)

    def on_timer(self, ctx: Deciding, run: NodeRun, purpose: str) -> None:
        """It is time to remind, or too late for an answer."""
        if purpose == tasks.TIMEOUT:
            tasks.expire(ctx, run)
        else:
            tasks.remind(ctx, run)

    def on_child(self, ctx: Deciding, run: NodeRun, report: ReportChild) -> None:
        """Something was sent to those who are asked."""
        told(ctx, run, report)

    def on_cancel(self, ctx: Deciding, run: NodeRun, ending: Ending) -> bool:
        """Nobody is asked any more."""
        withdraw(ctx, run, ending.status)
        return False


def _question(given: Any) -> str:
    """What people are asked, as a text. Raises ExpressionError for nothing, and for what nobody would read."""
    question = given if isinstance(given, str) else values.encode(given).decode()
    if given is None or not question.strip():
        raise ExpressionError(f"`question`: expected a text, found {'null' if given is None else 'an empty one'}")
    if len(question) > QUESTION_LENGTH_MAX:
        raise ExpressionError(f"`question`: expected at most {QUESTION_LENGTH_MAX:,} characters, found {len(question):,}")
    return question


def _kept(ctx: Deciding, ready: Ready, name: str) -> bytes | None:
    """A value that people are shown. Raises ExpressionError for one that is too deep to be a part of something."""
    if name not in ready.node.fields:
        return None
    value = ctx.keep(ctx.evaluate(ready.node.fields[name], ctx.frame(ready)))
    if tasks.is_too_deep(ctx, value):
        raise ExpressionError(f"`{name}`: expected at most {tasks.LEVELS_MAX} levels, found more")
    return value


def _by_itself(ctx: Deciding, ready: Ready) -> str | None:
    """Why nobody is to be asked; None where somebody is."""
    config, fields, frame = ready.node.config, ready.node.fields, ctx.frame(ready)
    if "condition" in fields:
        holds = ctx.evaluate(fields["condition"], frame)
        if not isinstance(holds, bool):
            raise ExpressionError(f"`{config.condition}`: expected true or false, found {holds!r}")
        if not holds:
            return "condition"
    if "amount" in fields:
        amount = ctx.evaluate(fields["amount"], frame)
        if isinstance(amount, bool) or not isinstance(amount, int | float):
            raise ExpressionError(f"`{config.amount}`: expected a number, found {amount!r}")
        if amount < config.auto_approve_below:
            return "auto_approve_below"
    return None


def _assignees(ctx: Deciding, node: Node, name: str, frame: Frame) -> list[str]:
    """Who is asked, each once. Raises ExpressionError for what is nobody's name."""
    given = ctx.evaluate(node.fields[name], frame) if name in node.fields else []
    found: dict[str, str] = {}
    for index, one in enumerate([given] if isinstance(given, str) else given if isinstance(given, list) else [given]):
        if (problem := name_problem(one)) is not None:
            raise ExpressionError(f"`{name}[{index}]`: {problem}")
        found.setdefault(plain_name(one), one)
    if len(found) > ASSIGNEES_MAX:
        raise ExpressionError(f"`{name}`: expected at most {ASSIGNEES_MAX} people and groups, found {len(found)}")
    return list(found.values())


# What is wrong with a config by itself.


def _form_problems(config: Any) -> Iterator[Problem]:
    findings = Findings()
    check_input_schema(config.form, findings, "form")
    yield from findings.told()


def _lacking_ports(config: Any) -> Iterator[Problem]:
    """What needs a port that a decision does not have."""
    if config.kind != "decision":
        return
    for name in ("condition", "auto_approve_below"):
        if getattr(config, name) is not None:
            message = f"a decision has no port that `{name}` could leave by: nobody would have decided"
            yield Problem(name, "no_port", message, f"remove `{name}`, or let a `condition` before it choose the way")
    if config.on_timeout in ("auto_approve", "auto_reject"):
        message = f"a decision is neither approved nor rejected, so `{config.on_timeout}` has no port"
        yield Problem("on_timeout", "no_port", message, "write `fail` or `escalate`, or let an edge lead from the port `timeout`")


def _literal_names(given: Any) -> Iterator[tuple[str, str]]:
    """Names as they are written, with their places, but for those that hold a template."""
    for index, one in enumerate([given] if isinstance(given, str) else given or ()):
        if "{{" not in one:
            yield ("" if isinstance(given, str) else f"[{index}]"), one


def _name_problems(config: Any) -> Iterator[Problem]:
    for field in ("assignees", "escalate_to"):
        for place, name in _literal_names(getattr(config, field)):
            if (problem := name_problem(name)) is not None:
                yield Problem(f"{field}{place}", "name", problem, "write a name like `ada@example.com`, or `group:finance`")


def _duration_problems(config: Any) -> Iterator[Problem]:
    for index, text in enumerate(config.reminders or ()):
        if "{{" not in text:
            try:
                duration_in("reminder", text)
            except ExpressionError as error:
                yield Problem(f"reminders[{index}]", "duration", str(error).partition(": ")[2], "write a duration like `8h`")


def _threshold_problems(config: Any) -> Iterator[Problem]:
    """Where all who are asked are known, they can come to a decision."""
    for field in ("assignees", "escalate_to"):
        given = getattr(config, field)
        names = [name for _, name in _literal_names(given)]
        if given is None or len(names) != len([given] if isinstance(given, str) else given):
            continue
        if (problem := _undecidable(config, names)) is not None:
            fix = f"ask more people, or a group, in `{field}`, or lower a threshold"
            yield Problem("approval_threshold", "undecidable", problem, fix)


def _undecidable(config: Any, assignees: list[str] | tuple[str, ...]) -> str | None:
    """Why these people might all answer without coming to a decision; None where they cannot, or where nobody knows how many they are."""
    people = {plain_name(one) for one in assignees}
    if not people or any(one.startswith(GROUP_PREFIX) for one in people):
        return None
    needed = sum(config.threshold_of(port) - 1 for port in config.answers) + 1
    if len(people) >= needed:
        return None
    asked = "1 person is" if len(people) == 1 else f"{len(people)} people are"
    return f"{asked} asked, and only {needed} are sure to come to a decision by these thresholds"
