"""The routes of the worker protocol: tasks by long poll, results in batches, and who is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request, Response

from api.bodies import is_json, media_type_of, wrong_type
from api.worker_rows import WorkersView, workers_view
from contracts.errors import Overloaded
from contracts.ports.workers import TaskEndpoint
from contracts.worker_protocol import (
    PROTOCOLS,
    REQUEST_BYTES_MAX,
    Assignment,
    BadMessage,
    Poll,
    Receipt,
    Results,
    WrongProtocol,
    encode,
    read_poll,
)
from contracts.worker_results import TooMuch, read_results

_JSON: Final = "application/json"
_PROBLEM: Final = "application/problem+json"
_PROBLEM_SCHEMA: Final = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "versions": {"type": "array", "items": {"type": "integer"}, "description": "the versions of the protocol that are spoken"},
    },
}
_PROBLEMS: Final = {
    400: "The message cannot be read.",
    413: "The message is too large.",
    415: "The message is not said to be JSON.",
    426: "The worker speaks another version of the protocol.",
    429: "Too much waits to be decided; send it again after a pause.",
    503: "Nothing could be stored; send it again.",
}


def worker_routes(desk: TaskEndpoint) -> APIRouter:
    """The routes, over a desk that lives in the event loop's thread."""
    router = APIRouter(tags=["workers"])

    @router.post("/v1/worker/poll", **_described(Poll, Assignment, 400, 413, 415, 426, 429))
    async def poll_tasks(request: Request) -> Response:
        """Ask for tasks; the answer waits until there is something to run or to stop, or the time is up."""
        try:
            return await _poll(desk, request, read_poll(await _body(request)))
        except (BadMessage, WrongProtocol, _Unread) as error:
            return _refused(error)
        except Overloaded as error:
            return overloaded(error)

    @router.post("/v1/worker/results", **_described(Results, Receipt, 400, 413, 415, 426, 429, 503))
    async def report_results(request: Request) -> Response:
        """Report how tasks go and how they ended; the answer comes once that is durable."""
        answer: asyncio.Future[Receipt | None] = asyncio.get_running_loop().create_future()
        try:
            desk.results(read_results(await _body(request)), lambda receipt: _set(answer, receipt))
        except (BadMessage, WrongProtocol, _Unread) as error:
            return _refused(error)
        except Overloaded as error:
            return overloaded(error)
        receipt = await answer
        return lost_results() if receipt is None else _answer(receipt)

    @router.get("/v1/workers", **_described(None, WorkersView))
    async def list_workers() -> Response:
        """Who is there, and what waits for a worker that is not there."""
        return _answer(workers_view(desk.workers()))

    return router


async def _poll(desk: TaskEndpoint, request: Request, poll: Poll) -> Response:
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Assignment] = loop.create_future()
    let_go = hold(desk, poll, lambda assignment: _set(answer, assignment), loop)
    hung_up = asyncio.ensure_future(request.receive())
    try:
        either: set[asyncio.Future[Any]] = {answer, hung_up}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            return _answer(answer.result())
        return Response(status_code=499)  # nobody is there to read it
    finally:
        hung_up.cancel()
        let_go()


def hold(desk: TaskEndpoint, poll: Poll, then: Callable[[Assignment], None], loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
    """Give a poll to the desk, for as long as it may wait. What is given back lets go of it: it is answered, or its worker has gone."""
    is_answered = False

    def answer(assignment: Assignment) -> None:
        nonlocal is_answered
        is_answered = True
        then(assignment)

    desk.poll(poll, answer)
    if is_answered:
        return _nothing
    timer = loop.call_later(desk.wait_s(poll), desk.let_go, poll.worker, answer)

    def let_go() -> None:
        timer.cancel()
        desk.let_go(poll.worker, answer, is_gone=True)

    return let_go


def _nothing() -> None:
    """A poll that was answered at once is not held."""


def overloaded(error: Overloaded) -> Response:
    """The answer where too much waits to be decided."""
    return _problem(429, str(error), headers={"Retry-After": str(max(1, round(error.retry_after_s)))})


def lost_results() -> Response:
    """The answer to results that could not be stored."""
    return _problem(503, "send the results again", headers={"Retry-After": "1"})


def _set(future: asyncio.Future[Any], value: Any) -> None:
    if not future.done():
        future.set_result(value)


class _Unread(Exception):
    """A body that is not read, with the status that says so."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


async def _body(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > REQUEST_BYTES_MAX:
            raise _Unread(413, f"{REQUEST_BYTES_MAX} bytes are allowed; send fewer results at a time")
        parts.append(part)
    if size and not is_json(media_type := media_type_of(request)):
        raise _Unread(415, str(wrong_type(media_type, _JSON)))
    return b"".join(parts)


def _answer(message: Assignment | Receipt | WorkersView) -> Response:
    return Response(encode(message), media_type=_JSON)


def _refused(error: BadMessage | WrongProtocol | _Unread) -> Response:
    if isinstance(error, WrongProtocol):
        return _problem(426, str(error), headers={"Upgrade": f"refold-worker/{PROTOCOLS[-1]}"}, versions=list(PROTOCOLS))
    if isinstance(error, _Unread):
        return _problem(error.status, str(error))
    return _problem(413 if isinstance(error, TooMuch) else 400, str(error))


def _problem(status: int, detail: str, headers: dict[str, str] | None = None, **more: Any) -> Response:
    """An answer as of RFC 9457."""
    content = {"type": "about:blank", "title": _PROBLEMS[status], "status": status, "detail": detail, **more}
    return Response(encode(content), status, headers, media_type=_PROBLEM)


# OpenAPI: the shapes of the messages, as their structs say.


def _described(request: type | None, answer: type, *problems: int) -> dict[str, Any]:
    responses: dict[int | str, Any] = {200: {"description": answer.__doc__, "content": {_JSON: {"schema": _schema(answer)}}}}
    for status in problems:
        responses[status] = {"description": _PROBLEMS[status], "content": {_PROBLEM: {"schema": _PROBLEM_SCHEMA}}}
    described: dict[str, Any] = {"responses": responses, "response_class": Response}
    if request is not None:
        body = {"required": True, "content": {_JSON: {"schema": _schema(request)}}}
        described["openapi_extra"] = {"requestBody": body}
    return described


def _schema(message: type) -> dict[str, Any]:
    """The JSON Schema of a message, in one piece."""
    (schema,), parts = msgspec.json.schema_components([message], ref_template="{name}")
    inlined: dict[str, Any] = _inlined(schema, parts)
    return inlined


def _inlined(schema: Any, parts: dict[str, Any]) -> Any:
    if isinstance(schema, dict):
        if "$ref" in schema:
            return _inlined(parts[schema["$ref"]], parts)
        return {name: _inlined(value, parts) for name, value in schema.items()}
    if isinstance(schema, list):
        return [_inlined(value, parts) for value in schema]
    return schema
