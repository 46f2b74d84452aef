"""The route of the WebSocket, beside those of the operations."""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from api.authorize import Authorize
from api.caller import caller_in
from api.operations.executions import executions_query
from api.operations.streams import LIVE, has_ended, reached
from api.operations.tasks import open_tasks
from api.problems import BadRequest
from api.service import Service
from api.streams.lists import Listed, Lists
from api.streams.live import Live
from api.streams.watching import Found
from contracts.errors import InvalidInput, Problem
from projections.execution_columns import STATUSES
from projections.executions import ExecutionRecord, record_value
from projections.tasks import TaskRecord, task_value


def live_route(service: Service, authorize: Authorize) -> WebSocketRoute:
    """The route; whoever may not read is refused before it is a WebSocket."""

    async def find(listed: Listed) -> Found:
        for status in listed.status:
            if status not in STATUSES:
                raise InvalidInput([Problem("status", "status", f"expected some of {', '.join(STATUSES)}, found {status!r}")])
        if listed.what == "tasks":
            return await service.watched(open_tasks(service, listed.workflow, listed.filter, listed.limit), _task)
        query = executions_query(service, listed.workflow, listed.status, listed.filter, listed.limit, listed.sort)
        return await service.watched(query, row)

    def row(partition: int, record: ExecutionRecord) -> dict[str, Any]:
        return {**record_value(record), "position": service.position_of(partition, record.position)}

    lists: list[Lists] = []

    async def live(socket: WebSocket) -> None:
        try:
            authorize(caller_in(socket.scope), LIVE)
        except BadRequest as refused:
            await socket.close(1008, str(refused)[:120])
            return
        if not lists:
            lists.append(Lists(find, service.on_change, service.ends))
        await socket.accept()
        ended, there = partial(has_ended, service), partial(reached, service)
        await Live(socket, service.streams, lists[0], service.channel, ended, there).run()

    return WebSocketRoute(LIVE.path, live)


def _task(partition: int, record: TaskRecord) -> dict[str, Any]:
    return task_value(record)
