"""The route of the WebSocket, beside those of the operations."""

from __future__ import annotations

from functools import partial
from typing import cast

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from api import models
from api.answers import encode
from api.authorize import Authorize
from api.caller import caller_in
from api.operations.executions import list_executions
from api.operations.streams import LIVE, has_ended, reached
from api.operations.tasks import open_tasks
from api.problems import BadRequest
from api.resources.view import Sort
from api.service import Service
from api.streams.lists import Listed, Lists
from api.streams.live import Live
from contracts.errors import InvalidInput, Problem
from projections.execution_columns import STATUSES


def live_route(service: Service, authorize: Authorize) -> WebSocketRoute:
    """The route; whoever may not read is refused before it is a WebSocket."""

    async def find(listed: Listed) -> bytes:
        for status in listed.status:
            if status not in STATUSES:
                raise InvalidInput([Problem("status", "status", f"expected some of {', '.join(STATUSES)}, found {status!r}")])
        if listed.what == "tasks":
            return await open_tasks(service, listed.workflow, listed.filter, listed.limit)
        statuses = cast("list[models.STATUS]", list(listed.status)) or None
        sort = cast("Sort | None", listed.sort)
        reply = await list_executions(
            service, workflow=listed.workflow, status=statuses, filter=listed.filter, sort=sort, limit=listed.limit
        )
        return encode(reply.value["executions"])

    lists: list[Lists] = []

    async def live(socket: WebSocket) -> None:
        try:
            authorize(caller_in(socket.scope), LIVE)
        except BadRequest as refused:
            await socket.close(1008, str(refused)[:120])
            return
        if not lists:
            lists.append(Lists(service.streams.feed, find))
        await socket.accept()
        ended, there = partial(has_ended, service), partial(reached, service)
        await Live(socket, service.streams, lists[0], service.channel, ended, there).run()

    return WebSocketRoute(LIVE.path, live)
