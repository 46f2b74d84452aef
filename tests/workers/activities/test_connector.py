"""`connector`, against a server on loopback: what is sent for which input, who asks, which pages come, and what a failure says."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from email import message_from_bytes, policy
from typing import Any

import pytest

from contracts.commands import CompleteActivity, FailActivity, RunActivity
from contracts.ports.credentials import NO_USE, NoCredentials, Secret, Use
from contracts.values import written
from domain.connectors.connector_check import canonical_connector, checked_connector, pinned_action
from domain.definition.pinned_connectors import PINNED
from infra.clock import ManualClock
from tests.workers.conftest import Web
from workers.running.activities.connector import Connector
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.attempt import Attempt
from workers.running.egress.answers import retry_after_s
from workers.running.performance import Performance

JSON = {"content-type": "application/json"}
Run = Callable[..., Any]


def pinned(url: str, action: dict[str, Any], **more: Any) -> str:
    """The action of a connector as a definition pins it, for a node's config."""
    connector = checked_connector({"name": "crm", "base_url": url, "actions": {"act": {"method": "GET", "path": "/x", **action}}, **more})
    content = pinned_action(json.loads(canonical_connector(connector)), "act")
    return json.dumps({"version": 1, "hash": "h", "content": content})


def taking(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


@pytest.fixture
def run(attempt: Attempt, web: Web) -> Run:
    """Runs an action at the server."""
    kind = Connector(ActivitySettings(allow_private_addresses=True))

    def run(action: dict[str, Any], given: Any = None, config: Any = None, data: Any = None, **more: Any) -> Any:
        wanted = {"connector": "crm", "action": "act", PINNED: pinned(web.url, action, **more), **(config or {})}
        return kind.run(attempt, wanted if given is None else {**wanted, "input": given}, data)

    return run


def failure(run: Run, *args: Any, **more: Any) -> ActivityError:
    with pytest.raises(ActivityError) as caught:
        run(*args, **more)
    return caught.value


# What is sent


PLACES = {
    "path": "/people/{id}/{tags}",
    "input": taking(id={"type": "string"}, tags={"type": "array"}, q={}, ids={}, f={}, note={}, sid={}),
    "parameters": [
        {"name": "id", "in": "path"}, {"name": "tags", "in": "path", "style": "matrix", "explode": True},
        {"name": "q", "in": "query"}, {"name": "ids[]", "in": "query", "input": "ids"},
        {"name": "f", "in": "query", "style": "deepObject"}, {"name": "X-Note", "in": "header", "input": "note"},
        {"name": "sid", "in": "cookie"},
    ],
}  # fmt: skip


def test_inputs_stand_where_the_connector_says(run: Run, web: Web) -> None:
    given = {
        "id": "a/b ?", "tags": ["x", "y"], "q": None, "ids": [1, True], "f": {"a": {"b": [1.5]}}, "note": ["n", 2], "sid": "s p",
    }  # fmt: skip
    found = run(PLACES, given)
    (asked,) = web.asked
    assert asked["path"] == "/people/a%2Fb%20%3F/;tags=x;tags=y?ids%5B%5D=1&ids%5B%5D=true&f[a][b][0]=1.5"
    assert (asked["headers"]["x-note"], asked["headers"]["cookie"]) == ("n,2", "sid=s%20p")
    assert (found["status"], found["body"]["path"]) == (200, asked["path"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"id": "..", "tags": ["x"]}, "`id` is `..`, which would be another path"),
        ({"id": "", "tags": ["x"]}, "`id` is empty"),
        ({"tags": ["x"]}, "`id` is empty"),
        ({"id": "1", "tags": ["x"], "note": "two\nlines"}, "`note` is to be one line of ASCII text"),
        ({"id": "\ud800", "tags": ["x"]}, "half of a character"),
        ({"id": 7, "tags": ["x"]}, "/id"),
        ({"id": "1", "tags": ["x"], "nobody": 1}, "nobody"),
    ],
)
def test_an_input_that_cannot_be_sent_is_told_and_nothing_is_asked(run: Run, web: Web, given: Any, said: str) -> None:
    error = failure(run, PLACES, given)
    assert (error.error_type, error.retryable, web.asked) == ("input.invalid", False, [])
    assert said in f"{error} {error.details}"


