"""Operations: each is declared once, and before each the same question is asked, whichever way the request takes."""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
from collections.abc import Callable
from typing import Any, cast

import pytest
from fastapi.routing import APIRoute

from api.app import make_app
from api.authorize import RIGHTS, authorize, forbidden
from api.hot import Hot
from api.message import Call, Message
from api.operations import OPERATIONS, offered
from api.operations.operation import Operation
from api.problems import BadRequest
from api.routes import SUPPLIED
from api.sites import Sites
from contracts.caller import ANONYMOUS, Caller

HOT = [one for one in OPERATIONS if one.fast is not None]
URLS = {
    "name": "hello",
    "execution": "x",
    "operation": "x",
    "incident": "1",
    "before": "1",
    "after": "2",
    "letter": "0",
    "delivery": "0",
    "topic": "journal",
    "partition": "0",
    "blob": "ab",
    "bundle": "b.refold",
    "task": "x~t@1",
    "number": "1",
}


def refuses(caller: Caller, operation: Operation) -> None:
    raise forbidden(caller, operation)


class Nothing:
    """A service and a task endpoint of which nothing may be asked."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was asked for, though the caller has no right to it")


def url_of(operation: Operation) -> str:
    return operation.path.format(**URLS)


def named(operations: list[Operation]) -> Callable[[Any], Any]:
    return pytest.mark.parametrize("operation", operations, ids=[one.name for one in operations])


@functools.cache
def closed() -> Any:
    """An application whose callers have no rights."""
    return make_app(cast(Any, Nothing()), Sites("127.0.0.1"), task_endpoint=cast(Any, Nothing()), authorize=refuses)


async def ask(operation: Operation) -> tuple[int, str, dict[str, Any]]:
    """Status, content type and body of its answer."""
    said: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        said.append(message)

    path = url_of(operation)
    scope = {"type": "http", "method": operation.method, "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": ""}
    await closed()({**scope, "headers": [(b"host", b"127.0.0.1")]}, receive, send)
    return said[0]["status"], dict(said[0]["headers"])[b"content-type"].decode(), json.loads(said[1]["body"])


@named(list(OPERATIONS))
def test_whoever_has_no_right_is_refused_before_anything_is_looked_at(operation: Operation) -> None:
    status, content_type, told = asyncio.run(ask(operation))
    assert (status, content_type) == (403, "application/problem+json")
    assert (told["reason"], told["operation"], told["right"]) == ("forbidden", operation.name, operation.right)
    assert operation.right in told["detail"]


@named(HOT)
def test_the_fast_path_asks_the_same_before_it_begins_anything(operation: Operation) -> None:
    asked: list[str] = []

    def refusing(caller: Caller, wanted: Operation) -> None:
        asked.append(wanted.name)
        raise forbidden(caller, wanted)

    async def story() -> None:
        app = make_app(cast(Any, Nothing()), Sites("127.0.0.1"), task_endpoint=cast(Any, Nothing()))
        hot = Hot(cast(Any, Nothing()), app, cast(Any, Nothing()), authorize=refusing)
        message = Message()
        message.method, message.url, message.version, message.keeps_alive = b"POST", url_of(operation).encode(), "1.1", True
        message.headers = [(b"host", b"localhost")]
        assert hot.may_take(message)
        with pytest.raises(BadRequest, match=operation.name):
            hot.take(message, Call(cast(Any, None)))
        assert (app.requests.by_lane, app.requests.under_way) == (0, 0)

    asyncio.run(story())
    assert asked == [operation.name]


@named(list(OPERATIONS))
def test_somebody_unknown_may_do_everything_until_there_are_users(operation: Operation) -> None:
    authorize(Caller(ANONYMOUS), operation)
    with pytest.raises(BadRequest, match=f"the right to {operation.right}"):
        authorize(Caller("nobody-we-know"), operation)
    assert operation.right in RIGHTS[ANONYMOUS]


def test_no_two_operations_have_a_name_or_a_place_in_common() -> None:
    assert len({one.name for one in OPERATIONS}) == len(OPERATIONS)
    assert len({(one.method, one.path) for one in OPERATIONS}) == len(OPERATIONS)


def test_the_route_of_an_operation_is_one_of_the_application_so_that_it_is_looked_for_once() -> None:
    gate: Any = make_app(cast(Any, Nothing()), Sites("127.0.0.1"), task_endpoint=cast(Any, Nothing()))
    routes = [route for route in gate.app.routes if isinstance(route, APIRoute)]
    assert [(route.name, route.path) for route in routes] == [(one.name, one.path) for one in OPERATIONS]


def test_start_signal_poll_and_results_are_hot() -> None:
    assert {one.name for one in HOT} == {"start_execution", "signal_execution", "poll_tasks", "report_results"}


@named(list(OPERATIONS))
def test_an_operation_says_what_it_does_and_where_its_parameters_stand(operation: Operation) -> None:
    assert operation.do.__doc__
    parameters = inspect.signature(operation.do, eval_str=True).parameters
    in_path = {part[1:-1] for part in operation.path.split("/") if part.startswith("{")}
    assert in_path <= set(parameters) - SUPPLIED
    assert inspect.iscoroutinefunction(operation.do)


def test_a_server_that_is_not_open_tells_of_itself_alone() -> None:
    names = {one.name for one in offered(is_open=False, gives_tasks=False)}
    schemas = {"get_schemas", "get_definition_schema", "get_asyncapi"}
    assert names == {"check_live", "check_ready", "get_metrics", "list_node_kinds", "get_cluster"} | schemas
    assert {one.name for one in offered(is_open=False, gives_tasks=True)} - names == {"poll_tasks", "report_results", "list_workers"}
    assert offered(is_open=True, gives_tasks=True) == list(OPERATIONS)
