"""`GET /v1/executions?filter=`: which executions are listed, page after page, and how a filter is refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

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