def test_without_an_input_the_data_is_what_the_action_takes(run: Run, web: Web) -> None:
    action = {"path": "/{id}", "input": taking(id={"type": "integer", "default": 7}), "parameters": [{"name": "id", "in": "path"}]}
    run(action, data={"id": 3})
    run(action, data=None)
    assert [one["path"] for one in web.asked] == ["/3", "/7"]
    assert failure(run, action, data=[1]).error_type == "input.invalid"


def sending(media_type: str, **more: Any) -> dict[str, Any]:
    return {"method": "POST", "input": taking(body={}), "body": {"media_type": media_type, **more}}


@pytest.mark.parametrize(
    ("media_type", "parts", "body", "sent"),
    [
        ("application/json", {}, {"a": [1, None]}, b'{"a":[1,null]}'),
        ("application/json", {}, "text", b'"text"'),
        ("application/vnd.api+json", {}, None, b"null"),
        ("text/plain", {}, "hé", "hé".encode()),
        ("application/octet-stream", {}, {"base64": "AAH/"}, b"\0\x01\xff"),
        ("application/x-www-form-urlencoded", {}, {"a b": "c&d", "e": [1, 2], "f": None, "g": {"h": 1}},
         b"a+b=c%26d&e=1&e=2&g=%7B%22h%22%3A1%7D"),
        ("application/x-www-form-urlencoded", {"g": {"style": "deepObject", "explode": True}}, {"g": {"h": [{"i": 1}]}}, b"g[h][0][i]=1"),
    ],
)  # fmt: skip
def test_a_body_is_sent_as_its_media_type(run: Run, web: Web, media_type: str, parts: Any, body: Any, sent: bytes) -> None:
    run(sending(media_type, parts=parts), {"body": body})
    (asked,) = web.asked
    assert (asked["body"], asked["headers"]["content-type"]) == (sent, media_type)


def test_a_body_of_several_parts_holds_texts_values_and_files(run: Run, web: Web) -> None:
    body = {
        "name": 'a"b',
        "tags": ["x", "y"],
        "meta": {"n": 1},
        "file": {"base64": "AAE=", "filename": "é.bin", "content_type": "image/png"},
    }
    run(sending("multipart/form-data", parts={"meta": {"content_type": "application/json"}}), {"body": body})
    (asked,) = web.asked
    head = f"content-type: {asked['headers']['content-type']}\r\n\r\n".encode()
    parts = list(message_from_bytes(head + asked["body"], policy=policy.HTTP).iter_parts())
    told = [
        (part.get_param("name", header="content-disposition"), part.get_content_type(), part.get_payload(decode=True)) for part in parts
    ]
    assert told == [
        ("name", "text/plain", b'a"b'), ("tags", "text/plain", b"x"), ("tags", "text/plain", b"y"),
        ("meta", "application/json", b'{"n":1}'), ("file", "image/png", b"\0\x01"),
    ]  # fmt: skip
    assert parts[4].get_filename() == "é.bin"


@pytest.mark.parametrize("body", [{"base64": "no base64!"}, {"base64": "AA==", "more": 1}, [1], 7])
def test_bytes_that_are_none_are_told(run: Run, web: Web, body: Any) -> None:
    assert failure(run, sending("application/octet-stream"), {"body": body}).error_type == "input.invalid"
    assert web.asked == []


def test_private_addresses_are_not_reached_unless_a_setting_allows_it(attempt: Attempt, web: Web) -> None:
    config = {"connector": "crm", "action": "act", PINNED: pinned(web.url, {})}
    with pytest.raises(ActivityError) as caught:
        Connector(ActivitySettings()).run(attempt, config, None)
    assert (caught.value.error_type, caught.value.retryable, web.asked) == ("http.forbidden_address", False, [])


