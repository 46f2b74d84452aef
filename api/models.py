"""The shapes of answers and bodies for OpenAPI, with examples. They describe; what goes over the wire is encoded elsewhere."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.debugger_models import BreakpointRequest
from api.problems import Problem, ProblemItem
from contracts.definitions import Budget

STATUS = Literal["created", "scheduled", "running", "paused", "incident", "completed", "failed", "cancelled", "terminated", "quarantined"]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
AT = "2026-11-21T08:00:00.000Z"
ID = "01M7YSBNCY00H3J2CMT0"
EXECUTION = {
    "execution_id": ID, "workflow": "hello", "version": 1, "status": "completed", "outcome": "greeted",
    "output": {"greeting": "Hello, World!"}, "error": None, "parent": None,
    "created_at": AT, "started_at": AT, "ended_at": AT, "position": 42, "test": False,
}  # fmt: skip

_ABSENT = "what it refers to and nobody has now: kinds that no worker offers, workflows that are not published"


def _example(**value: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"example": value})


class Failure(BaseModel):
    """What went wrong in an execution."""

    type: str
    message: str
    details: Any
    node: str = Field(description="the path of the node, empty for the execution itself")
    attempt: int
    cause: Any = Field(description="the failure that led to this one, of the same shape")


class Execution(BaseModel):
    """An execution as it is at `position`."""

    model_config = _example(**EXECUTION)

    execution_id: str
    workflow: str
    version: int
    status: STATUS
    outcome: str | None
    output: Any
    error: Failure | None
    parent: str | None
    created_at: Time | None
    started_at: Time | None
    ended_at: Time | None
    position: int = Field(description="the journal's position; reads take it as `min_position`")
    test: bool = Field(description="whether it is a test run")


class StartRequest(BaseModel):
    """What an execution is started with; all of it may be left out."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"input": {"name": "World"}}})

    input: Any = Field(default={}, description="checked against the definition's `input`")
    variables: dict[str, Any] | None = Field(default=None, description="first values of declared variables")
    execution_id: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$",
        description="an id of your own; the same request twice is once",
    )
    autostart: bool = Field(default=True, description="false only creates it; `/start` starts it")
    start_at: Time | None = Field(default=None, description="not before this time (RFC 3339)")
    priority: int | None = Field(default=None, ge=0, le=9)
    breakpoints: list[BreakpointRequest] | None = Field(default=None, description="where it is to halt, from its beginning on")


class BatchRequest(BaseModel):
    """Many starts at once."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"executions": [{"input": {"name": "Ada"}}]}})

    executions: list[StartRequest] = Field(max_length=1_000)


class BatchItem(BaseModel):
    """How one start of a batch went: what it would have been answered by itself."""

    status: int
    execution: Execution | None = None
    problem: Problem | None = None


class BatchAnswer(BaseModel):
    """The starts, in the order they were asked for."""

    executions: list[BatchItem]
    position: int


class ReasonRequest(BaseModel):
    """Why, for the history."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reason": "not needed any more"}})

    reason: str = ""


class Given(BaseModel):
    """A command was decided, and is durable."""

    model_config = _example(execution_id=ID, status="running", position=43)

    execution_id: str
    status: str
    position: int


