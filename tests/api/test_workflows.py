"""`/v1/workflows`: publishing and looking."""

from __future__ import annotations

import pytest

from .conftest import HELLO, Server


def numbered(number: int, name: str) -> dict[str, object]:
    return {"name": name, "nodes": [{"id": f"n{number}", "type": "noop"}]}


def test_publishing_answers_name_version_hash_status_and_a_position(server: Server) -> None:
    answer = server.post("/v1/workflows", numbered(1, "published"))
    assert answer.status == 201
    assert answer.json | {"hash": "", "position": 0} == {
        "name": "published", "version": 1, "hash": "", "status": "active", "created": True, "before": None, "position": 0,
        "warnings": [],
    }  # fmt: skip
    assert answer.headers["refold-position"] == str(answer.json["position"])


def test_an_unchanged_definition_creates_nothing(server: Server) -> None:
    server.post("/v1/workflows", numbered(1, "unchanged"))
    again = server.post("/v1/workflows", numbered(1, "unchanged"))
    assert (again.status, again.json["created"], again.json["version"]) == (200, False, 1)


def test_yaml_is_published_by_its_content_type(server: Server) -> None:
    text = b"name: in_yaml\nnodes: [{id: first, type: noop}]\n"
    assert server.post("/v1/workflows", text, Content_Type="application/yaml").status == 201
    assert server.get("/v1/workflows/in_yaml").json["definition"]["nodes"][0]["id"] == "first"


def test_rolling_back_is_activating_an_old_version(server: Server) -> None:
    server.publish(numbered(1, "rolled"), numbered(2, "rolled"))
    assert server.get("/v1/workflows/rolled").json["version"] == 2
    back = server.post("/v1/workflows/rolled/activate", {"version": 1}).json
    assert (back["version"], back["status"], back["before"]) == (1, "active", 2)
    assert [one["status"] for one in server.get("/v1/workflows/rolled/versions").json["versions"]] == ["active", "inactive"]
    assert server.start("rolled")["version"] == 1
    assert server.get("/v1/workflows/rolled?version=2").json["definition"]["nodes"][0]["id"] == "n2"


def test_publishing_old_content_goes_back_to_it_only_when_asked_to(server: Server) -> None:
    server.publish(numbered(1, "again"), numbered(2, "again"))
    left = server.post("/v1/workflows", numbered(1, "again"))
    assert (left.status, left.json["version"], left.json["status"], left.json["before"]) == (200, 1, "inactive", 2)
    assert [(one["rule"], "activate=true" in one["fix"]) for one in left.json["warnings"]] == [("inactive", True)]
    assert server.start("again")["version"] == 2
    back = server.post("/v1/workflows?activate=true", numbered(1, "again")).json
    assert (back["version"], back["status"], back["before"], back["warnings"]) == (1, "active", 2, [])
    assert server.start("again")["version"] == 1


def test_publishing_takes_a_workflow_out_of_the_archive(server: Server) -> None:
    server.publish(numbered(1, "unarchived"))
    server.post("/v1/workflows/unarchived/archive")
    again = server.post("/v1/workflows", numbered(1, "unarchived")).json
    assert (again["status"], again["before"]) == ("active", None)


def test_an_archived_workflow_starts_nothing_until_a_version_is_activated(server: Server) -> None:
    server.publish(numbered(1, "archived"))
    assert server.post("/v1/workflows/archived/archive").json["versions"][0]["status"] == "archived"
    refused = server.post("/v1/workflows/archived/executions", {})
    assert (refused.status, refused.json["reason"]) == (409, "archived_workflow")
    server.post("/v1/workflows/archived/activate", {"version": 1})
    assert server.start("archived")["version"] == 1


def test_all_workflows_are_listed(server: Server) -> None:
    names = [one["name"] for one in server.get("/v1/workflows").json["workflows"]]
    assert {"hello", "works", "waits"} <= set(names)
    assert names == sorted(names)


