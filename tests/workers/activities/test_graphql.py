"""`graphql`, against a server on loopback that runs what it is asked by the reference implementation of GraphQL."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import graphql as reference
import pytest

from contracts.commands import CompleteActivity, FailActivity, RunActivity
from contracts.ports.credentials import NO_USE, NoCredentials, Secret, Use
from contracts.values import decode, written
from domain.definition.validate import check
from infra.clock import ManualClock
from tests.workers.conftest import Web
from workers.running.activities import load_kinds
from workers.running.activities.graphql import ERRORS_MAX, GraphQl
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.attempt import Attempt
from workers.running.performance import Performance

Run = Callable[..., Any]
SCHEMA = reference.build_schema("""
    type Query { order(id: ID!): Order  who: String!  echo(text: String): String }
    type Mutation { pay(order: ID!): Int! }
    type Order { id: ID!  total: Float  owner: String }
""")
KINDS = {name: kind.Config for name, kind in load_kinds(ActivitySettings()).items()}


def forbidden(*_: Any) -> Any:
    raise reference.GraphQLError("not yours", extensions={"code": "FORBIDDEN"})


class Shop:
    """The server: what it was asked, and how often it was paid by keys."""

    def __init__(self) -> None:
        self.headers: list[dict[str, str]] = []
        self.paid: set[str] = set()
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
                shop.headers.append({name.lower(): value for name, value in self.headers.items()})
                root = {
                    "order": lambda _, id: {"id": id, "total": 9.5, "owner": forbidden},
                    "who": shop.headers[-1].get("authorization", "nobody"),
                    "echo": lambda _, text=None: text,
                    "pay": lambda _, order: shop.pay(shop.headers[-1]["idempotency-key"]),
                }
                found = reference.graphql_sync(
                    SCHEMA, asked["query"], root, variable_values=asked["variables"], operation_name=asked.get("operationName")
                ).formatted
                content = json.dumps(found).encode()
                self.send_response(200 if "data" in found and found["data"] is not None else 400)
                self.send_header("content-type", "application/graphql-response+json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                """Nobody reads it."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/graphql"

    def pay(self, key: str) -> int:
        self.paid.add(key)
        return len(self.paid)


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    made = Shop()
    threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


class Kept(NoCredentials):
    """A token at hand."""

    def secret(self, name: str, use: Use = NO_USE) -> Secret:
        return Secret({"token": "t0p-secret"}, kind="bearer")


@pytest.fixture
def run(attempt: Attempt) -> Run:
    kind = GraphQl(ActivitySettings(allow_private_addresses=True))
    return lambda url, query, made=attempt, **more: kind.run(made, {"url": url, "query": query, **more}, None)


def failure(run: Run, *given: Any, **more: Any) -> ActivityError:
    with pytest.raises(ActivityError) as caught:
        run(*given, **more)
    return caught.value


def test_variables_are_values_and_never_read_as_graphql(run: Run, shop: Shop) -> None:
    odd = '") { total } } # \u2603'
    found = run(shop.url, "query ($id: ID!, $text: String) { order(id: $id) { id total } echo(text: $text) }", variables={"id": odd})
    assert found == {"data": {"order": {"id": odd, "total": 9.5}, "echo": None}}


def test_of_several_operations_the_named_one_runs(run: Run, shop: Shop) -> None:
    both = 'query A { a: echo(text: "a") } query B { b: echo(text: "b") }'
    assert run(shop.url, both, operation="B") == {"data": {"b": "b"}}
    error = failure(run, shop.url, both)
    assert (error.error_type, error.retryable, error.details["status"]) == ("graphql.errors", False, 400)


def test_a_mutation_shows_the_same_key_in_each_attempt(run: Run, shop: Shop) -> None:
    mutation = 'mutation { pay(order: "7") }'
    assert [run(shop.url, mutation)["data"]["pay"] for _ in range(2)] == [1, 1]
    assert shop.paid == {"order-1/loop[3]/n"}


def test_the_credential_is_shown(run: Run, shop: Shop, clock: ManualClock) -> None:
    activity = RunActivity("order-1", "n", 2, "graphql", b"{}", b"null")
    attempt = Attempt(activity, lambda *_: None, clock, credentials=Kept())
    assert run(shop.url, "{ who }", made=attempt, credential="shop") == {"data": {"who": "Bearer t0p-secret"}}


def test_an_answer_with_errors_is_a_failure_that_says_which_field_and_why(run: Run, shop: Shop) -> None:
    error = failure(run, shop.url, '{ order(id: "7") { total owner } }')
    assert (error.error_type, error.retryable, str(error)) == ("graphql.errors", False, "not yours")
    told = [{"message": "not yours", "path": ["order", "owner"], "code": "FORBIDDEN"}]
    assert error.details == {"status": 200, "errors": told, "count": 1}


