"""Operations that tell where the time of an execution went."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, Field

from api.models import Time
from api.operations.executions import Id
from api.operations.operation import ClientMethod, Operation, Reply
from api.service import Service
from projections.spans import trace_value


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


class Trace(BaseModel):
    """The spans of an execution, in the order in which they began; the first one is the execution."""

    trace_id: str = Field(description="32 hexadecimal digits: the trace of the request that began it, and of its children")
    spans: list[Span]
    position: int


async def get_trace(service: Service, execution: Id) -> Reply:
    """Where the time of an execution went: the spans of a trace, made of its history."""
    found = await service.spans(execution)
    return Reply({**trace_value(found), "position": (there := service.projected_of(execution))}, there)


TRACES: Final = (
    Operation(
        method="GET", path="/v1/executions/{execution}/trace", right="read", do=get_trace, answer=Trace, problems=(404, 409),
        waits_for_position=True, client=ClientMethod("trace"),
    ),
)  # fmt: skip
