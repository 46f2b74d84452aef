"""`GET /v1/executions?filter=`: which executions are listed, page after page, and how a filter is refused."""

from __future__ import annotations

from typing import Any, get_args
from urllib.parse import quote

import pytest

from api.models import STATUS
from refold import Client, Refused
from tests.api.conftest import Server
from tests.api.test_executions import at_position

ORDERS: dict[str, Any] = {
    "name": "filtered",
    "settings": {"search": {"customer": "input.customer", "amount": "input.amount"}},
    "nodes": [{"id": "a", "type": "wait_signal", "config": {"name": "go"}}],
}


@pytest.fixture(scope="module")
def orders(server: Server) -> list[str]:
    """Ten orders of two customers, of which the last has been cancelled."""
    server.publish(ORDERS)
    names = [
        server.start("filtered", {"customer": f"A-{number % 2}", "amount": number if number % 3 else f"{number}"})["execution_id"]
        for number in range(10)
    ]
    position = server.post(f"/v1/executions/{names[9]}/cancel").json["position"]
    at_position(server, "/v1/executions?limit=1", position)
    return names


def listed(server: Server, source: str, more: str = "") -> dict[str, Any]:
    answer = server.get(f"/v1/executions?filter={quote(source)}{more}")
    assert answer.status == 200, answer.json
    return dict(answer.json)


def test_a_filter_picks_the_executions_for_which_it_is_true(server: Server, orders: list[str]) -> None:
    found = listed(server, "workflow == 'filtered' && search.customer == 'A-1' && status in ['running', 'cancelled']")
    assert [row["execution_id"] for row in found["executions"]] == [orders[number] for number in (9, 7, 5, 3, 1)]
    large = listed(server, "workflow == 'filtered' && (search.amount > 6 || search.amount == '0')")
    assert [row["execution_id"] for row in large["executions"]] == [orders[number] for number in (8, 7, 0)]
    assert listed(server, "workflow == 'filtered' && duration != null")["executions"][0]["execution_id"] == orders[9]
    assert listed(server, "workflow == 'filtered' && created_at > now")["executions"] == []


def test_a_filter_stands_beside_the_other_parameters(server: Server, orders: list[str]) -> None:
    found = listed(server, "search.customer == 'A-1'", "&workflow=filtered&status=cancelled")
    assert [row["execution_id"] for row in found["executions"]] == [orders[9]]


@pytest.mark.parametrize("source", ["search.customer == 'A-1'", "workflow == 'filtered' && search.customer == 'A-1'"])
def test_cursors_go_on_with_a_filter(server: Server, orders: list[str], source: str) -> None:
    shown: list[str] = []
    more = "&workflow=filtered&limit=2"
    while True:
        page = listed(server, source, more)
        shown += [row["execution_id"] for row in page["executions"]]
        if page["next"] is None:
            break
        more = f"&workflow=filtered&limit=2&cursor={page['next']}"
    assert shown == [orders[number] for number in (9, 7, 5, 3, 1)]


def test_a_list_is_shown_from_its_other_end_and_a_view_keeps_how(server: Server, orders: list[str]) -> None:
    oldest = [orders[number] for number in (1, 3, 5, 7, 9)]
    with Client(server.url) as client:
        client.put_view("as-they-came", "search.customer == 'A-1' && workflow == 'filtered'", sort="created_at")
        assert [row["execution_id"] for row in client.list(view="as-they-came", page=2)] == oldest
        assert [row["execution_id"] for row in client.list(view="as-they-came", sort="-created_at", page=2)] == oldest[::-1]
        client.delete_view("as-they-came")
    refused = server.get("/v1/executions?sort=duration")
    assert (refused.status, refused.json["problems"][0]["path"]) == (422, "query/sort")


