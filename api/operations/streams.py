"""Operations that tell of what happens as it happens: server-sent events, of all executions, of one workflow or of one execution."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any, Final

from fastapi import Header, Query, Response

from api.operations.definitions import Name
from api.operations.executions import Id
from api.operations.operation import Operation, Reply
from api.problems import BadRequest
from api.service import Service, Unavailable
from api.streams.position import Places, check_reached, read_position
from api.streams.selection import select
from api.streams.server_sent import EventStream
from api.streams.text_stream import Telling, TextStream, read_places
from contracts.errors import LogError, Rejected
from domain.execution.state import ENDED

NOW: Final = "now"
From = Annotated[
    str | None,
    Query(alias="from", description="after which event: its id; `0` is the beginning, and without it or `now` the stream begins now"),
]
LastEventId = Annotated[
    str | None, Header(alias="Last-Event-ID", description="the same, as browsers say it that come again; it counts more")
]
LastTextId = Annotated[
    str | None,
    Header(alias="Last-Event-ID", description="the `id` of the last event, as browsers say it that come again: what follows it is told"),
]
TextPath = Annotated[str | None, Query(description="only the texts of this node, and of those in it")]
Types = Annotated[list[str] | None, Query(description="only events of this type, like `NodeFailed`; may be repeated")]
EventFilter = Annotated[str | None, Query(description="only events for which this expression over their attributes is true")]


async def stream_events(
    service: Service, start: From = None, last_event_id: LastEventId = None, type: Types = None, filter: EventFilter = None
) -> Response:
    """Tell of the events of all executions as server-sent events, each a CloudEvent."""
    selection = select(types=type or (), filter=filter)
    return EventStream(service.streams, selection, await _places(service, start, last_event_id))


async def stream_workflow_events(
    service: Service, name: Name, start: From = None, last_event_id: LastEventId = None, type: Types = None, filter: EventFilter = None
) -> Response:
    """Tell of the events of the executions of a workflow."""
    selection = select(workflow=name, types=type or (), filter=filter)
    await service.know(name)
    service.versions(name)
    return EventStream(service.streams, selection, await _places(service, start, last_event_id))


async def stream_execution_events(
    service: Service, execution: Id, start: From = None, last_event_id: LastEventId = None, type: Types = None, filter: EventFilter = None
) -> Response:
    """Tell of the events of an execution, until it has ended."""
    selection = select(execution=execution, types=type or (), filter=filter)
    places = await _places(service, start, last_event_id)
    await has_ended(service, execution)

    async def ended() -> bool:
        return await has_ended(service, execution)

    return EventStream(service.streams, selection, places, ended)


async def stream_execution_text(service: Service, execution: Id, path: TextPath = None, last_event_id: LastTextId = None) -> Response:
    """Tell of the texts that models say in an execution while they say them, until it has ended."""
    telling = Telling(read_places(last_event_id or ""), path)
    await has_ended(service, execution)

    async def ended() -> bool:
        return await has_ended(service, execution)

    return TextStream(service.streams, service.channel, select(execution=execution), telling, ended)


async def has_ended(service: Service, execution: str) -> bool:
    """Whether an execution has ended. Raises Rejected where there is none; while it cannot be asked, nobody knows."""
    try:
        return (await service.view(execution)).status in ENDED
    except Rejected as rejected:
        if rejected.reason == "quarantined":
            return False
        raise
    except (Unavailable, LogError):  # a browser would never come again after a refusal
        return False


async def _places(service: Service, start: str | None, last_event_id: str | None) -> Places | None:
    """Where a stream begins: what a reader says that comes again counts more than its URL. Raises InvalidInput, Rejected."""
    if last_event_id:
        return await reached(service, read_position(last_event_id, "Last-Event-ID"))
    return None if start in (None, "", NOW) else await reached(service, read_position(start, "from"))


async def reached(service: Service, places: Places) -> Places:
    """The places, where the journals have come that far. Raises Rejected where not; while that cannot be asked, nobody knows."""
    if places:
        with suppress(Unavailable, LogError):
            check_reached(places, await service.ends())
    return places


async def open_live() -> Reply:
    """Subscribe to events, lists and what passes by, over one WebSocket. Without an upgrade to one it is refused."""
    raise BadRequest(426, "upgrade", "expected a request to upgrade to a WebSocket (RFC 6455)")


_STREAM: Final[dict[str, Any]] = {
    "responses": {200: {"description": "Server-sent events.", "content": {"text/event-stream": {"schema": {"type": "string"}}}}},
    "response_class": EventStream,
}

_TEXT: Final[dict[str, Any]] = {**_STREAM, "response_class": TextStream}

LIVE: Final = Operation(method="GET", path="/v1/live", tag="streams", right="read", do=open_live, problems=(426,), status=101)

STREAMS: Final = (
    LIVE,
    Operation(method="GET", path="/v1/events", tag="streams", right="read", do=stream_events, described=_STREAM),
    Operation(
        method="GET", path="/v1/workflows/{name}/events", tag="streams", right="read", do=stream_workflow_events, described=_STREAM,
        problems=(404,),
    ),
    Operation(
        method="GET", path="/v1/executions/{execution}/events", tag="streams", right="read", do=stream_execution_events,
        described=_STREAM, problems=(404,),
    ),
    Operation(
        method="GET", path="/v1/executions/{execution}/text", tag="streams", right="read", do=stream_execution_text, described=_TEXT,
        problems=(404,),
    ),
)  # fmt: skip
