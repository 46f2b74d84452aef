"""Operations that tell what happened in an execution from when to when: in columns, and as spans."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.accepted import weights_in
from api.answers import POSITION
from api.models import Time
from api.operations.executions import VERSION_MAX, Id
from api.operations.operation import ClientMethod, Operation, Reply
from api.service import Service
from projections.spans import trace_value

TRACE_MAX: Final = 250_000


class SpanEvent(BaseModel):
    """Something that happened in a span."""

    time: Time
    name: str
    attributes: dict[str, Any]


class Span(BaseModel):
    """From when to when an execution, a node or an attempt went on."""

    span_id: str = Field(description="16 hexadecimal digits, the same each time it is asked for")
    parent_span_id: str | None = Field(description="what it is part of; of the execution itself, the span of the request that began it")
    name: str
    started_at: Time
    ended_at: Time | None = Field(description="null while it goes on")
    error: str | None = Field(description="what it ended by; null where it ended well, or goes on")
    attributes: dict[str, Any]
    events: list[SpanEvent]


class Spans(BaseModel):
    """The spans of an execution, in the order in which they began; the first one is the execution."""

    trace_id: str = Field(description="32 hexadecimal digits: the trace of the request that began it, and of its children")
    spans: list[Span]
    position: int


class TraceNode(BaseModel):
    """A node of the definition."""

    path: str = Field(description="as in paths, without the numbers of iterations: `each[]/charge`", examples=["each[]/charge"])
    type: str = Field(description="its kind, `compensation` of an undoing")


class TraceEdge(BaseModel):
    """An edge of the definition."""

    model_config = ConfigDict(populate_by_name=True)

    body: str = Field(description="the body that it is in: empty for the outermost, `each[]`, `fan.left`")
    source: str = Field(alias="from")
    port: str
    to: str
    when: Any = Field(description="its `when`, as it was written; null without one")
    back: bool


class TraceExit(BaseModel):
    """By which edges a node left, each a number in `edges`, and which it did not take because their `when` was false."""

    taken: list[int]
    untaken: list[int]


class TracePlaces(BaseModel):
    """Where something happened: an execution (0), a run of a node, a body.

    `parent` and `number` are differences from those of the place before of the same name, or from 0.
    """

    parent: list[int] = Field(description="the place that it lies in")
    name: list[int] = Field(description="a number in `names`; `[]` is an iteration")
    number: list[int] = Field(description="of an iteration which one, from 0; of a run how often its node began anew before")
    node: list[int] = Field(description="of a run a number in `nodes`, else -1")


class TraceEvents(BaseModel):
    """The events behind `after`, in their order."""

    time: list[int] = Field(description="milliseconds after the event before, or after `time`")
    type: list[int] = Field(description="a number in `types`")
    place: list[int] = Field(description="the difference from that of the event before, or from 0")
    command: list[int] = Field(description="a number in `commands`, of the first event of a decision; -1 of the others")


class TraceChanges(BaseModel):
    """With which event the state of a place changed: it is so until the next change of the same place."""

    version: list[int] = Field(description="the difference from that of the change before, or from `after`")
    place: list[int] = Field(description="the difference from that of the change before, or from 0")
    state: list[int] = Field(description="a number in `states`")
    attempt: list[int] = Field(description="0 where the node has not begun")
    exit: list[int] = Field(description="a number in `exits`: by which edges the node left")


class TraceCounts(BaseModel):
    """How many of each there were."""

    names: int
    nodes: int
    edges: int
    exits: int
    places: int


class Trace(BaseModel):
    """What happened in an execution behind a version, in columns of integers."""

    model_config = ConfigDict(populate_by_name=True)

    execution_id: str
    after: int = Field(description="the event `since`, or the last one where there is none behind")
    version: int = Field(description="up to which event this goes")
    last: int = Field(description="the last event there is: what lies behind `version` is asked for with `since`")
    time: int = Field(description="when the event `after` was, or the first one; milliseconds since 1970")
    types: list[str]
    commands: list[str]
    states: list[str]
    first: TraceCounts = Field(alias="from", description="how many there were before")
    names: list[str]
    nodes: list[TraceNode]
    edges: list[TraceEdge]
    exits: list[TraceExit]
    places: TracePlaces
    events: TraceEvents
    changes: TraceChanges


async def get_trace(
    service: Service,
    request: Request,
    execution: Id,
    since: Annotated[int, Query(ge=0, le=VERSION_MAX, description="only what came behind this event")] = 0,
    limit: Annotated[int, Query(ge=1, le=TRACE_MAX, description="so many events at most")] = TRACE_MAX,
) -> Response:
    """What happened from which event to which, in columns: the states of each node, and of each event what and where it was."""
    content, is_packed = await service.trace(execution, since, limit, takes_gzip(request.headers.get("accept-encoding", "")))
    headers = {
        POSITION: str(service.projected_of(execution)),
        "Vary": "Accept-Encoding",
        **({"Content-Encoding": "gzip"} if is_packed else {}),
    }
    return Response(content, headers=headers, media_type="application/json")


def takes_gzip(accepted: str) -> bool:
    """Whether an `Accept-Encoding` names gzip, and does not refuse it (`gzip;q=0`)."""
    return weights_in(accepted).get("gzip", 0.0) > 0


async def get_spans(service: Service, execution: Id) -> Reply:
    """Where the time of an execution went: the spans of its trace, made of its history."""
    found = await service.spans(execution)
    return Reply({**trace_value(found), "position": (there := service.projected_of(execution))}, there)


TRACES: Final = (
    Operation(
        method="GET", path="/v1/executions/{execution}/trace", right="read", do=get_trace, answer=Trace, problems=(404, 409),
        waits_for_position=True, client=ClientMethod("trace"),
    ),
    Operation(
        method="GET", path="/v1/executions/{execution}/spans", right="read", do=get_spans, answer=Spans, problems=(404, 409),
        waits_for_position=True, client=ClientMethod("spans"),
    ),
)  # fmt: skip