class ResolveRequest(BaseModel):
    """How an incident is resolved."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"action": "retry"}})

    action: Literal["retry", "skip", "fail"]
    output: Any = Field(default=None, description="with `skip`: the node's output")
    port: str | None = Field(default=None, description="with `skip`: the port to leave by")
    variables: dict[str, Any] | None = Field(default=None, description="set first")
    budget: Budget | None = Field(default=None, description="of an incident `ai.budget`: other limits; what is left out stays as it is")


class WaitingFor(BaseModel):
    """Something that an execution waits for. What is not of its sort is left out."""

    model_config = ConfigDict(json_schema_extra={"example": {"for": "timer", "path": "pause", "purpose": "delay", "due": AT, "attempt": 1}})

    sort: Literal[
        "activity", "timer", "signal", "child", "incident", "pause", "release", "start", "turn", "quota", "paused_sibling", "dependency",
        "condition", "mutex", "nodes", "task", "execution", "breaker", "reports", "resumption", "halt",
    ] = Field(alias="for")  # fmt: skip
    path: str = Field(description="the path of the node, empty for the execution itself")
    kind: str | None = Field(default=None, description="of an activity")
    attempt: int | None = None
    since: Time | None = None
    progress: float | None = None
    purpose: str | None = Field(default=None, description="of a timer: `retry`, `delay`, `start_at`")
    due: Time | None = None
    names: list[str] | None = Field(default=None, description="of signals")
    execution: str | None = Field(default=None, description="of a child")
    incident: str | None = None
    type: str | None = Field(default=None, description="of an incident's failure")
    message: str | None = Field(default=None, description="of an incident's failure")
    reason: str | None = Field(default=None, description="of a pause")
    slot: str | None = Field(default=None, description="of a turn: the key of `settings.concurrency`")
    limit: int | None = Field(default=None, description="of a turn: how many run at a time")
    place: int | None = Field(default=None, description="of a turn and a quota: the place in the queue, from 1; null beyond 1,000")
    priority: int | None = Field(default=None, description="of a quota: the most urgent go first; a level counts as much as a minute")
    mutex: str | None = None
    holder: str | None = None
    paths: list[str] | None = Field(default=None, description="of nodes whose end is waited for")
    workflow: str | None = Field(default=None, description="of a dependency: the workflow of which an execution is to complete")
    key: Any = Field(default=None, description="of a dependency: its key, where there is one")
    task: str | None = Field(default=None, description="of people: the task's id")
    question: str | None = Field(default=None, description="of people: what they are asked")
    people: list[str] | None = Field(default=None, description="who is asked: people, and groups as `group:NAME`; none: anybody")
    claimed_by: str | None = Field(default=None, description="who has taken the task upon themselves")
    breaker: str | None = Field(default=None, description="the circuit breaker that holds an attempt")
    breakpoint: str | None = Field(default=None, description="of a halt: the name of the breakpoint, or `step:` and where it began")
    by: str | None = Field(default=None, description="of a halt: who has set the breakpoint, or made the step")
    at: int | None = Field(default=None, description="of a halt: which one it is")
    halts: Literal["branch", "all"] | None = Field(default=None, description="of a halt: the branch of the node alone, or all")
    failed: bool | None = Field(default=None, description="of a halt: whether an attempt has failed, or the node is to begin")


class Error(BaseModel):
    """What went wrong in an execution, in short."""

    type: str
    message: str | None


class Trigger(BaseModel):
    """What started an execution."""

    kind: str
    id: str | None


class ForkedFrom(BaseModel):
    """Which execution one goes on from, and after which event of that."""

    execution_id: str
    at: int


class Row(BaseModel):
    """An execution in the list."""

    execution_id: str
    workflow: str
    version: int
    tags: list[str] = Field(description="those of the workflow's version")
    status: STATUS
    outcome: str | None
    error: Error | None
    parent: str | None
    root: str | None = Field(description="the topmost execution above it; null for one that has no parent")
    trigger: Trigger | None = Field(description="what started it, as its trigger says; null for one without")
    created_at: Time | None
    started_at: Time | None
    ended_at: Time | None
    duration_ms: int | None = Field(description="from its start to its end")
    test: bool = Field(description="whether it is a test run")
    forked_from: ForkedFrom | None = Field(description="which execution it was forked from; null for one that is no fork")
    events: int
    waiting_for: list[WaitingFor]
    search: dict[str, Any] | None = Field(description="the values by which one searches, by their names in `settings.search`")
    position: int


class ExecutionsPage(BaseModel):
    """A page of the list, the latest created first. `next` is the cursor of the page after."""

    executions: list[Row]
    next: str | None
    position: int


class HistoryEvent(BaseModel):
    """An event."""

    model_config = _example(
        version=1,
        type="ExecutionCreated",
        path="",
        attempt=None,
        recorded_at=AT,
        data={"workflow": "hello"},
        actor="anonymous",
        correlation_id="4bf92f3577b34da6a3ce929d0e0e4736",
    )

    version: int
    type: str
    path: str
    attempt: int | None
    recorded_at: Time
    data: dict[str, Any] = Field(description="what an event of this type says")
    actor: str | None = Field(description="who asked from outside; null where the engine went on by itself")
    correlation_id: str | None = Field(
        description="of the outside request that this goes back to; null in histories from before there was one"
    )


class HistoryPage(BaseModel):
    """Events in their order; `next` is the version to go on from."""

    events: list[HistoryEvent]
    next: int | None
    position: int


class Timer(BaseModel):
    """A timer of an execution."""

    timer: str = Field(description="the path of its node, and its purpose")
    due: Time


class Signal(BaseModel):
    """A signal that waits in the buffer of an execution."""

    name: str
    payload: Any


class State(BaseModel):
    """All that an execution is, or was after the event `at`."""

    execution_id: str
    workflow: str
    version: int
    definition: str = Field(description="the hash of the version's content")
    status: STATUS
    at: int
    created_at: Time | None
    started_at: Time | None
    ended_at: Time | None
    updated_at: Time | None
    priority: int = Field(description="of its activities, 0 to 9, unless a node says another")
    parent: str | None
    correlation_id: str | None = Field(description="of the outside request that began it; null where there was none")
    input: Any
    variables: dict[str, Any]
    waiting_for: list[WaitingFor]
    timers: list[Timer]
    signals: list[Signal]
    children: list[str]
    outcome: str | None
    output: Any
    error: Failure | None
    forked_from: ForkedFrom | None = Field(description="which execution it was forked from; null for one that is no fork")
    position: int


class Node(BaseModel):
    """A node that has begun, as it is after its last attempt."""

    path: str
    type: str
    status: str
    attempt: int
    input: Any
    output: Any
    error: Failure | None
    started_at: Time | None
    ended_at: Time | None


class Nodes(BaseModel):
    """The nodes of an execution, in the order in which they began."""

    nodes: list[Node]
    position: int


class Published(BaseModel):
    """What publishing answers; `created` is false where the same content was there already."""

    model_config = _example(name="hello", version=1, hash="5f…", status="active", created=True, before=None, position=2, warnings=[])

    name: str
    version: int
    hash: str
    status: Literal["active", "inactive", "archived"]
    created: bool
    before: int | None = Field(description="the version that executions started with until then")
    position: int
    warnings: list[ProblemItem] = Field(description=f"{_ABSENT}; that executions go on starting with another version")


class WorkflowVersion(BaseModel):
    """A version of a workflow."""

    name: str
    version: int
    hash: str
    status: Literal["active", "inactive", "archived"]
    published_at: Time | None
    published_by: str | None = Field(description="null where nobody wrote it down")
    source: Literal["yaml", "json"] | None = Field(description="what its text at `/source` is written in; null without one")


class Workflow(WorkflowVersion):
    """A version of a workflow, with its definition."""

    definition: dict[str, Any] = Field(description="see `/v1/schemas/definition`")


class Workflows(BaseModel):
    """Of each workflow its active version, or its last one."""

    workflows: list[WorkflowVersion]


class ActivateRequest(BaseModel):
    """Which version executions start with from here on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"version": 1}})

    version: int = Field(ge=1)


class NextRuns(BaseModel):
    """When a schedule of a definition would fire next."""

    trigger: str
    next: list[Time]


class Validity(BaseModel):
    """Whether a definition could be published, and all that is wrong with it."""

    model_config = _example(
        valid=True, problems=[], warnings=[], schedules=[{"trigger": "nightly", "next": [AT]}], ports={"nodes[0]": ["true", "false"]}
    )

    valid: bool
    problems: list[ProblemItem]
    warnings: list[ProblemItem] = Field(description=_ABSENT)
    schedules: list[NextRuns]
    ports: dict[str, list[str]] = Field(description="those of each node, by its path, where they are known and others than `out`")
