"""Planted secrets: everything that runs leave is searched for twenty of them, however they are written, and none is found."""

from __future__ import annotations

import base64
import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from contracts.commands import Command, RunActivity
from contracts.ports.activities import ActivityContext
from contracts.ports.credentials import NO_USE, NoCredentials, Secret, Use
from infra.clock import ManualClock
from infra.log.sqlite import SqliteLog
from tests.api.conftest import Server
from tests.cli.conftest import CommandLine, refold  # noqa: F401  # fixtures
from tests.credentials.oauth_server import OAuthServer
from tests.workers.conftest import Web, web  # noqa: F401  # a fixture
from workers.running.activities import BUILT_IN
from workers.running.activity_settings import ActivitySettings
from workers.running.activity_worker import ActivityWorker

SIGNS = [
    "plain",
    "per%cent",
    "plus+sla/sh",
    'quo"te',
    "back\\slash",
    "amper&sand=",
    "spa ce",
    "col:on",
    "tilde~",
    "hash#",
    "<tag>",
    "'single'",
]
PLANTED = [f"pl4nted-{number:02}-{SIGNS[number % len(SIGNS)]}-zq" for number in range(20)]
TOPICS = ("journal", "definitions", "resources", "commands", "dead-letters")


def forms(secret: str) -> set[bytes]:
    """The secret, and what it looks like in a URL, in JSON, in hexadecimal digits and in base64 wherever it begins."""
    content = secret.encode()
    seen = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], content.hex()}
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + content).decode()
        part = whole[(before * 8 + 5) // 6 : (before + len(content)) * 8 // 6]
        seen |= {part, part.replace("+", "-").replace("/", "_")}
    return {form.encode() for form in seen}


def found_in(content: bytes, where: str) -> list[str]:
    return [f"{secret} as {form!r} in {where}" for secret in PLANTED for form in forms(secret) if form in content]


POINT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
"""A picture of one point."""
SEARCHED = {
    "http_request",
    "connector",
    "graphql",
    "sql",
    "llm",
    "prompt",
    "embedding",
    "reranker",
    "ocr_switch",
    "vector_store",
    "retriever",
    "rag_switch",
}


def texts_of(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def left_in(folder: Path) -> Iterator[tuple[str, bytes]]:
    """All that is in files: as it lies there, and what the journal and the databases say, which compress some of it."""
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            yield file.name, file.read_bytes()
        if file.is_file() and file.suffix == ".db":
            with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
                database.text_factory = bytes
                for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                    for row in database.execute(f'SELECT * FROM "{table.decode()}"'):
                        yield f"{file.name}, {table.decode()}", b" ".join(texts_of(value) for value in row)
    log = SqliteLog(folder / "log.db", read_only=True)
    for topic in TOPICS:
        for offset, content in log.read(topic, 0):  # type: ignore[arg-type]  # any of them
            yield f"{topic} {offset}", content
    log.close()


def planted_kinds(oauth: OAuthServer) -> list[tuple[str, str, dict[str, str]]]:
    """Credentials of every kind, with the secrets in them."""
    one = iter(PLANTED)
    made: list[tuple[str, str, dict[str, str]]] = []
    made += [(f"basic{n}", "basic", {"username": "ann", "password": next(one)}) for n in range(5)]
    made += [(f"bearer{n}", "bearer", {"token": next(one)}) for n in range(5)]
    made += [(f"header{n}", "header", {"name": "x-api-key", "value": next(one)}) for n in range(5)]
    made += [(f"signing{n}", "signing", {"secret": next(one)}) for n in range(2)]
    made += [(f"values{n}", "values", {"some": next(one)}) for n in range(2)]
    made += [("oauth", "oauth2", {"token_url": f"{oauth.url}/token", "client_id": "x", "client_secret": next(one)})]
    return made


def nodes_for(name: str, url: str) -> list[dict[str, Any]]:
    """Every way in which a request may end with a service that tells everything it was told."""
    ends: dict[str, dict[str, Any]] = {
        "ok": {},
        "text": {},
        "fail": {},
        "moved": {"follow_redirects": True},
        "odd": {},
        "late": {"timeout": "50ms"},
    }
    return [
        {
            "id": f"{end}_{name}", "type": "http_request", "on_error": "continue", "retry": {"max_attempts": 2, "initial_delay": "1ms"},
            "config": {"url": f"{url}/{end}/{name}", "credential": name, **more},
        }
        for end, more in ends.items()
    ] + [
        {
            "id": f"say_{name}", "type": "log", "on_error": "continue",
            "config": {"message": f"{{{{ nodes.ok_{name}.output.headers['x-told'] }}}}"},
        },
        {
            "id": f"llm_{name}", "type": "llm", "on_error": "continue", "retry": {"max_attempts": 1},
            "config": {"model": "openai:small", "prompt": "hello", "base_url": f"{url}/llm/{name}", "credential": name, "max_tokens": 9},
        },
        {
            "id": f"prompt_{name}", "type": "prompt", "on_error": "continue", "retry": {"max_attempts": 1},
            "config": {"prompt": "planted", "base_url": f"{url}/llm/{name}/prompt", "credential": name},
        },
        *rag_nodes(name, url),
    ] + [
        {
            "id": f"{action}_{end}_{name}", "type": "connector", "on_error": "continue", "retry": {"max_attempts": 1},
            "config": {"connector": "planted", "action": action, "base_url": url, "credential": name, "input": {"end": end, "name": name}},
        }
        for action in ("get", "asked") for end in ("ok", "fail")
    ] + [
        {
            "id": f"graphql_{end}_{name}", "type": "graphql", "on_error": "continue", "retry": {"max_attempts": 1},
            "config": {"url": f"{url}/{end}/{name}", "query": "{ a }", "credential": name},
        }
        for end in ("graphql", "ok", "fail")
    ] + [
        {
            "id": f"sql_{name}", "type": "sql", "on_error": "continue", "retry": {"max_attempts": 1},
            "config": {"url": "postgresql://127.0.0.1:1/x", "credential": name, "statement": "SELECT 1"},
        }
    ]  # fmt: skip


def connector() -> dict[str, Any]:
    """An API that takes a credential in a header, or in the query."""
    action = {
        "method": "GET",
        "path": "/{end}/{name}",
        "input": {"properties": {"end": {}, "name": {}}},
        "parameters": [{"name": name, "in": "path"} for name in ("end", "name")],
    }
    auth = {"some": {"type": "api_key", "in": "query", "name": "key"}}
    return {
        "name": "planted",
        "base_url": "https://x.example",
        "auth": auth,
        "actions": {"get": action, "asked": {**action, "auth": [["some"]]}},
    }


def rag_nodes(name: str, url: str) -> list[dict[str, Any]]:
    """The kinds that read and search documents."""
    configs: dict[str, dict[str, Any]] = {
        "embedding": {"model": "openai:small", "texts": "hello", "base_url": f"{url}/rag/{name}"},
        "reranker": {"by": "model", "model": "small", "query": "a", "documents": ["a"], "base_url": f"{url}/rag/{name}"},
        "ocr_switch": {"engines": ["openai:small"], "base64": POINT, "base_url": f"{url}/rag/{name}"},
        "vector_store": {"store": "planted", "chunks": ["a"]},
        "retriever": {"store": "planted", "query": "a"},
        "rag_switch": {"store": "planted", "query": "a"},
    }
    return [
        {"id": f"{kind}_{name}", "type": kind, "on_error": "continue", "config": {**config, "credential": name}}
        for kind, config in configs.items()
    ]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    made: list[Server] = []

    def start(*flags: str, **settings: Any) -> Server:
        made.append(Server(tmp_path / "data", *flags, **settings))
        return made[-1]

    yield start
    for one in made:
        one.kill()


def echo(web: Web, kept: list[tuple[str, str, dict[str, str]]]) -> None:  # noqa: F811
    """The service says what it was told, in as many ways as there are ends."""
    for name, _, values in kept:
        secret = list(values.values())[-1]
        shown = base64.b64encode(f"ann:{secret}".encode()).decode()
        json_ = json.dumps({secret: [secret, quote(secret, safe=""), shown], "deep": {"a": [secret]}}).encode()
        header = quote(secret)
        web.answers[f"/ok/{name}"] = (200, {"content-type": "application/json", "x-told": header, "x-basic": f"Basic {shown}"}, json_)
        web.answers[f"/text/{name}"] = (200, {"content-type": "text/html"}, f"<p>{secret} {quote_plus(secret)}".encode())
        web.answers[f"/fail/{name}"] = (500, {"content-type": "text/plain", "www-authenticate": header}, b"x" * 2_040 + secret.encode())
        web.answers[f"/moved/{name}"] = (302, {"location": f"{web.url}/gone?key={header}"}, b"")
        web.answers[f"/odd/{name}"] = (401, {"content-type": "application/json"}, json.dumps(f"\ud800{secret}").encode())
        refusal = {"error": {"message": f"no such key: {secret}", "type": shown, "code": secret}}
        refused = (401, {"content-type": "application/json", "x-told": header}, json.dumps(refusal).encode())
        web.answers[f"/llm/{name}/chat/completions"] = web.answers[f"/llm/{name}/prompt/chat/completions"] = refused
        wrong = {"errors": [{"message": f"no such key: {secret}", "path": [secret], "extensions": {"code": shown}}]}
        web.answers[f"/graphql/{name}"] = (200, {"content-type": "application/json"}, json.dumps(wrong).encode())
        web.answers[f"/late/{name}"] = (200, {"content-type": "application/octet-stream"}, secret.encode())


def test_twenty_planted_secrets_are_found_in_nothing_that_runs_leave(
    serve: Callable[..., Server], web: Web, tmp_path: Path, refold: CommandLine  # noqa: F811
) -> None:  # fmt: skip
    oauth = OAuthServer()
    kept = planted_kinds(oauth)
    oauth.answer = (
        401,
        json.dumps({"error": "invalid_client", "error_description": f"no client with {kept[-1][2]['client_secret']}"}).encode(),
    )
    echo(web, kept)
    server = serve("--allow-private-addresses", "--set", "log_format=json")
    told: list[tuple[str, bytes]] = []
    for name, kind, values in kept:
        body = {"name": name, "kind": kind, "values": values}
        told.append((f"create {name}", server.post("/v1/credentials", body).content))
        told.append((f"create {name} once more", server.post("/v1/credentials", {**body, "summary": "other"}).content))
        told.append((f"refused {name}", server.post("/v1/credentials", {**body, "name": "a b", "values": {**values, "x": 7}}).content))
    server.post("/v1/prompts", {"prompt": {"name": "planted", "prompt": "hello", "model": "openai:small"}})
    assert server.post("/v1/connectors", {"connector": connector()}).status == 201
    edges = [{"from": f"ok_{name}", "to": f"say_{name}"} for name, _, _ in kept]
    server.publish({"name": "planted", "nodes": [node for name, _, _ in kept for node in nodes_for(name, web.url)], "edges": edges})
    ended = server.start("planted", wait=60)
    assert ended["status"] == "completed", ended
    execution = ended["execution_id"]
    told.append(("the start", json.dumps(ended).encode()))
    for name, _, values in kept[:3]:
        other = {key: value[::-1] for key, value in values.items()}
        told.append((f"rotate {name}", server.post(f"/v1/credentials/{name}/rotate", {"values": other, "overlap": "1h"}).content))
    told.append(("again", json.dumps(server.start("planted", wait=60)).encode()))
    for path in (
        f"/v1/executions/{execution}", f"/v1/executions/{execution}/nodes", f"/v1/executions/{execution}/history?limit=5000",
        f"/v1/executions/{execution}/state", f"/v1/executions/{execution}/trace", f"/v1/executions/{execution}/spans",
        "/v1/credentials", "/v1/credentials/basic0", "/v1/audit",
        "/v1/executions", "/v1/incidents", "/v1/node-runs", "/v1/dead-letters", "/v1/analytics", "/v1/workflows/planted", "/v1/workers",
        "/metrics", "/v1/read-models",
    ):  # fmt: skip
        answer = server.get(path)
        assert answer.status in (200, 404), (path, answer.content)
        told.append((path, answer.content))
    said = refold("backup", tmp_path / "backup", "--data", server.data)
    told.append(("refold backup", (said.out + said.err).encode()))
    assert server.stop() == 0
    for words in (
        ("verify", "--all"),
        ("history", execution, "--json"),
        ("show", execution, "--json"),
        ("credentials", "list"),
        ("doctor",),
    ):
        said = refold(*words, "--data", server.data, code=None)
        told.append((" ".join(words), (said.out + said.err).encode()))
    everything = [*left_in(server.data)]
    settings = ("--set", f"archive={tmp_path / 'archive'}", "--set", "retention=1ms")
    refold("archive", "make", "--data", server.data, *settings)
    (bundle, *_) = [file for file in (tmp_path / "archive").rglob("*") if file.is_file()]
    for asked in [("archive", "show", str(bundle), "--json"), ("archive", "show", str(bundle), execution, "--json")]:
        said = refold(*asked)
        told.append((" ".join(asked), (said.out + said.err).encode()))
    told.append(("the log", server.stderr().encode()))
    assert len(web.asked) > 100, "nothing was asked, so nothing is shown"
    assert any("/llm/" in one["path"] for one in web.asked), "no model was asked"
    assert any("/rag/" in one["path"] for one in web.asked), "nothing was embedded"
    assert any("/prompt/" in one["path"] for one in web.asked), "no model was asked with a prompt"
    assert any("key=" in one["path"] for one in web.asked), "nothing was asked with a key in the query"
    shown = {name: value for one in web.asked for name, value in one["headers"].items() if name in ("authorization", "x-api-key")}
    assert set(shown) == {"authorization", "x-api-key"}
    everything += told
    everything += [
        (file.name, file.read_bytes()) for other in ("backup", "archive") for file in (tmp_path / other).rglob("*") if file.is_file()
    ]
    assert [one for where, content in everything for one in found_in(content, where)] == []
    assert b"\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2" in dict(told)[f"/v1/executions/{execution}/nodes"], "something was masked"
    oauth.close()


def test_every_kind_that_takes_a_credential_is_among_those_that_are_searched() -> None:
    kinds = [make(ActivitySettings()) for make in BUILT_IN]
    takes = {kind.name for kind in kinds if kind.Config is not None and any("credential" in name for name in kind.Config.model_fields)}
    assert takes == SEARCHED, "let the planted run have a node of the new kind, and name it here"


class Leaky:
    """A kind of somebody's own that tells its secret in every way it has."""

    name, summary, Config = "leaky", "Tells.", None

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        token = context.credential("crm").values["token"]
        context.log(f"with {token}", token=token, odd=[{"deep": token}], other=ValueError(token))
        context.heartbeat(0.5, {"with": token})
        if config.get("raises"):
            raise ValueError(f"{token} is wrong", {"details": token})
        return {"token": token, token: [base64.b64encode(token.encode()).decode()]}


class Kept(NoCredentials):
    def secret(self, name: str, use: Use = NO_USE) -> Secret:
        return Secret({"token": PLANTED[3]}, kind="bearer")


@pytest.mark.parametrize("raises", [False, True])
def test_a_kind_of_ones_own_cannot_tell_by_accident(raises: bool, caplog: pytest.LogCaptureFixture) -> None:
    reports: list[Command] = []
    caplog.set_level(logging.DEBUG)
    settings = ActivitySettings()
    worker = ActivityWorker(
        {"leaky": Leaky()},
        settings,
        lambda _, command: reports.append(command),
        ManualClock(1),
        executor="inline",
        credentials=Kept(),
    )
    worker.run(RunActivity("x", "n", 1, "leaky", json.dumps({"raises": raises}).encode(), b"null"))
    worker.step()
    assert len(reports) == 2, "progress, and the end"
    said = [f"{record.getMessage()} {vars(record)} {record.exc_text} {caplog.handler.format(record)}" for record in caplog.records]
    assert said
    assert found_in("\n".join([*map(repr, reports), *said]).encode(), "what is left") == []