def test_a_node_that_was_published_without_the_connector_says_what_to_do(attempt: Attempt) -> None:
    with pytest.raises(ActivityError, match="published without action act of connector crm: publish the connector, then the workflow"):
        Connector(ActivitySettings()).run(attempt, {"connector": "crm", "action": "act"}, None)


# Failures


@pytest.mark.parametrize(("status", "again"), [(404, False), (409, False), (429, True), (500, True), (503, True)])
def test_the_status_says_whether_trying_again_may_help(run: Run, web: Web, status: int, again: bool) -> None:
    web.answers["/x"] = (status, {"retry-after": "7", **JSON}, b'{"why": "so"}')
    error = failure(run, {})
    assert (error.error_type, error.retryable, error.retry_after_s) == (f"http.{status}", again, 7.0)
    assert (error.details["status"], error.details["body"]) == (status, '{"why": "so"}')


def test_a_connector_says_itself_which_statuses_are_good_and_which_pass(run: Run, web: Web) -> None:
    web.answers["/x"] = (404, {}, b"")
    assert run({"expect": ["2xx", 404]})["status"] == 404
    assert failure(run, {"retry_on": [404]}).retryable is True
    assert failure(run, {"retry_on": []}, retry_on=["4xx"]).retryable is False
    assert failure(run, {}, retry_on=["4xx"]).retryable is True


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({"retry-after": "Tue, 01 Dec 2026 10:00:30 GMT", "date": "Tue, 01 Dec 2026 10:00:00 GMT"}, 30.0),
        ({"retry-after": "Tue, 01 Dec 2026 09:00:30 GMT", "date": "Tue, 01 Dec 2026 10:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "9" * 5000}, 999_999_999.0),
        ({"retry-after": "-1"}, None),
        ({}, None),
    ],
)
def test_when_to_come_again_is_a_number_or_a_moment_by_the_servers_clock(headers: dict[str, str], after: float | None) -> None:
    assert retry_after_s(headers) == after


# Pages


def paged(web: Web, pages: dict[str, tuple[dict[str, str], Any]]) -> None:
    """Answers of the server by their query."""

    class Answers(dict[str, Any]):
        def get(self, path: str, default: Any = None) -> Any:
            query = web.asked[-1]["path"].partition("?")[2]
            headers, body = pages[query]
            return 200, {**JSON, **headers}, json.dumps(body).encode()

    web.answers = Answers()


