"""Prompts over HTTP: published, listed, compared, and named by workflows, which are refused where they name what is not there."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from refold.client.asynchronous import AsyncClient
from refold.client.blocking import Client
from tests.api.conftest import Server

INPUTS = {"required": ["mail"], "properties": {"mail": {"type": "string"}}}


def a_prompt(name: str, text: str = "Answer {{ input.mail }}", **more: Any) -> dict[str, Any]:
    return {"name": name, "inputs": INPUTS, "prompt": text, "model": "openai:gpt-5-mini", **more}


def naming(workflow: str, **config: Any) -> dict[str, Any]:
    return {"name": workflow, "nodes": [{"id": "n", "type": "prompt", "config": config}]}


def test_a_prompt_is_published_once_and_its_versions_are_told(server: Server) -> None:
    first = server.post("/v1/prompts", {"prompt": a_prompt("one")})
    again = server.post("/v1/prompts", {"prompt": a_prompt("one")})
    second = server.post("/v1/prompts", {"prompt": a_prompt("one", "Do {{ input.mail }}", description="shorter")})
    assert [(one.status, one.json["version"], one.json["created"]) for one in (first, again, second)] == [
        (201, 1, True), (200, 1, False), (201, 2, True),
    ]  # fmt: skip
    with Client(server.url) as client:
        assert [one["version"] for one in client.prompt_versions("one")] == [1, 2]
        assert next(one for one in client.prompts() if one["name"] == "one")["description"] == "shorter"
        assert client.prompt("one", version=1)["prompt"]["prompt"] == "Answer {{ input.mail }}"
        assert sorted(client.prompt_diff("one", 1, 2)["fields"]) == ["description", "prompt"]
        assert client.publish_prompt(a_prompt("one"))["created"] is False


def test_both_clients_ask_the_same(server: Server) -> None:
    server.post("/v1/prompts", {"prompt": a_prompt("both")})

    async def ask() -> Any:
        async with AsyncClient(server.url) as client:
            return await client.prompt("both"), await client.prompts()

    with Client(server.url) as client:
        assert asyncio.run(ask()) == (client.prompt("both"), client.prompts())


def test_a_workflow_that_names_one_pins_it_and_is_told_of_at_it(server: Server) -> None:
    server.post("/v1/prompts", {"prompt": a_prompt("pinned")})
    config = {"prompt": "pinned", "inputs": {"mail": "{{ input.mail }}"}}
    server.publish(naming("pins", **config))
    found = server.get("/v1/workflows/pins").json["definition"]["prompts"]["pinned"]
    shown = server.get("/v1/prompts/pinned").json
    assert (found["version"], found["hash"]) == (1, shown["hash"])
    assert shown["used_by"] == [{"workflow": "pins", "version": 1, "prompt_version": 1}]
    server.post("/v1/prompts", {"prompt": a_prompt("pinned", "Anew {{ input.mail }}")})
    assert server.get("/v1/prompts/pinned").json["used_by"][0]["prompt_version"] == 1
    assert server.post("/v1/workflows", naming("pins", **config)).json["version"] == 2
    assert server.get("/v1/prompts/pinned").json["used_by"] == [{"workflow": "pins", "version": 2, "prompt_version": 2}]


def test_an_old_version_of_a_workflow_goes_on_with_its_prompt_though_a_later_one_takes_other_inputs(server: Server) -> None:
    server.post("/v1/prompts", {"prompt": a_prompt("turned")})
    server.publish(naming("back", prompt="turned", inputs={"mail": "a"}))
    other = {**a_prompt("turned", "{{ input.letter }}"), "inputs": {"required": ["letter"], "properties": {"letter": {}}}}
    server.post("/v1/prompts", {"prompt": other})
    refused = server.post("/v1/workflows", naming("back", prompt="turned", inputs={"mail": "a"}))
    assert (refused.status, {one["rule"] for one in refused.json["problems"]}) == (422, {"unknown_input", "missing_input"})
    server.publish(naming("back", prompt="turned", inputs={"letter": "a"}))
    assert server.post("/v1/workflows/back/activate", {"version": 1}).status == 200


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"prompt": "nobody", "model": "openai:a"}, "nodes[0].config.prompt"),
        ({"prompt": "{{ input.p }}", "model": "openai:a"}, "nodes[0].config.prompt"),
        ({"prompt": "checked", "version": 2**63, "inputs": {"mail": "a"}}, "nodes[0].config.version"),
        ({"prompt": "checked", "inputs": {"mial": "a"}}, "nodes[0].config.inputs"),
        ({"prompt": "checked", "inputs": {"mail": "a"}, "pinned": "{}"}, "nodes[0].config.pinned"),
    ],
)
def test_what_is_not_there_is_a_problem_at_its_place(server: Server, config: dict[str, Any], path: str) -> None:
    server.post("/v1/prompts", {"prompt": a_prompt("checked")})
    refused = server.post("/v1/workflows", naming("wrong", **config))
    validity = server.post("/v1/workflows/validate", naming("wrong", **config)).json
    assert refused.status == 422
    assert path in [one["path"] for one in refused.json["problems"]]
    assert path in [one["path"] for one in validity["problems"]]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"prompt": {"name": "x"}}, "prompt"),
        ({"prompt": a_prompt("x", "{{ input.no }}")}, "prompt.prompt"),
        ({"prompt": None}, "prompt"),
        ({"prompt": a_prompt("x", modle="a")}, "prompt.modle"),
    ],
)
def test_a_prompt_that_is_none_is_refused_with_each_place(server: Server, body: Any, path: str) -> None:
    refused = server.post("/v1/prompts", body)
    assert refused.status == 422
    assert path in [one["path"] for one in refused.json["problems"]]


def test_of_one_that_there_is_not_it_says_so(server: Server) -> None:
    server.post("/v1/prompts", {"prompt": a_prompt("few")})
    for path in ("/v1/prompts/nobody", "/v1/prompts/nobody/versions", "/v1/prompts/few?version=7", "/v1/prompts/few/versions/1/diff/9"):
        answer = server.get(path)
        assert (answer.status, answer.json["reason"]) == (404, "unknown_prompt")


def test_of_many_who_publish_at_once_each_gets_a_version_and_the_same_text_one(server: Server) -> None:
    texts = [f"Text {number % 10}: {{{{ input.mail }}}}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda text: (text, server.post("/v1/prompts", {"prompt": a_prompt("crowd", text)}).json["version"]), texts))
    assert sorted({version for _, version in told}) == list(range(1, 11))
    assert len(set(told)) == 10
