"""The shapes of answers about the server itself, for OpenAPI; see `api/models.py`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.models import Time


class NodeKind(BaseModel):
    """A kind of node, with the JSON Schema of its `config`."""

    kind: str
    sort: Literal["control flow", "activity"]
    summary: str
    config: dict[str, Any] | None = Field(description="a JSON Schema")


class NodeKinds(BaseModel):
    """All there are."""

    kinds: list[NodeKind]


class Health(BaseModel):
    """How it stands."""

    model_config = ConfigDict(json_schema_extra={"example": {"status": "ready", "position": 42, "projected": 42}})

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
    since: Time | None
    last_heard: Time | None


class ClusterPartition(BaseModel):
    """A partition of the journal. `assigned_to` is who is to own it, `owner` who says that it does."""

    partition: int
    assigned_to: str | None
    owner: str | None
    epoch: int | None = Field(description="the offset of the owner's claim")
    position: int | None
    lag: int | None = Field(description="records that the read models lack")
    open: int | None = Field(description="executions that have not ended")
    claimed_at: Time | None
    takeover_ms: int | None = Field(description="how long the last takeover took, from the claim on")


class ClusterWorker(BaseModel):
    """An activity worker, and the node that knows of it; the rest as in `GET /v1/workers`."""

    node: str
    worker: str
    kinds: list[str]
    queues: list[str]
    running: int
    last_seen: Time
    connected: bool


class Cluster(BaseModel):
    """Who shares the log, as `node` knows it."""

    node: str
    leader: str | None = Field(description="the node that shares the partitions out")
    generation: int = Field(description="the number of the assignment in force")
    processes: list[ClusterProcess]
    partitions: list[ClusterPartition]
    workers: list[ClusterWorker]
