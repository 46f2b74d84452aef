"""`connector` in executions: what an execution began with is asked to its end, tools of agents, and the example."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import preloaded
from tests.ai.fake import Call, Fake, Reply, running_fake
from tests.api.conftest import Server, serve
from tests.connectors.api_server import ApiServer

__all__ = ["serve"]
Api = Callable[[Any], ApiServer]
WORKFLOW = """
name: looks
nodes:
  - {id: go, type: wait_signal, config: {name: go}}
  - {id: a, type: connector, config: {connector: airflow, action: get_dag, input: {dag_id: "{{ input.dag }}"}}}
edges: [{from: go.received, to: a}]
output: {path: "{{ nodes.a.output.body.dag_id }}", status: "{{ nodes.a.output.status }}"}
"""


class Shell:
    """The command line in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._environment = {**os.environ, "REFOLD_DATA": str(folder / "data"), "REFOLD_ALLOW_PRIVATE_ADDRESSES": "true"}

    def __call__(self, *words: str, code: int = 0) -> str:
        done = preloaded.run(*words, cwd=self.folder, env=self._environment, timeout=120)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + (done.stderr if code else "")


@pytest.fixture
def refold(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_an_execution_asks_by_what_it_was_published_with(
    refold: Shell, documents: dict[str, Any], document_text: Callable[[str], bytes], api: Api
) -> None:
    first, second = api(documents["airflow"]), api(documents["airflow"])
    (refold.folder / "airflow.yaml").write_bytes(document_text("airflow"))
    (refold.folder / "looks.yaml").write_text(WORKFLOW)
    words = ("connectors", "import", "airflow.yaml", "--name", "airflow", "--only", "get_dag", "--only", "get_dags", "--base-url")
    assert refold(*words, first.url).startswith(f"connector airflow, version 1, a new version: 2 actions at {first.url}\n")
    assert "no credential is named" in refold("deploy", "looks.yaml", code=2)
    assert json.loads(refold(*words, first.url, "--out", "open.yaml", "--json"))["written"] == "open.yaml"
    take_auth_out(refold.folder / "open.yaml")
    refold("connectors", "publish", "open.yaml")
    refold("deploy", "looks.yaml")
    refold("start", "looks", "--id", "old", "--input", '{"dag": "d/1"}')
    (refold.folder / "open.yaml").write_text((refold.folder / "open.yaml").read_text().replace(first.url, second.url))
    assert "version 3, a new version" in refold("connectors", "publish", "open.yaml")
    assert "version 3, as it was" in refold("connectors", "publish", "open.yaml")
    assert json.loads(refold("deploy", "looks.yaml", "--json"))["version"] == 2, "the same text with another connector is another version"
    refold("start", "looks", "--id", "new", "--input", '{"dag": "d"}')
    first.first = [(503, {"retry-after": "0"}, {}), (429, {}, {})]
    for name in ("old", "new"):
        refold("signal", name, "go")
    refold("continue")
    ended = [json.loads(refold("show", name, "--json")) for name in ("old", "new")]
    assert [one["status"] for one in ended] == ["completed", "completed"], ended
    told = [one["output"]["status"] for one in ended]
    assert (told, first.answered, second.answered) == ([200, 200], ["GET /api/v2/dags/{dag_id}"], ["GET /api/v2/dags/{dag_id}"])
    assert (first.faults, first.first) == ([], []), "it was tried again as often as the connector says"
    assert "0 differences" in refold("verify", "--all")
    assert "used by workflow looks, version 2: get_dag of version 3" in refold("connectors", "show", "airflow")


def take_auth_out(file: Path) -> None:
    connector = yaml.safe_load(file.read_text())
    del connector["auth"]
    for action in connector["actions"].values():
        del action["auth"]
    file.write_text(yaml.safe_dump(connector, sort_keys=False))


def test_what_is_kept_is_listed_and_shown(refold: Shell, api: Api) -> None:
    item: Any = {
        "get": {"operationId": "get_a", "summary": "Gets a"},
        "parameters": [{"name": "b", "in": "path", "required": True, "schema": {"type": "string"}}],
    }
    paths = {"/a/{b}": item, "/c": {"get": {"requestBody": {"$ref": "x.yaml"}}}}
    written: Any = {"openapi": "3.1.0", "info": {"title": "Small"}, "paths": paths}
    (refold.folder / "small.json").write_text(json.dumps({**written, "servers": [{"url": "https://small.example.com"}]}))
    said = refold("connectors", "import", "small.json")
    assert said.splitlines()[1] == "left out: GET /c: `$ref` leads out of the document: x.yaml"
    assert json.loads(refold("connectors", "list", "small", "--json"))[0]["actions"] == 1
    assert "get_a" in refold("connectors", "show", "small")
    shown = refold("connectors", "show", "small", "get_a").splitlines()
    assert shown == [
        "action get_a of connector small: GET https://small.example.com/a/{b}", "  Gets a", "shows who asks by: nothing",
        'input b (required): {"type": "string"}',
    ]  # fmt: skip
    assert json.loads(refold("connectors", "show", "small", "get_a", "--json"))["action"]["path"] == "/a/{b}"
    assert "has no action get_b; did you mean get_a?" in refold("connectors", "show", "small", "get_b", code=2)
    assert "no such connector is published" in refold("connectors", "show", "smal", code=1)
    (refold.folder / "bad.yaml").write_text("swagger: '2.0'\n")
    assert "a document of Swagger 2.0 is to be converted first" in refold("connectors", "import", "bad.yaml", code=2)
    assert "cannot be read: No such file" in refold("connectors", "import", "nowhere.yaml", code=2)
    assert "the server answers 404" in refold("connectors", "import", f"{api(SMALL).url}/nowhere", code=2)


SMALL: Any = {
    "openapi": "3.1.0",
    "info": {"title": "Shop"},
    "paths": {
        "/orders/{id}": {
            "get": {
                "operationId": "get_order",
                "description": "Looks an order up.",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
                "responses": {"200": {"content": {"application/json": {"schema": {"const": {"state": "broken"}}}}}},
            }
        }
    },
}


def test_an_agent_uses_an_action_as_its_tool(serve: Callable[..., Server], api: Api) -> None:
    shop = api(SMALL)
    with running_fake() as fake:
        fake.replies = [
            Reply(texts=(), calls=(Call("order", '{"id": "seven"}'),)), Reply(texts=(), calls=(Call("order", '{"id": 7}'),)),
            Reply(texts=("It is broken.",)),
        ]  # fmt: skip
        server = serve("--allow-private-addresses")
        made = server.post("/v1/connectors/convert", {"openapi": SMALL, "base_url": shop.url}).json["connector"]
        assert server.post("/v1/connectors", {"connector": made}).status == 201
        server.publish(_agent(fake))
        ended = server.start("helps", wait=60)
    assert (ended["status"], ended["output"]["text"]) == ("completed", "It is broken.")
    (tool,) = fake.asked[0].body["tools"]
    assert (tool["function"]["description"], tool["function"]["parameters"]["required"]) == ("Looks an order up.", ["id"])
    assert "/id" in json.dumps(fake.asked[1].body["messages"][-1]), "what does not fit the action's schema reaches no API"
    assert "broken" in json.dumps(fake.asked[2].body["messages"][-1])
    assert (shop.answered, shop.faults) == (["GET /orders/{id}"], [])


def _agent(fake: Fake) -> dict[str, Any]:
    config = {"model": "openai:gpt-4o", "input": "What of order 7?", "base_url": fake.base("openai")}
    nodes = [{"id": "helper", "type": "agent", "config": config},
             {"id": "order", "type": "connector", "config": {"connector": "shop", "action": "get_order"}}]  # fmt: skip
    return {"name": "helps", "nodes": nodes, "edges": [{"from": "order", "to": "helper", "type": "ai_tool"}]}


def test_the_example_lists_what_needs_a_person_by_refolds_own_api(serve: Callable[..., Server]) -> None:
    server = serve("--allow-private-addresses")
    document = server.get("/openapi.json").json
    made = server.post("/v1/connectors/convert", {"openapi": document, "base_url": server.url, "name": "refold"}).json
    assert not any(one["left_out"] for one in made["told"])
    assert server.post("/v1/connectors", {"connector": made["connector"]}).status == 201
    server.publish({"name": "stuck", "nodes": [{"id": "n", "type": "fail", "on_error": "incident", "config": {"message": "help"}}]})
    told = preloaded.run("deploy", "examples/stuck_executions.yaml", "--server", server.url, cwd=preloaded.ROOT, timeout=60)
    assert told.returncode == 0, told.stderr
    assert server.start("stuck_executions", wait=60)["outcome"] == "fine"
    stuck = [server.start("stuck", wait=5)["execution_id"] for _ in range(3)]
    server.get(f"/v1/executions?min_position={server.get(f'/v1/executions/{stuck[-1]}').json['position']}")
    ended = server.start("stuck_executions", wait=60)
    assert (ended["outcome"], ended["output"]) == ("stuck", {"oldest": stuck[0], "count": 3})