MISTYPED = {
    "name": "mistyped",
    "nodes": [
        {"id": "a", "type": "htp_request"},
        {"id": "b", "type": "for_each", "config": {"items": "[1]", "body": {"nodes": [{"id": "c", "type": "charge_card"}]}}},
        {"id": "d", "type": "noop", "compensate": {"type": "refnd"}},
        {"id": "e", "type": "slack"},
        {"id": "f", "type": "dellay"},
    ],
}


def test_a_kind_that_nobody_offers_is_a_warning_and_names_the_one_that_was_meant(server: Server) -> None:
    checked = server.post("/v1/workflows/validate", MISTYPED).json
    assert (checked["valid"], checked["problems"]) == (True, [])
    assert {(one["path"], one["rule"], one["fix"]) for one in checked["warnings"]} == {
        ("nodes[0].type", "unknown_kind", "did you mean `http_request`?"),
        ("nodes[1].config.body.nodes[0].type", "unknown_kind", "start a worker that offers it"),
        ("nodes[2].compensate.type", "unknown_kind", "start a worker that offers it"),
        ("nodes[3].type", "unknown_kind", "use an activity of your own"),
        ("nodes[4].type", "unknown_kind", "did you mean `delay`?"),
    }
    published = server.post("/v1/workflows", MISTYPED)
    assert (published.status, published.json["warnings"]) == (201, checked["warnings"])


def test_a_kind_that_a_worker_offers_is_no_warning(server: Server) -> None:
    kinds = ["charge_card", "refund"]
    server.post("/v1/worker/poll", {"protocol": 1, "worker": "offers", "kinds": kinds, "credits": 0})
    warned = {one["path"]: one["fix"] for one in server.post("/v1/workflows/validate", MISTYPED).json["warnings"]}
    assert "nodes[1].config.body.nodes[0].type" not in warned
    assert warned["nodes[2].compensate.type"] == "did you mean `refund`?"
    server.post("/v1/worker/poll", {"protocol": 1, "worker": "offers", "kinds": []})


INVALID = {"name": "bad", "nodes": [{"id": "a", "type": "condition", "config": {}}, {"id": "a", "type": "noop"}]}


def test_an_invalid_definition_is_refused_with_all_problems(server: Server) -> None:
    answer = server.post("/v1/workflows", INVALID)
    assert (answer.status, answer.headers["content-type"]) == (422, "application/problem+json")
    assert {tuple(sorted(one)) for one in answer.json["problems"]} == {("column", "fix", "line", "message", "node", "path", "rule")}
    assert any(one["path"].startswith("nodes[0]") for one in answer.json["problems"])


def test_a_problem_names_its_line_column_and_node(server: Server) -> None:
    text = "name: bad\nnodes:\n  - id: a\n    type: condition\n    config:\n      expresion: 'true'\n"
    answer = server.post("/v1/workflows", text.encode(), Content_Type="application/yaml")
    assert {(one["rule"], one["line"], one["column"], one["node"]) for one in answer.json["problems"]} >= {("unknown_field", 6, 7, "a")}


def test_a_sub_workflow_that_is_not_published_is_a_warning(server: Server) -> None:
    calls = {"name": "calls_nobody", "nodes": [{"id": "a", "type": "sub_workflow", "config": {"workflow": "calls_nobdy"}}]}
    warned = server.post("/v1/workflows/validate", calls).json["warnings"]
    assert [(one["path"], one["rule"], one["node"]) for one in warned] == [("nodes[0].config.workflow", "unknown_workflow", "a")]
    server.post("/v1/workflows", {**HELLO, "name": "calls_nobdy"})
    assert server.post("/v1/workflows/validate", calls).json["warnings"] == []


