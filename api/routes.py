"""Routes: what FastAPI is told of the operations. A request becomes the arguments of an operation, its reply an answer.

request ─► may the caller do it? (authorize) ─► its parameters ─► its body ─► the position it waits for ─► do ─► answer
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Annotated, Any, Final, TypeAlias

from fastapi import APIRouter, Depends, Query, Request, Response

from api.answers import answer
from api.authorize import Authorize
from api.bodies import media_type_of
from api.caller import caller_in
from api.operations.operation import Body, Operation, Reply
from api.pages import OFFSET_MAX
from api.preconditions import PRECONDITIONS
from api.problems import BadRequest
from api.service import Service
from contracts.ports.workers import TaskEndpoint

Endpoint: TypeAlias = Callable[..., Awaitable[Response]]
MinPosition = Annotated[int | None, Query(ge=0, le=OFFSET_MAX, description="wait until what is read goes up to this position, at most 5 s")]
SUPPLIED: Final = frozenset({"caller", "service", "task_endpoint", "body", "request"})
"""The parameters of an operation that are no parameters of a request."""


def add_routes(
    router: APIRouter, operations: Iterable[Operation], service: Service, task_endpoint: TaskEndpoint | None, authorize: Authorize
) -> None:
    """Add the routes of the operations, over a service and whoever gives tasks. FastAPI would look twice for one of a router within."""
    for operation in operations:
        router.add_api_route(
            operation.path,
            _endpoint(operation, service, task_endpoint),
            methods=[operation.method],
            name=operation.name,
            dependencies=[Depends(_allowed(operation, authorize))],
            **operation.route(),
        )


def _allowed(operation: Operation, authorize: Authorize) -> Callable[[Request], Awaitable[None]]:
    async def allowed(request: Request) -> None:
        authorize(caller_in(request.scope), operation)

    return allowed


def _endpoint(operation: Operation, service: Service, task_endpoint: TaskEndpoint | None) -> Endpoint:
    """What FastAPI calls: with the parameters of the operation, but for those that are supplied here."""
    parameters = inspect.signature(operation.do, eval_str=True).parameters
    needs = SUPPLIED.intersection(parameters)

    async def endpoint(request: Request, min_position: int | None = None, **given: Any) -> Response:
        _check_preconditions(request, operation, "if_match" in parameters)
        if min_position is not None:
            await service.reach(min_position)
        supplied: dict[str, Any] = {"caller": caller_in(request.scope), "service": service, "task_endpoint": task_endpoint}
        supplied["request"] = request
        given |= {name: supplied[name] for name in needs if name != "body"}
        if "body" in needs:
            given["body"] = Body(await request.body(), media_type_of(request))
        work = operation.do(**given)
        reply = await (_while_there(request, work) if operation.is_held else work)
        return reply if isinstance(reply, Response) else answer(*reply)

    own = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for name, one in parameters.items() if name not in SUPPLIED]
    if operation.waits_for_position:
        own.append(inspect.Parameter("min_position", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=MinPosition))
    asked = inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Request)
    endpoint.__signature__ = inspect.Signature([asked, *own])  # type: ignore[attr-defined]  # FastAPI reads it
    endpoint.__name__, endpoint.__doc__ = operation.name, operation.do.__doc__
    return endpoint


def _check_preconditions(request: Request, operation: Operation, takes_match: bool) -> None:
    """Raise BadRequest for a write that depends on what nobody would look at."""
    if operation.method == "GET":
        return
    for name in PRECONDITIONS:
        if name in request.headers and not (takes_match and name == "If-Match"):
            raise BadRequest(422, "request.invalid", f"{name}: {operation.method} {operation.path} does not look at it, so it is not done")


async def _while_there(request: Request, work: Awaitable[Reply | Response]) -> Reply | Response:
    """The reply, unless the caller hangs up before: then nobody waits any more. What was begun goes on."""
    assert isinstance(work, Coroutine)
    working: asyncio.Future[Reply | Response] = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(request.receive())
    try:
        either: set[asyncio.Future[Any]] = {working, gone}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else Response(status_code=499)  # nobody is there to read it
    finally:
        working.cancel()
        gone.cancel()
