"""`POST /v1/what-if`: a version decides over what a server has recorded, in a process of its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.api.conftest import Server

ORDER: dict[str, Any] = {
    "name": "judged",
    "nodes": [
        {"id": "check", "type": "condition", "config": {"expression": "input.amount > 100"}},
        {"id": "paid", "type": "end", "config": {"outcome": "paid"}},
        {"id": "refused", "type": "end", "config": {"outcome": "refused"}},
    ],
    "edges": [{"from": "check.true", "to": "refused"}, {"from": "check.false", "to": "paid"}],
}


def text(limit: int) -> str:
    return (
        "name: judged\nnodes:\n"
        f"  - {{id: check, type: condition, config: {{expression: input.amount > {limit}}}}}\n"
        "  - {id: paid, type: end, config: {outcome: paid}}\n"
        "  - {id: refused, type: end, config: {outcome: refused}}\n"
        "edges: [{from: check.true, to: refused}, {from: check.false, to: paid}]\n"
    )


@pytest.fixture(scope="module")
def judged(server: Server) -> Server:
    server.post("/v1/workflows", ORDER)
    for number, amount in enumerate((5, 80, 150)):
        body = {"input": {"amount": amount}, "execution_id": f"judged-{number}"}
        assert server.post("/v1/workflows/judged/executions?wait=30", body).json["status"] == "completed"
    return server


def test_what_would_change_is_told_by_execution_and_added_up(judged: Server) -> None:
    found = judged.post("/v1/what-if", {"definition": text(60)}).json
    assert (found["workflow"], found["version"], found["compared"]) == ("judged", None, 3)
    assert found["verdicts"] == {"unchanged": 2, "path": 0, "output": 0, "outcome": 1, "new_calls": 0, "not_decided": 0}
    (one,) = found["executions"]
    assert (one["execution_id"], one["first_difference"]) == ("judged-1", "check")
    assert (one["before"]["outcome"], one["after"]["outcome"]) == ("paid", "refused")


def test_a_published_version_and_a_draft_are_compared_too(judged: Server) -> None:
    assert judged.post("/v1/what-if", {"workflow": "judged", "version": 1}).json["verdicts"]["unchanged"] == 3
    assert judged.ask("PUT", "/v1/drafts/judged-draft", {"text": text(1), "syntax": "yaml", "workflow": "judged"}).status == 200
    assert judged.post("/v1/what-if", {"draft": "judged-draft", "last": 2}).json["verdicts"]["outcome"] == 1
    assert judged.post("/v1/what-if", {"workflow": "judged", "filter": "outcome == 'refused'"}).json["compared"] == 1


def test_only_those_count_that_began_in_time(judged: Server) -> None:
    assert judged.post("/v1/what-if", {"workflow": "judged", "since": "2026-01-01T00:00:00Z"}).json["compared"] == 3
    assert judged.post("/v1/what-if", {"workflow": "judged", "since": "2999-01-01T00:00:00+01:00"}).json["compared"] == 0


def test_nothing_to_compare_is_an_answer(judged: Server) -> None:
    assert judged.post("/v1/what-if", {"definition": text(1).replace("name: judged", "name: never_run")}).json["compared"] == 0


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({}, 422, "give one of `definition`, `draft` and `workflow`"),
        ({"workflow": "judged", "last": 0}, 422, "/last: expected 1 to 5,000, found 0"),
        ({"workflow": "judged", "since": "soon"}, 422, "/since"),
        ({"workflow": "judged", "filter": "colour == 'red'"}, 422, "unknown name `colour`"),
        ({"workflow": "judged", "version": 9}, 404, "version 9"),
        ({"workflow": "judgd"}, 404, "no such workflow"),
        ({"definition": "name: judged\nnodes: []\n"}, 422, "nodes"),
        ({"workflow": "judged", "more": 1}, 422, "more"),
    ],
)
def test_what_cannot_be_compared_is_told(judged: Server, body: dict[str, Any], status: int, said: str) -> None:
    refused = judged.ask("POST", "/v1/what-if", body)
    assert refused.status == status
    assert said in refused.content.decode()


def test_two_at_once_are_one_after_the_other_or_told_to_come_again(judged: Server) -> None:
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: judged.ask("POST", "/v1/what-if", {"workflow": "judged"}), range(3)))
    assert {one.status for one in answers} <= {200, 503}
    assert any(one.status == 200 for one in answers)
    assert all(one.headers.get("retry-after") for one in answers if one.status == 503)