def test_a_cursor_goes_on_in_the_order_of_its_page_only(server: Server, orders: list[str]) -> None:
    oldest = server.get("/v1/executions?workflow=filtered&limit=2&sort=created_at").json
    latest = server.get("/v1/executions?workflow=filtered&limit=2").json
    for cursor, other in ((oldest["next"], ""), (oldest["next"], "&sort=-created_at"), (latest["next"], "&sort=created_at")):
        refused = server.get(f"/v1/executions?workflow=filtered&limit=2&cursor={cursor}{other}")
        assert refused.status == 422
        assert "in the other order" in refused.json["detail"]
    following = server.get(f"/v1/executions?workflow=filtered&limit=2&sort=-created_at&cursor={latest['next']}")
    assert [row["execution_id"] for row in following.json["executions"]] == orders[-3:-5:-1]


def test_a_filter_that_cannot_be_asked_is_refused_with_the_part_and_its_place(server: Server) -> None:
    source = "workflow == 'a' && version == '3'"
    answer = server.get(f"/v1/executions?filter={quote(source)}")
    assert (answer.status, answer.json["reason"]) == (422, "filter.invalid")
    (problem,) = answer.json["problems"]
    assert problem == {
        "path": "query/filter",
        "rule": "kinds",
        "message": "`version == '3'`: an int and a string are never equal",
        "fix": "compare with an int",
        "line": 1,
        "column": 20,
    }


@pytest.mark.parametrize(
    ("source", "column", "said"),
    [
        ("a ===", 3, "`a ===`: CEL has no `===`; write `==`"),
        ("workflow = 'x'", 10, "`workflow = 'x'`: an expression cannot assign; write `==` to compare"),
        ("workflow ~ 'x'", 10, "`workflow ~ 'x'`: `~` has no meaning here"),
        ("true && workflow.foo()", 9, "`workflow.foo()`: unknown function `foo`"),
    ],
)
def test_a_refusal_says_one_position(server: Server, source: str, column: int, said: str) -> None:
    answer = server.get(f"/v1/executions?filter={quote(source)}").json
    (problem,) = answer["problems"]
    assert (problem["line"], problem["column"], problem["message"]) == (1, column, said)
    assert answer["detail"] == f"filter, line 1, column {column}: {said}"


def test_a_status_that_there_is_not_is_refused_with_those_there_are(server: Server) -> None:
    source = quote("status == 'complete'")
    (problem,) = server.get(f"/v1/executions?filter={source}").json["problems"]
    assert (problem["rule"], problem["fix"]) == ("choices", "write `'completed'`")
    assert problem["message"].startswith("`status == 'complete'`: there is no `complete`; known are completed, ")
    for name in get_args(STATUS):
        listed(server, f"status == '{name}' || status in ['{name}'] || status != '{name}'")


def test_a_parameter_that_is_taken_once_is_not_given_twice(server: Server) -> None:
    answer = server.get("/v1/executions?filter=true&filter=false&limit=1&limit=2&status=failed&status=running")
    assert (answer.status, answer.json["reason"]) == (422, "request.invalid")
    assert [(one["path"], one["rule"]) for one in answer.json["problems"]] == [
        ("query/filter", "repeated_parameter"),
        ("query/limit", "repeated_parameter"),
    ]


@pytest.mark.parametrize(
    "source", ["", "nam == 'a'", "workflow ==", "now", "search == null", "x'; DROP TABLE executions --", "\0", "(" * 100]
)
def test_whatever_is_no_filter_is_refused(server: Server, source: str) -> None:
    answer = server.get(f"/v1/executions?filter={quote(source)}")
    assert (answer.status, answer.json["reason"]) == (422, "filter.invalid")


def test_a_value_is_never_a_part_of_the_statement(server: Server, orders: list[str]) -> None:
    assert listed(server, 'workflow == "x\' OR 1=1 --"')["executions"] == []
    assert len(listed(server, "workflow == 'filtered'", "&limit=500")["executions"]) == len(orders)


def test_clients_list_by_a_filter(server: Server, orders: list[str]) -> None:
    with Client(server.url) as client:
        found = [row["execution_id"] for row in client.list(workflow="filtered", filter="search.customer == 'A-1'", page=2)]
        assert found == [orders[number] for number in (9, 7, 5, 3, 1)]
        with pytest.raises(Refused, match="compare with an int"):
            list(client.list(filter="version == '3'"))
