"""The shapes of answers and bodies for OpenAPI, with examples. They describe; what goes over the wire is encoded elsewhere."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.problems import Problem, ProblemItem

STATUS = Literal["created", "scheduled", "running", "paused", "incident", "completed", "failed", "cancelled", "terminated", "quarantined"]
AT = "2026-11-21T08:00:00.000Z"
ID = "01M7YSBNCY00H3J2CMT0"
EXECUTION = {
    "execution_id": ID, "workflow": "hello", "version": 1, "status": "completed", "outcome": "greeted",
    "output": {"greeting": "Hello, World!"}, "error": None, "parent": None,
    "created_at": AT, "started_at": AT, "ended_at": AT, "position": 42,
}  # fmt: skip

_ABSENT = "what it refers to and nobody has now: kinds that no worker offers, workflows that are not published"


def _example(**value: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"example": value})


class Failure(BaseModel):
    """What went wrong in an execution."""

    type: str
    message: str
    details: Any = None
    node: str = ""
    attempt: int = 0
    cause: Any = None


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
    created_at: str | None
    started_at: str | None
    ended_at: str | None
    position: int = Field(description="the journal's position; reads take it as `min_position`")


class StartRequest(BaseModel):
    """What an execution is started with; all of it may be left out."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"input": {"name": "World"}}})

    input: Any = Field(default_factory=dict, description="checked against the definition's `input`")
    variables: dict[str, Any] | None = Field(default=None, description="first values of declared variables")
    execution_id: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$",
        description="an id of your own; the same request twice is once",
    )
    autostart: bool = Field(default=True, description="false only creates it; `/start` starts it")
    start_at: str | None = Field(default=None, json_schema_extra={"format": "date-time"}, description="not before this time (RFC 3339)")
    priority: int | None = Field(default=None, ge=0, le=9)


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


class Row(BaseModel):
    """An execution in the list."""

    execution_id: str
    workflow: str
    version: int
    status: STATUS
    outcome: str | None
    error: dict[str, Any] | None
    parent: str | None
    created_at: str | None
    started_at: str | None
    ended_at: str | None
    events: int
    waiting_for: list[dict[str, Any]]
    search: dict[str, Any] | None
    position: int


class ExecutionsPage(BaseModel):
    """A page of the list, the latest created first. `next` is the cursor of the page after."""

    executions: list[Row]
    next: str | None
    position: int


class HistoryEvent(BaseModel):
    """An event."""

    model_config = _example(version=1, type="ExecutionCreated", path="", attempt=None, recorded_at=AT, data={"workflow": "hello"})

    version: int
    type: str
    path: str
    attempt: int | None
    recorded_at: str
    data: dict[str, Any]


class HistoryPage(BaseModel):
    """Events in their order; `next` is the version to go on from."""

    events: list[HistoryEvent]
    next: int | None
    position: int


class State(BaseModel):
    """All that an execution is, or was after the event `at`."""

    model_config = ConfigDict(extra="allow")

    execution_id: str
    workflow: str
    version: int
    status: STATUS
    at: int
    input: Any
    variables: dict[str, Any]
    waiting_for: list[dict[str, Any]]
    output: Any
    error: Failure | None
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
    started_at: str | None
    ended_at: str | None


class Nodes(BaseModel):
    """The nodes of an execution, in the order in which they began."""

    nodes: list[Node]
    position: int


class Incident(BaseModel):
    """A path that stopped and needs a person."""

    execution_id: str
    incident: str
    path: str
    error: Failure
    raised_at: str | None
    resolved_at: str | None
    action: str | None


class Incidents(BaseModel):
    """The oldest first."""

    incidents: list[Incident]
    position: int


class Published(BaseModel):
    """What publishing answers; `created` is false where the same content was there already."""

    model_config = _example(name="hello", version=1, hash="5f…", status="active", created=True, position=2)

    name: str
    version: int
    hash: str
    status: Literal["active", "inactive", "archived"]
    created: bool
    position: int
    warnings: list[ProblemItem] = Field(default=[], description=_ABSENT)


class Workflow(BaseModel):
    """A version of a workflow."""

    name: str
    version: int
    hash: str
    status: Literal["active", "inactive", "archived"]
    published_at: str | None
    definition: dict[str, Any] | None = None


class Workflows(BaseModel):
    """Of each workflow its active version, or its last one."""

    workflows: list[Workflow]


class Versions(BaseModel):
    """The first one first."""

    versions: list[Workflow]


class ActivateRequest(BaseModel):
    """Which version executions start with from here on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"version": 1}})

    version: int = Field(ge=1)


class Validity(BaseModel):
    """Whether a definition could be published, and all that is wrong with it."""

    model_config = _example(valid=True, problems=[], warnings=[])

    valid: bool
    problems: list[ProblemItem]
    warnings: list[ProblemItem] = Field(description=_ABSENT)


class NodeKind(BaseModel):
    """A kind of node, with the JSON Schema of its `config`."""

    kind: str
    sort: Literal["control flow", "activity"]
    summary: str
    config: dict[str, Any] | None


class NodeKinds(BaseModel):
    """All there are."""

    kinds: list[NodeKind]


class Health(BaseModel):
    """How it stands."""

    model_config = _example(status="ready", position=42, projected=42)

    status: str
    position: int
    projected: int


class ClusterProcess(BaseModel):
    """A process that shares the log."""

    node: str
    incarnation: str = Field(description="another one each time a process starts")
    state: Literal["alive", "joining", "leaving", "silent"]
    roles: list[str]
    address: str
    version: str
    since: str | None
    last_heard: str | None


class ClusterPartition(BaseModel):
    """A partition of the journal. `assigned_to` is who is to own it, `owner` who says that it does."""

    partition: int
    assigned_to: str | None
    owner: str | None
    epoch: int | None = Field(description="the offset of the owner's claim")
    position: int | None
    lag: int | None = Field(description="records that the read models lack")
    open: int | None = Field(description="executions that have not ended")
    claimed_at: str | None
    takeover_ms: int | None = Field(description="how long the last takeover took, from the claim on")


class ClusterWorker(BaseModel):
    """An activity worker, and the node that knows of it; the rest as in `GET /v1/workers`."""

    node: str
    worker: str
    kinds: list[str]
    queues: list[str]
    running: int
    last_seen: int
    connected: bool


class Cluster(BaseModel):
    """Who shares the log, as `node` knows it."""

    node: str
    leader: str | None = Field(description="the node that shares the partitions out")
    generation: int = Field(description="the number of the assignment in force")
    processes: list[ClusterProcess]
    partitions: list[ClusterPartition]
    workers: list[ClusterWorker]
