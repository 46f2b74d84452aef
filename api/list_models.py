"""The shapes of the answers of lists across executions, for OpenAPI."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from api.models import Error, Failure, Time


class NodeRun(BaseModel):
    """A run of a node."""

    execution_id: str
    workflow: str
    version: int
    path: str
    node: str = Field(description="the id of the node in the definition")
    type: str
    status: Literal["queued", "active", "retrying", "incident", "stopping", "lingering", "failed"]
    attempt: int
    since: Time | None = Field(description="when this attempt began, or when the run failed")
    error: Error | None
    created_at: Time | None = Field(description="when the execution was created")


class NodeRunsPage(BaseModel):
    """Those of the latest created execution first, and of one the last path first. `next` is the cursor of the page after."""

    node_runs: list[NodeRun]
    next: str | None
    position: int


class Wait(BaseModel):
    """What an execution waits for from outside."""

    execution_id: str
    workflow: str
    version: int
    path: str = Field(description="the path of the node, empty for the execution itself")
    waits_for: Literal[
        "signal", "timer", "child", "incident", "pause", "release", "start", "turn", "quota", "paused_sibling", "dependency", "condition",
        "mutex", "task", "breaker",
    ]  # fmt: skip
    name: str = Field(
        description="of the signal, the workflow that is to complete, the timer, the child, the incident, "
        "the slot, the mutex, the task, the circuit breaker, the priority before a quota"
    )
    since: Time | None
    until: Time | None = Field(description="when it ends by itself")
    created_at: Time | None = Field(description="when the execution was created")


class WaitingPage(BaseModel):
    """Those of the latest created execution first, and of one the last path first. `next` is the cursor of the page after."""

    waiting: list[Wait]
    next: str | None
    position: int


class Incident(BaseModel):
    """A path that stopped and needs a person."""

    execution_id: str
    incident: str
    workflow: str
    path: str
    node: str = Field(description="the id of the node in the definition")
    error: Failure
    raised_at: Time | None
    resolved_at: Time | None
    action: str | None


class Incidents(BaseModel):
    """The oldest first. `next` is the cursor of the page after."""

    incidents: list[Incident]
    next: str | None
    position: int


class CauseExample(BaseModel):
    """One incident of a cause."""

    execution_id: str
    incident: str
    message: str


class Cause(BaseModel):
    """Incidents with the same cause."""

    workflow: str
    node: str
    type: str
    message: str = Field(description="the message, with `#` for what has a digit in it")
    count: int
    first: Time | None
    last: Time | None
    example: CauseExample | None = Field(description="the oldest; null where it was resolved just now")


class Causes(BaseModel):
    """The cause with the most incidents first."""

    causes: list[Cause]
    position: int
