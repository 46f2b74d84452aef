"""The shapes of answers about the server itself, for OpenAPI; see `api/models.py`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.models import Time
from domain.definition.kind_description import Role
from domain.definition.kind_shape import WaitSort


class NodeField(BaseModel):
    """What stands at a place of a config."""

    path: str = Field(description="`[]` for the items of a list, `.*` for the values of a map", examples=["cases[].when"])
    roles: list[Role] = Field(
        description="`expression`: one without braces; `items`: such a one, or a list; `template`: may hold `{{ … }}`; `duration`; `body`: "
        "nodes and edges; `credential`: the name of one; `port`: it names a port"
    )


class NodePreset(BaseModel):
    """Another config to begin with."""

    name: str = Field(description="what people call the provider of its model", examples=["Claude"])
    config: dict[str, Any]


class NodeKind(BaseModel):
    """A kind of node, and what an editor needs to know of it."""

    kind: str
    sort: Literal["control flow", "activity"]
    category: str = Field(description="`flow`, `loops`, `waiting`, `data`, `people`, `errors`, `activities`, `own`, or a package's own")
    icon: str = Field(description="the name of a picture, one of Lucide's")
    summary: str
    is_here: bool = Field(description="whether the server has it; else workers offer it, and nothing more is known of it")
    ports: list[str] = Field(description="of a node with the config `begins_with`; besides, any may have edges from `error`")
    ports_from: list[str] = Field(description="paths in its config that name ports")
    waits_for: WaitSort | None = Field(description="what its nodes wait for; null where that is nothing but bodies, or a worker")
    can_undo: bool = Field(description="whether it may be a compensation")
    begins_with: dict[str, Any] = Field(description="a config to begin with")
    presets: list[NodePreset] = Field(description="other configs to begin with, one a provider, for kinds that ask models")
    fields: list[NodeField]
    config: dict[str, Any] | None = Field(description="a JSON Schema; null where any object is taken")


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


class TaskInHand(BaseModel):
    """A task that a worker has."""

    task: str
    execution_id: str
    path: str
    attempt: int
    kind: str
    since: Time


class ClusterWorker(BaseModel):
    """An activity worker, and the node that knows of it; the rest as in `GET /v1/workers`."""

    node: str
    worker: str
    kinds: list[str]
    queues: list[str]
    running: int
    last_seen: Time
    connected: bool
    since: Time | None = Field(description="when it was first heard of; null where nobody says")
    tasks: list[TaskInHand] = Field(description="those it has had for longest")


class Cluster(BaseModel):
    """Who shares the log, as `node` knows it."""

    node: str
    leader: str | None = Field(description="the node that shares the partitions out")
    generation: int = Field(description="the number of the assignment in force")
    processes: list[ClusterProcess]
    partitions: list[ClusterPartition]
    workers: list[ClusterWorker]


class SettingShown(BaseModel):
    """A setting as it counts."""

    name: str
    value: str | bool | int | float | list[str] | None = Field(description="passwords in addresses are hidden")
    origin: Literal["default", "file", "environment", "flag", "program"] = Field(description="what says so")
    place: str | None = Field(description="where exactly: the file, the variable, the flag")
    meaning: str


class Library(BaseModel):
    """A library that an extra needs."""

    name: str
    version: str | None = Field(description="null where it is not installed")


class Extra(BaseModel):
    """A part of Refold that has libraries of its own."""

    name: str
    is_installed: bool
    libraries: list[Library]


class About(BaseModel):
    """A server."""

    version: str
    python: str
    started_at: Time | None
    data: str | None = Field(description="its data folder, as an absolute path")
    log: str | None = Field(description="where its log is, if not in the data folder")
    settings: list[SettingShown]
    extras: list[Extra]


class ReadModelPartition(BaseModel):
    """How far the rows of a partition go."""

    partition: int
    position: int


class ReadModelBuilding(BaseModel):
    """What is being made of a read model, beside what lists are answered from."""

    version: int
    rebuild: int = Field(description="0: rows of a new version; else the number of the rebuild")
    rows: int
    done: int = Field(description="records of the journals that are taken in, of all partitions in which it is being made")
    end: int = Field(description="records that there are in those journals")


class ReadModel(BaseModel):
    """Rows that lists are answered from."""

    name: str
    version: int
    rebuilds: int = Field(description="how often the rows of this version were made anew")
    is_whole: bool = Field(description="false while they are made for the first time")
    rows: int
    bytes: int | None = Field(description="with indexes; null where the database does not say")
    lag: int = Field(description="records of the journals that they lack")
    differing: int | None = Field(description="how many rows differed when they were last made anew; null where they never were")
    building: ReadModelBuilding | None
    partitions: list[ReadModelPartition]


class ReadModels(BaseModel):
    """By name."""

    read_models: list[ReadModel]


class Rebuilding(BaseModel):
    """What is made anew from now on."""

    rebuilding: list[str]


class BundleRow(BaseModel):
    """A bundle of the archive; one that is damaged has a `problem`, and nothing else."""

    bundle: str
    problem: str | None
    journal: str | None = None
    partition: int | None = None
    executions: int | None = None
    decisions: int | None = None
    payloads: int | None = None
    bytes: int | None = None
    first: str | None = Field(None, description="when the first of them ended")
    last: str | None = Field(None, description="when the last of them ended")


class Bundles(BaseModel):
    """All there are."""

    bundles: list[BundleRow]


class Archived(BaseModel):
    """How many executions were archived and removed."""

    archived: int
    removed: int


class Spread(BaseModel):
    """How a measure is spread; a percentile is at most 1/128 off."""

    count: int
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float


class AnalyticsWindow(BaseModel):
    """What happened in an hour, a day, or all of the time; of the executions, or of a node."""

    at: Time | None = Field(description="when the window begins; null where there is one")
    workflow: str | None
    version: int | None
    node: str | None
    started: int
    ended: dict[str, int] = Field(description="by status")
    outcomes: dict[str, int] = Field(description="those with a name")
    retries: int
    incidents: int
    duration: Spread | None = Field(description="of those that ended, from the start on")
    queue: Spread | None = Field(description="of attempts of activities, until a worker said that it began")
    waiting: Spread | None = Field(description="of waits, until their signal came")
    resolving: Spread | None = Field(description="of incidents, until a person resolved them")


class Analytics(BaseModel):
    """In the order of time."""

    model_config = ConfigDict(populate_by_name=True)

    from_: Time = Field(alias="from")
    to: Time
    by: Literal["hour", "day", "all"]
    windows: list[AnalyticsWindow]
    position: int