def test_data_beside_errors_is_given_where_it_is_wanted(run: Run, shop: Shop) -> None:
    found = run(shop.url, '{ order(id: "7") { total owner } }', partial=True)
    assert (found["data"], found["errors"][0]["path"]) == ({"order": {"total": 9.5, "owner": None}}, ["order", "owner"])
    assert failure(run, shop.url, "{ nothing }", partial=True).error_type == "graphql.errors", "there is no data to give"


def test_a_query_that_is_none_says_what_the_server_says_of_it(run: Run, shop: Shop) -> None:
    error = failure(run, shop.url, "{ order((id: 1) }")
    assert (error.error_type, str(error)) == ("graphql.errors", "Syntax Error: Expected Name, found '('.")


JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("status", "headers", "body", "expected"),
    [
        (200, JSON, b"[]", ("graphql.answer", False)),
        (200, JSON, b'{"ok": true}', ("graphql.answer", False)),
        (200, JSON, b'{"data": 7}', ("graphql.answer", False)),
        (200, JSON, b'{"data": {}, "errors": "odd"}', ("graphql.answer", False)),
        (200, JSON, b'{"data": {"a": 1e400}}', ("graphql.answer", False)),
        (200, JSON, b"[" * 10_000, ("graphql.answer", False)),
        (200, {"content-type": "text/html"}, b"<h1>Log in</h1>", ("graphql.answer", False)),
        (200, JSON, b'{"errors": [null, {"message": {}}], "data": null}', ("graphql.errors", False)),
        (200, {**JSON, "retry-after": "3"}, b'{"errors": [{"message": "slow down"}]}', ("graphql.errors", True)),
        (429, JSON, b'{"errors": [{"message": "slow down"}]}', ("graphql.errors", True)),
        (503, JSON, b'{"errors": [{"message": "away"}]}', ("graphql.errors", True)),
        (503, {}, b"away", ("http.503", True)),
        (404, {}, b"no such page", ("http.404", False)),
        (302, {"location": "/other"}, b"", ("http.302", False)),
    ],
)  # fmt: skip
def test_what_a_server_answers_decides_whether_it_is_tried_again(
    run: Run, web: Web, status: int, headers: Any, body: bytes, expected: tuple[str, bool]
) -> None:
    web.answers["/graphql"] = (status, headers, body)
    error = failure(run, f"{web.url}/graphql", "{ a }")
    assert (error.error_type, error.retryable) == expected


def test_a_thousand_errors_are_told_by_the_first(run: Run, web: Web) -> None:
    many = json.dumps({"errors": [{"message": "x" * 900, "path": ["y" * 900] * 900}] * 1_000}).encode()
    web.answers["/graphql"] = (200, JSON, many)
    error = failure(run, f"{web.url}/graphql", "{ a }", response_bytes_max=10**9)
    assert (error.details["count"], len(error.details["errors"]), len(json.dumps(error.details)) < 32_000) == (1_000, ERRORS_MAX, True)
    assert str(error).endswith("(and 999 more)")


def test_nobody_is_asked_at_an_address_that_is_not_public(attempt: Attempt, shop: Shop) -> None:
    before = len(shop.headers)
    with pytest.raises(ActivityError) as error:
        GraphQl(ActivitySettings()).run(attempt, {"url": shop.url, "query": "{ who }"}, None)
    assert (error.value.error_type, len(shop.headers)) == ("http.forbidden_address", before)


def test_as_a_node_it_gives_data_and_keeps_the_token(shop: Shop) -> None:
    settings = ActivitySettings(allow_private_addresses=True)
    performance = Performance({"graphql": GraphQl(settings)}, settings, None, None)

    def perform(query: str) -> Any:
        config = written({"url": shop.url, "query": query, "credential": "shop"})
        activity = RunActivity("order-1", "n", 1, "graphql", config, b"null", "order")
        return performance.of(Attempt(activity, lambda *_: None, ManualClock(0), credentials=Kept()))

    done, failed = perform("{ who }"), perform('{ order(id: "1") { owner } }')
    assert isinstance(done, CompleteActivity)
    assert decode(done.output) == {"data": {"who": "Bearer •••"}}
    assert isinstance(failed, FailActivity)
    assert (failed.failure.type, failed.retryable) == ("graphql.errors", False)


@pytest.mark.parametrize(
    ("query", "told"), [("{ a(id: {{ input.id }}) }", ["nodes[0].config.query"]), ("", ["nodes[0].config.query"]), ("{ a }", [])]
)
def test_whoever_starts_an_execution_does_not_say_what_is_asked(query: str, told: list[str]) -> None:
    config = {"url": "https://x.example", "query": query, "variables": {"id": "{{ input.id }}"}}
    found = check({"name": "w", "nodes": [{"id": "n", "type": "graphql", "config": config}]}, KINDS).problems
    assert [one.path for one in found] == told