def listing(paging: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {"input": taking(**properties), "parameters": [{"name": name, "in": "query"} for name in properties], "paging": paging}


NUMBER = {"type": "integer"}


@pytest.mark.parametrize(
    ("action", "given", "pages"),
    [
        (listing({"by": "page", "input": "page", "items": "/data"}, page=NUMBER), {},
         {"": ({}, {"data": [1, 2]}), "page=2": ({}, {"data": [3]}), "page=3": ({}, {"data": []})}),
        (listing({"by": "page", "input": "p", "size": "n", "first": 0}, p=NUMBER, n={"default": 2}), {},
         {"n=2": ({}, [1, 2]), "p=1&n=2": ({}, [3])}),
        (listing({"by": "offset", "input": "offset", "size": "limit", "items": "/a/b"}, offset=NUMBER, limit=NUMBER), {"limit": 2},
         {"limit=2": ({}, {"a": {"b": [1, 2]}}), "offset=2&limit=2": ({}, {"a": {"b": [3]}})}),
        (listing({"by": "cursor", "input": "c", "items": "/data", "next": "/meta/next"}, c={}), {},
         {"": ({}, {"data": [1, 2], "meta": {"next": "a b"}}), "c=a%20b": ({}, {"data": [3], "meta": {"next": None}})}),
        (listing({"by": "cursor", "input": "after", "items": "/data", "last": "/id", "more": "/more"}, after={}), {},
         {"": ({}, {"data": [{"id": "x"}], "more": True}), "after=x": ({}, {"data": [{"id": "y"}], "more": False})}),
        (listing({"by": "link"}, q={}), {"q": "z"},
         {"q=z": ({"link": '</x?page=1>; rel="prev", </x?page=2&q=%7B>; title="a, b"; rel="last next"'}, [1, 2]),
          "page=2&q=%7B": ({"link": "</x?page=1>; rel=prev"}, [3])}),
        (listing({"by": "link", "items": "/results", "next": "/next"}), {},
         {"": ({}, {"results": [1, 2], "next": "?page=2"}), "page=2": ({}, {"results": [3], "next": None})}),
    ],
)  # fmt: skip
def test_all_items_of_all_pages_come_however_they_follow(run: Run, web: Web, action: Any, given: Any, pages: Any) -> None:
    paged(web, pages)
    found = run(action, given, {"pages": 10})
    items = found["items"] if isinstance(found["items"][0], int) else [{"x": 1, "y": 2}[one["id"]] for one in found["items"]] + [3]
    assert (items, found["next"]) == ([1, 2, 3], None)
    assert [one["path"].partition("?")[2] for one in web.asked] == list(pages)
    assert len({one["headers"]["idempotency-key"] for one in web.asked}) == len(pages)


def test_one_page_is_given_as_it_is_with_what_follows_it(run: Run, web: Web) -> None:
    paged(web, {"": ({}, {"data": [1], "next": "abc"}), "c=abc": ({}, {"data": [2], "next": "d"}), "c=d": ({}, {"error": "none"})})
    action = listing({"by": "cursor", "input": "c", "items": "/data", "next": "/next"}, c={})
    first = run(action)
    assert (first["body"], first["next"]) == ({"data": [1], "next": "abc"}, {"c": "abc"})
    assert run(action, first["next"])["next"] == {"c": "d"}
    both = run(action, {}, {"pages": 2})
    assert (both["items"], both["pages"], both["next"]) == ([1, 2], 2, {"c": "d"})
    error = failure(run, action, {}, {"pages": 3})
    assert (error.error_type, error.retryable, str(error)[:7]) == ("connector.paging", False, "page 3:")


def test_pages_that_never_end_are_a_failure_and_so_are_pages_elsewhere(run: Run, web: Web) -> None:
    action = listing({"by": "cursor", "input": "c", "items": "/data", "next": "/next"}, c={})
    paged(web, {"": ({}, {"data": [1], "next": "a"}), "c=a": ({}, {"data": [1], "next": "b"}), "c=b": ({}, {"data": [1], "next": "a"})})
    assert "it would never end" in str(failure(run, action, {}, {"pages": 1000}))
    assert len(web.asked) == 3
    for other in (f"http://localhost:{web.port}/x", "https://127.0.0.1/x", "//evil.example/x", "http://[bad"):
        paged(web, {"": ({"link": f'<{other}>; rel="next"'}, [1])})
        assert "at another server" in str(failure(run, listing({"by": "link"}), {}, {"pages": 2}))
    paged(web, {"": ({"content-length": "400"}, [1] * 200)})
    error = failure(run, listing({"by": "page", "input": "p"}, p=NUMBER), {}, {"pages": 2, "response_bytes_max": 100})
    assert error.error_type == "http.too_large"


# Who asks


class Kept(NoCredentials):
    """A credential at hand."""

    def __init__(self, secret: Secret) -> None:
        super().__init__()
        self.kept = secret

    def secret(self, name: str, use: Use = NO_USE) -> Secret:
        return self.kept


SCHEMES = {
    "user": {"type": "basic"}, "token": {"type": "bearer"}, "login": {"type": "oauth2"},
    "key": {"type": "api_key", "in": "header", "name": "X-Key"}, "asked": {"type": "api_key", "in": "query", "name": "k y"},
    "cook": {"type": "api_key", "in": "cookie", "name": "sid"},
}  # fmt: skip
BEARER, VALUES = Secret({"token": "s3&cr3t"}, kind="bearer"), Secret({"key": "s3&cr3t", "asked": "0ther-one"}, kind="values")


@pytest.fixture
def run_as(clock: ManualClock, web: Web) -> Callable[..., Any]:
    """Performs a whole attempt that is given a credential, as the worker does."""
    settings = ActivitySettings(allow_private_addresses=True)
    performance = Performance({"connector": Connector(settings)}, settings, None, None)

    def run(secret: Secret, auth: list[list[str]], **config: Any) -> Any:
        content = pinned(web.url, {"auth": auth}, auth=SCHEMES)
        given = {"connector": "crm", "action": "act", "credential": "mine", PINNED: content, **config}
        activity = RunActivity("order-1", "pay", 2, "connector", written(given), b"null", "order")
        return performance.of(Attempt(activity, lambda *_: None, clock, credentials=Kept(secret)))

    return run


@pytest.mark.parametrize(
    ("secret", "auth", "place", "shown"),
    [
        (Secret({"username": "ann", "password": "s3cr3t"}, kind="basic"), [["user"]], "authorization", "Basic YW5uOnMzY3IzdA=="),
        (BEARER, [["token"]], "authorization", "Bearer s3&cr3t"),
        (BEARER, [["login"]], "authorization", "Bearer s3&cr3t"),
        (BEARER, [["key"]], "x-key", "s3&cr3t"),
        (Secret({"name": "x-key", "value": "s3cr3t"}, kind="header"), [["user"], ["key"]], "x-key", "s3cr3t"),
        (BEARER, [["cook"]], "cookie", "sid=s3%26cr3t"),
        (VALUES, [["token"], ["key", "asked"]], "x-key", "s3&cr3t"),
        (BEARER, [], "authorization", "Bearer s3&cr3t"),
        (BEARER, [[], ["user"], ["token"]], "authorization", "Bearer s3&cr3t"),
    ],
)
def test_a_credential_is_shown_where_the_scheme_says(
    run_as: Callable[..., Any], web: Web, secret: Secret, auth: Any, place: str, shown: str
) -> None:
    assert isinstance(run_as(secret, auth), CompleteActivity)
    assert web.asked[0]["headers"][place] == shown


def test_a_key_in_the_query_is_sent_and_stands_nowhere_else(run_as: Callable[..., Any], web: Web) -> None:
    web.answers["/x"] = (500, {"location": "/x?k%20y=s3%26cr3t"}, b"you said s3&cr3t")
    failed = run_as(BEARER, [["asked"]])
    assert web.asked[0]["path"] == "/x?k%20y=s3%26cr3t"
    assert isinstance(failed, FailActivity)
    assert not {"s3&cr3t", "s3%26cr3t"} & set(repr(failed).replace('"', " ").replace("=", " ").split())
    both = run_as(VALUES, [["key", "asked"]])
    assert (web.asked[1]["path"], web.asked[1]["headers"]["x-key"]) == ("/x?k%20y=0ther-one", "s3&cr3t")
    assert "0ther" not in repr(both)


@pytest.mark.parametrize(
    ("secret", "auth", "said"),
    [
        (BEARER, [["user"]], "takes a credential of kind basic or one of kind values with user; mine is of kind bearer"),
        (BEARER, [["key", "asked"]], "takes one of kind values with key, asked; mine is of kind bearer"),
        (Secret({"name": "X-Other", "value": "v"}, kind="header"), [["key"]], "mine is of the header X-Other, and the API takes X-Key"),
    ],
)
def test_a_credential_of_another_kind_is_told_and_nothing_is_asked(
    run_as: Callable[..., Any], web: Web, secret: Secret, auth: Any, said: str
) -> None:
    failed = run_as(secret, auth)
    assert (failed.failure.type, failed.retryable, web.asked) == ("input.invalid", False, [])
    assert said in failed.failure.message


def test_bytes_that_come_back_are_base64(run: Run, web: Web) -> None:
    web.answers["/x"] = (200, {"content-type": "image/png"}, b"\0\xff")
    found = run({})
    assert (base64.b64decode(found["body"]), found["encoding"]) == (b"\0\xff", "base64")
