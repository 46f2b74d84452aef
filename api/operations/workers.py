"""The operations of the worker protocol: tasks by long poll, results in batches, and who is there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any, Final

from fastapi import Response

from api.bodies import is_json, wrong_type
from api.operations.operation import Body, ClientMethod, Fast, FastRequest, Operation
from api.operations.worker_answers import answer, described, lost_results, refused
from api.problems import respond
from api.service import Service
from api.worker_rows import WorkersView, workers_view
from contracts.errors import Overloaded
from contracts.ports.workers import TaskEndpoint
from contracts.worker_protocol import (
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


async def poll_tasks(service: Service, task_endpoint: TaskEndpoint, body: Body) -> Response:
    """Ask for tasks; the answer waits until there is something to run or to stop, or the time is up."""
    service.check_ready()
    loop = asyncio.get_running_loop()
    assigned: asyncio.Future[Assignment] = loop.create_future()
    try:
        let_go = _hold(task_endpoint, read_poll(_content(body)), lambda assignment: _set(assigned, assignment), loop)
    except (BadMessage, WrongProtocol) as error:
        return refused(error)
    try:
        return answer(await assigned)
    finally:
        let_go()


async def report_results(task_endpoint: TaskEndpoint, body: Body) -> Response:
    """Report how tasks go and how they ended; the answer comes once that is durable."""
    durable: asyncio.Future[Receipt | None] = asyncio.get_running_loop().create_future()
    try:
        task_endpoint.results(read_results(_content(body)), lambda receipt: _set(durable, receipt))
    except (BadMessage, WrongProtocol) as error:
        return refused(error)
    receipt = await durable
    return lost_results() if receipt is None else answer(receipt)


async def list_workers(task_endpoint: TaskEndpoint) -> Response:
    """Who is there, and what waits for a worker that is not there."""
    return answer(workers_view(task_endpoint.workers()))


def _content(body: Body) -> bytes:
    if len(body.content) > REQUEST_BYTES_MAX:
        raise TooMuch(f"{REQUEST_BYTES_MAX} bytes are allowed; send fewer results at a time")
    if body.content and not is_json(body.media_type):
        raise wrong_type(body.media_type, "application/json")
    return body.content


def _set(future: asyncio.Future[Any], value: Any) -> None:
    if not future.done():
        future.set_result(value)


def _hold(
    task_endpoint: TaskEndpoint, poll: Poll, then: Callable[[Assignment], None], loop: asyncio.AbstractEventLoop
) -> Callable[[], None]:
    """Give a poll to the endpoint, for as long as it may wait. What is given back lets go of it: it is answered, or its worker has gone."""
    is_answered = False

    def answer(assignment: Assignment) -> None:
        nonlocal is_answered
        is_answered = True
        then(assignment)

    task_endpoint.poll(poll, answer)
    if is_answered:
        return _nothing
    timer = loop.call_later(task_endpoint.wait_s(poll), task_endpoint.let_go, poll.worker, answer)

    def let_go() -> None:
        timer.cancel()
        task_endpoint.let_go(poll.worker, answer, is_gone=True)

    return let_go


def _nothing() -> None:
    """A poll that was answered at once is not held."""


# The fast path.


def _begin_poll(request: FastRequest) -> None:
    """The same as `poll_tasks`, by callbacks. Some of a poll may be taken in where too much waits: it is not tried again."""
    task_endpoint, call = request.task_endpoint, request.call
    assert task_endpoint is not None
    request.service.check_ready()
    try:
        let_go = _hold(
            task_endpoint,
            read_poll(request.message.body),
            lambda assignment: call.answer(200, encode(assignment)),
            asyncio.get_running_loop(),
        )
    except Overloaded as error:
        call.respond(respond(error))
    else:
        call.on_end = lambda is_gone: let_go()


def _begin_results(request: FastRequest) -> None:
    """The same as `report_results`, by callbacks."""
    task_endpoint, call = request.task_endpoint, request.call
    assert task_endpoint is not None

    def then(receipt: Receipt | None) -> None:
        if receipt is None:
            call.respond(lost_results())
        else:
            call.answer(200, encode(receipt))

    try:
        task_endpoint.results(read_results(request.message.body), then)
    except Overloaded as error:
        call.respond(respond(error))


WORKER_OPERATIONS: Final = (
    Operation(
        method="POST", path="/v1/worker/poll", tag="workers", right="work", offered="tasks", do=poll_tasks, problems=None, is_held=True,
        described=described(Poll, Assignment, 400, 403, 413, 415, 426, 429), fast=Fast(re.compile(rb"/v1/worker/poll\Z"), _begin_poll),
    ),
    Operation(
        method="POST", path="/v1/worker/results", tag="workers", right="work", offered="tasks", do=report_results, problems=None,
        described=described(Results, Receipt, 400, 403, 413, 415, 426, 429, 503),
        fast=Fast(re.compile(rb"/v1/worker/results\Z"), _begin_results),
    ),
    Operation(
        method="GET", path="/v1/workers", tag="workers", right="read", offered="tasks", do=list_workers, problems=None,
        described=described(None, WorkersView, 403),
        client=ClientMethod("workers", says="Who runs activities, and what waits for a worker that is not there: `{workers, waiting}`."),
    ),
)  # fmt: skip