def test_a_workflow_to_be_waited_for_that_is_not_published_is_a_warning(server: Server) -> None:
    waits = {"name": "waits_for_nobody", "settings": {"after": {"workflow": "waited_fro"}}, "nodes": [{"id": "a", "type": "noop"}]}
    warned = server.post("/v1/workflows", waits).json["warnings"]
    assert [(one["path"], one["rule"]) for one in warned] == [("settings.after.workflow", "unknown_workflow")]
    server.post("/v1/workflows", {**HELLO, "name": "waited_for"})
    warned = server.post("/v1/workflows/validate", {**waits, "settings": {"after": [{"workflow": "waited_fro"}]}}).json["warnings"]
    assert ("waited_fro" in warned[0]["message"], warned[0]["fix"]) == (True, "did you mean `waited_for`?")
    server.post("/v1/workflows", {**HELLO, "name": "waited_fro"})
    assert server.post("/v1/workflows/validate", waits).json["warnings"] == []


def test_validating_answers_the_same_problems_and_publishes_nothing(server: Server) -> None:
    answer = server.post("/v1/workflows/validate", INVALID)
    assert (answer.status, answer.json["valid"]) == (200, False)
    assert answer.json["problems"] == server.post("/v1/workflows", INVALID).json["problems"]
    right = {"valid": True, "problems": [], "warnings": [], "schedules": [], "ports": {"nodes[1]": []}}
    assert server.post("/v1/workflows/validate", HELLO).json == right
    assert server.get("/v1/workflows/bad").status == 404


def test_a_place_in_a_nested_body_is_named_by_its_path(server: Server) -> None:
    inner = {"nodes": [{"id": "x", "type": "noop"}, {"id": "y", "type": "condition", "config": {}}]}
    nested = {"name": "nested", "nodes": [{"id": "loop", "type": "for_each", "config": {"items": "[1]", "body": inner}}]}
    paths = [one["path"] for one in server.post("/v1/workflows/validate", nested).json["problems"]]
    assert any(path.startswith("nodes[0].config.body.nodes[1]") for path in paths)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v1/workflows/nope", 404), ("/v1/workflows/nope/versions", 404), ("/v1/workflows/hello?version=99", 404)],
)
def test_what_is_not_there_is_not_found(server: Server, path: str, status: int) -> None:
    assert server.get(path).status == status


def test_node_kinds_and_the_schema_of_the_language(server: Server) -> None:
    kinds = {one["kind"]: one for one in server.get("/v1/node-kinds").json["kinds"]}
    assert kinds["condition"]["sort"] == "control flow"
    assert kinds["http_request"]["config"]["properties"]["url"]
    assert {"path": "expression", "roles": ["expression"]} in kinds["condition"]["fields"]
    assert (kinds["condition"]["ports"], kinds["delay"]["waits_for"], kinds["code"]["is_here"]) == (["true", "false"], "timer", True)
    assert server.get("/v1/schemas/definition").json["title"] == "Workflow definition"


def test_kinds_that_workers_offer_are_among_the_node_kinds(server: Server) -> None:
    poll = {"protocol": 1, "worker": "faxes", "kinds": ["fax_it", "noop"], "credits": 0}
    assert server.post("/v1/worker/poll", poll).status == 200
    kinds = server.get("/v1/node-kinds").json["kinds"]
    assert [(one["is_here"], one["config"], one["ports"]) for one in kinds if one["kind"] == "fax_it"] == [(False, None, ["out"])]
    assert [one["is_here"] for one in kinds if one["kind"] == "noop"] == [True]


# Versions: who, what, and what is different.

COMMENTED = b"# Why there is this workflow.\r\nname: %s\nnodes: [{id: first, type: noop}]  # \xe2\x9c\x93"


def test_the_text_of_a_version_comes_back_byte_for_byte(server: Server) -> None:
    text = COMMENTED % b"texts"
    server.post("/v1/workflows", text, Content_Type="application/yaml")
    server.publish(numbered(2, "texts"))
    answer = server.get("/v1/workflows/texts/source?version=1")
    assert (answer.content, answer.headers["content-type"]) == (text, "application/yaml")
    assert server.get("/v1/workflows/texts/source").headers["content-type"] == "application/json"
    assert server.get("/v1/workflows/texts/source?version=3").json["reason"] == "unknown_workflow"
    rows = server.get("/v1/workflows/texts/versions").json["versions"]
    assert [(row["source"], row["published_by"]) for row in rows] == [("yaml", "anonymous"), ("json", "anonymous")]


