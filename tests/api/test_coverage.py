"""Coverage from production: what recorded executions have taken of a version, and what none has."""

from __future__ import annotations

from typing import Any

from refold.client.blocking import Client
from tests import preloaded
from tests.api.conftest import Server


def choice(name: str, *more: dict[str, Any]) -> dict[str, Any]:
    """A loop over numbers, each of which is small or not; and what comes behind."""
    nodes = [
        {"id": "small", "type": "condition", "config": {"expression": "iteration.item < 10"}},
        {"id": "odd", "type": "noop"},
    ]
    each = {"items": "input.numbers", "body": {"nodes": nodes, "edges": [{"from": "small.false", "to": "odd"}]}}
    edges = [{"from": "each", "to": node["id"]} for node in more]
    return {"name": name, "nodes": [{"id": "each", "type": "for_each", "config": each}, *more], "edges": edges}


def found(server: Server, name: str, **query: int) -> dict[str, Any]:
    with Client(server.url) as client:
        return client.coverage(name, **query)


def places(value: dict[str, Any], sort: str) -> dict[str, int]:
    return {one["name"]: one["executions"] for one in value["places"] if one["sort"] == sort}


def test_each_execution_counts_once_however_often_it_takes_something_and_what_none_takes_is_listed(server: Server) -> None:
    server.publish(choice("covered"))
    for numbers in ([1, 2, 3], [4]):
        server.start("covered", {"numbers": numbers}, wait=10)
    value = found(server, "covered")
    assert (value["version"], value["executions"]) == (1, 2)
    assert places(value, "nodes") == {"each": 2, "each/small": 2, "each/odd": 0}
    assert places(value, "cases") == {"each/small.true": 2, "each/small.false": 0}
    assert [one["name"] for one in value["never_taken"]] == ["each/odd", "each/small.false -> odd", "each/small.false"]
    assert {one["sort"]: (one["there"], one["taken"]) for one in value["parts"]}["nodes"] == (3, 2)
    server.start("covered", {"numbers": [40]}, wait=10)
    assert found(server, "covered", last=1)["executions"] == 1
    assert found(server, "covered")["never_taken"] == []


def test_what_was_done_by_another_version_is_left_out(server: Server) -> None:
    server.publish(choice("versions"))
    server.start("versions", {"numbers": [1]}, wait=10)
    server.publish(choice("versions", {"id": "tell", "type": "noop"}))
    server.start("versions", {"numbers": [70]}, wait=10)
    assert places(found(server, "versions", version=1), "nodes") == {"each": 1, "each/small": 1, "each/odd": 0}
    assert places(found(server, "versions"), "nodes") == {"each": 1, "each/small": 1, "each/odd": 1, "tell": 1}
    assert server.get("/v1/workflows/versions/coverage?version=7").status == 404
    assert server.get("/v1/workflows/versions/coverage?last=0").status == 422


def test_the_command_says_so_and_fails_where_there_is_nothing_to_count(server: Server) -> None:
    server.publish(choice("covtyped"))
    nothing = preloaded.run("coverage", "covtyped", "--server", server.url)
    assert (nothing.returncode, nothing.stdout.split(": ")[1][:12]) == (1, "0 executions")
    server.start("covtyped", {"numbers": [1]}, wait=10)
    said = preloaded.run("coverage", "covtyped@1", "--data", str(server.data))
    assert said.returncode == 0, said.stderr
    assert "covtyped@1: 1 execution took 2 of 3 nodes" in said.stdout
    assert "nodes  each/odd" in said.stdout
    assert "no such workflow" in preloaded.run("coverage", "nothing", "--data", str(server.data)).stderr
