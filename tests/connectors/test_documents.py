"""Three public APIs as connectors: each action of each is run at a server that knows nothing but the document."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from contracts.commands import RunActivity
from domain.connectors.connector_check import canonical_connector, checked_connector, pinned_action
from domain.connectors.openapi import Converted, Wishes, converted
from domain.definition.pinned_connectors import PINNED
from infra.clock import SystemClock
from tests.connectors.api_server import ApiServer
from tests.connectors.samples import sample
from workers.running.activities.connector import Connector
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.attempt import Attempt

Api = Callable[[Any], ApiServer]


@pytest.fixture(scope="module")
def taken(documents: dict[str, Any]) -> dict[str, Converted]:
    """The documents as connectors."""
    return {name: converted(document, Wishes(name=name, base_url="https://example.com")) for name, document in documents.items()}


def run(server: ApiServer, connector: dict[str, Any], action: str, given: Any, **config: Any) -> Any:
    """Run an action at a server, as a node does that was published with the connector."""
    actions = {action: connector["actions"][action]}
    content = json.loads(canonical_connector(checked_connector({**connector, "base_url": server.url, "actions": actions})))
    pin = json.dumps({"version": 1, "hash": "h", "content": pinned_action(content, action)})
    attempt = Attempt(RunActivity("e-1", "n", 1, "connector", b"{}", b"null"), lambda *_: None, SystemClock())
    kind = Connector(ActivitySettings(allow_private_addresses=True))
    return kind.run(attempt, {"connector": connector["name"], "action": action, "input": given, PINNED: pin, **config}, None)


@pytest.mark.parametrize(("name", "actions"), [("airflow", 128), ("localstack", 27), ("jupyterlab", 12)])
def test_each_operation_of_a_public_document_runs_as_its_document_says(
    name: str, actions: int, taken: dict[str, Converted], documents: dict[str, Any], api: Api
) -> None:
    connector, server = taken[name].connector, api(documents[name])
    assert (len(connector["actions"]), [one for one in taken[name].told if one.is_left_out]) == (actions, [])
    for action, said in connector["actions"].items():
        schemas = {"$defs": connector.get("schemas", {})}
        for is_full in (False, True):
            given = sample(said["input"], schemas, is_full)
            found = run(server, connector, action, given)
            assert server.faults == []
            assert 200 <= found["status"] < 300
    operations = {f"{one.method} {one.path}" for one in server.operations}
    assert set(server.answered) == operations, "each operation was asked for"


def test_what_an_operation_answers_is_described_as_it_comes(taken: dict[str, Converted], documents: dict[str, Any], api: Api) -> None:
    from jsonschema import Draft202012Validator

    connector, server = taken["airflow"].connector, api(documents["airflow"])
    found = run(server, connector, "get_dag_runs", {"dag_id": "~", "limit": 5, "state": ["running", "failed"]})
    schema = {**connector["actions"]["get_dag_runs"]["output"], "$defs": connector["schemas"]}
    assert list(Draft202012Validator(schema).iter_errors(found["body"])) == []
    assert found["body"]["dag_runs"][0]["dag_run_id"] == "a b/+"
    with pytest.raises(ActivityError, match=r"input\.invalid|does not take this") as caught:
        run(server, connector, "get_dag_runs", {"dag_id": "~", "limit": "many"})
    assert [one["path"] for one in caught.value.details] == ["/input/limit"]


def test_pages_that_a_document_implies_are_walked(taken: dict[str, Converted], documents: dict[str, Any], api: Api) -> None:
    connector, server = taken["airflow"].connector, api(documents["airflow"])
    pages = {name: one["paging"]["by"] for name, one in connector["actions"].items() if "paging" in one}
    assert (pages["get_dags"], pages["get_dag_runs"], len(pages) > 20) == ("offset", "cursor", True)
    server.first = [(200, {}, {"dags": [{"dag_id": one} for one in page], "total_entries": 3}) for page in (["a", "b"], ["c"])]
    found = run(server, connector, "get_dags", {"limit": 2}, pages=9)
    assert ([one["dag_id"] for one in found["items"]], found["pages"], found["next"]) == (["a", "b", "c"], 2, None)
    server.first = [(200, {}, {"dag_runs": [1], "next_cursor": "x y"}), (200, {}, {"dag_runs": [2], "next_cursor": None})]
    assert run(server, connector, "get_dag_runs", {"dag_id": "~"}, pages=9)["items"] == [1, 2]
    assert server.faults == []


def test_a_status_says_whether_an_attempt_more_may_help_and_when(taken: dict[str, Converted], documents: dict[str, Any], api: Api) -> None:
    connector, server = taken["airflow"].connector, api(documents["airflow"])
    told = []
    for action, given in (("get_dags", {}), ("trigger_dag_run", {"dag_id": "a", "body": {"logical_date": None}})):
        for status in (400, 429, 500, 503):
            server.first = [(status, {"retry-after": "12"}, {"why": "so"})]
            with pytest.raises(ActivityError) as caught:
                run(server, connector, action, given)
            told.append((caught.value.error_type, caught.value.retryable, caught.value.retry_after_s))
    assert told == [
        (f"http.{status}", again, 12.0) for safe in (True, False) for status, again in ((400, False), (429, True), (500, safe), (503, True))
    ], "what may be done twice is tried again after any fault of the server"