def test_versions_that_only_move_nodes_in_the_picture_are_marked(server: Server) -> None:
    node = {"id": "first", "type": "noop"}
    for x, type_ in ((1, "noop"), (2, "noop"), (3, "log")):
        server.publish({"name": "moved_only", "nodes": [{**node, "type": type_, "position": {"x": x, "y": 0}}]})
    rows = server.get("/v1/workflows/moved_only/versions").json["versions"]
    assert [row["layout_only"] for row in rows] == [False, True, False]
    assert server.get("/v1/workflows/moved_only/versions/1/diff/2").json["changes"][0]["path"] == "nodes[first].position.x"
    assert server.get("/v1/workflows/moved_only/versions/1/diff/2?layout=false").json["changes"] == []


def test_two_versions_are_compared_by_nodes_and_as_text(server: Server) -> None:
    server.publish(numbered(1, "compared"), numbered(2, "compared"))
    found = server.get("/v1/workflows/compared/versions/1/diff/2").json
    assert [(one["change"], one["what"], one["id"], one["path"]) for one in found["changes"]] == [
        ("removed", "node", "n1", "nodes[n1]"), ("added", "node", "n2", "nodes[n2]"),
    ]  # fmt: skip
    assert (found["name"], found["before"], found["after"], found["text_of"]) == ("compared", 1, 2, "source")
    assert found["text"].startswith("--- compared/1\n+++ compared/2\n")
    same = server.get("/v1/workflows/compared/versions/2/diff/2").json
    assert (same["changes"], same["text"]) == ([], "")


def test_a_text_is_compared_with_a_version_before_it_is_published(server: Server) -> None:
    server.post("/v1/workflows", COMMENTED % b"typed", Content_Type="application/yaml")
    text = COMMENTED.replace(b"Why", b"How") % b"typed"
    text = text.replace(b"type: noop", b"type: log, position: {x: 1, y: 2}, config: {message: 10000.0}")
    answer = server.post("/v1/workflows/typed/versions/1/diff", text, Content_Type="application/yaml")
    found = answer.json
    assert {(one["change"], one["path"]) for one in found["changes"]} == {
        ("added", "nodes[first].config"), ("added", "nodes[first].position"), ("changed", "nodes[first].type"),
    }  # fmt: skip
    assert b'"message":10000.0' in answer.content
    assert found["text"].startswith("--- typed/1\n+++ typed/text\n")
    assert "after" not in found
    same = server.post("/v1/workflows/typed/versions/1/diff?layout=false", COMMENTED % b"typed", Content_Type="application/yaml").json
    assert (same["changes"], same["text"]) == ([], "")
    assert len(server.get("/v1/workflows/typed/versions").json["versions"]) == 1
    wrong = server.post(
        "/v1/workflows/typed/versions/1/diff", b"name: typed\nnodes: [{id: a, type: delay}]", Content_Type="application/yaml"
    )
    assert (wrong.status, wrong.json["problems"][0]["path"]) == (422, "nodes[0].config")
    assert server.post("/v1/workflows/typed/versions/2/diff", text, Content_Type="application/yaml").status == 404


def test_texts_of_two_kinds_are_compared_as_definitions(server: Server) -> None:
    server.post("/v1/workflows", COMMENTED % b"mixed", Content_Type="application/yaml")
    server.publish(numbered(2, "mixed"))
    found = server.get("/v1/workflows/mixed/versions/1/diff/2").json
    assert found["text_of"] == "definition"
    assert '+      "id": "n2",' in found["text"]


@pytest.mark.parametrize(("path", "status"), [("1/diff/9", 404), ("0/diff/1", 422), ("1/diff/x", 422), (f"1/diff/{2**64}", 404)])
def test_a_version_that_is_not_there_is_not_compared(server: Server, path: str, status: int) -> None:
    server.publish(numbered(1, "alone"))
    assert server.get(f"/v1/workflows/alone/versions/{path}").status == status
    assert server.get("/v1/workflows/nobody/versions/1/diff/1").json["reason"] == "unknown_workflow"
