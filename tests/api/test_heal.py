"""Healing over HTTP: a suggestion is checked and compared before a person is asked, and nothing is done twice or in silence."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import Server

DEADLINE_S = 90.0


class Bank:
    """A service that is down, until it is up."""

    def __init__(self, port: int) -> None:
        self.url, self.is_up = f"http://127.0.0.1:{port}/charge", False


@contextmanager
def opened() -> Iterator[Bank]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = b"{}"
            self.send_response(200 if found.is_up else 503)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Bank(server.server_port)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def bank() -> Iterator[Bank]:
    with opened() as found:
        yield found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("shop"), "--allow-private-addresses")
    yield server
    server.process.terminate()
    server.process.wait()


def text(name: str, bank: Bank, settings: str = "on_failure: fail") -> str:
    return (
        f"# sells\nname: {name}\nsettings: {{{settings}}}\nnodes:\n"
        "  - {id: price, type: transform, config: {operation: value, value: 5}}\n"
        "  - id: charge # pays\n    type: http_request\n"
        f'    config: {{method: POST, url: "{bank.url}", body: {{a: 1}}}}\n'
        "edges: [{from: price, to: charge}]\n"
    )


def failed(server: Server, name: str, bank: Bank, execution: str, settings: str = "on_failure: fail") -> None:
    assert server.ask("POST", "/v1/workflows", text(name, bank, settings).encode(), {"Content-Type": "application/yaml"}).status == 201
    begun = server.post(f"/v1/workflows/{name}/executions?wait=30", {"execution_id": execution, "input": {}})
    assert begun.json["status"] in ("failed", "incident"), begun.content


def heal(server: Server, execution: str, **body: Any) -> dict[str, Any]:
    answer = server.post(f"/v1/executions/{execution}/heal", body)
    assert answer.status in (200, 201), answer.content
    return {**answer.json, "code": answer.status}


def state(server: Server, execution: str) -> dict[str, Any]:
    return server.get(f"/v1/executions/{execution}/state").json  # type: ignore[no-any-return]  # JSON


def until(server: Server, execution: str, holds: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    deadline = time.monotonic() + DEADLINE_S
    while not holds(found := state(server, execution)):
        assert time.monotonic() < deadline, found
        assert not any(one["for"] == "incident" for one in found.get("waiting_for", [])), found
    return found


def task_of(server: Server, heal_id: str) -> str:
    found = until(server, heal_id, lambda one: one.get("ended_at") or any(item["for"] == "task" for item in one.get("waiting_for", [])))
    return next((str(item["task"]) for item in found["waiting_for"] if item["for"] == "task"), "")


def ended(server: Server, execution: str) -> dict[str, Any]:
    return until(server, execution, lambda one: one.get("ended_at"))


def answer(server: Server, task: str, port: str) -> None:
    found = server.ask("POST", f"/v1/tasks/{task}/answer", {"port": port}, {"Refold-Person": "ada"})
    assert found.status == 200, found.content


def test_a_person_sees_the_change_and_what_it_would_do_and_then_the_execution_goes_on(shop: Server, bank: Bank) -> None:
    failed(shop, "sells", bank, "s-1")
    before = shop.get("/v1/executions/s-1/history").json["events"]
    begun = heal(shop, "s-1")
    assert (begun["code"], begun["created"], begun["about"]) == (201, True, "failed")
    task = task_of(shop, begun["heal_id"])
    assert [one["task_id"] for one in shop.get("/v1/tasks").json["tasks"]] == [task]
    details = shop.get(f"/v1/tasks/{task}").json["details"]
    assert (details["kind"], details["risk"], details["suggested_by"]) == ("retry", "low", "rule")
    assert "+    retry: {max_attempts: 3, initial_delay: 1s, multiplier: 2}\n" in details["difference"]
    assert "-" not in [line[0] for line in details["difference"].splitlines()[3:]]
    assert {name: details["recorded"][name] for name in ("compared", "goes_on", "broken")} == {"compared": 1, "goes_on": 1, "broken": 0}
    assert shop.get("/v1/workflows/sells").json["version"] == 1
    again = heal(shop, "s-1")
    assert (again["code"], again["heal_id"]) == (200, begun["heal_id"])
    bank.is_up = True
    answer(shop, task, "approved")
    found = ended(shop, begun["heal_id"])
    output = found["output"]
    assert (found["outcome"], output["version"], output["approved_by"], output["kind"]) == ("healed", 2, ["ada"], "retry")
    assert "retry: {max_attempts: 3" in shop.get("/v1/workflows/sells/source").content.decode()
    healed = ended(shop, output["execution_id"])
    assert (healed["status"], healed["version"], healed["forked_from"]["execution_id"]) == ("completed", 2, "s-1")
    assert shop.get("/v1/executions/s-1/history").json["events"] == before
    assert heal(shop, "s-1")["heal_id"] == begun["heal_id"]


def test_what_was_declined_is_not_suggested_again_also_not_for_another_execution(shop: Server, bank: Bank) -> None:
    failed(shop, "buys", bank, "b-1", "on_failure: incident")
    first = heal(shop, "b-1")
    answer(shop, task_of(shop, first["heal_id"]), "rejected")
    declined = ended(shop, first["heal_id"])
    assert (declined["outcome"], declined["output"]["kind"]) == ("declined", "retry")
    assert state(shop, "b-1")["status"] == "incident"
    shop.post("/v1/workflows/buys/executions?wait=30", {"execution_id": "b-2", "input": {}})
    second = heal(shop, "b-2")
    details = shop.get(f"/v1/tasks/{task_of(shop, second['heal_id'])}").json["details"]
    assert (details["difference"], details["kind"]) == ("", "retry")  # only the same once more is left
    third = heal(shop, "b-1")
    assert third["heal_id"] not in (first["heal_id"], second["heal_id"])
    answer(shop, task_of(shop, third["heal_id"]), "rejected")
    ended(shop, third["heal_id"])
    nothing = ended(shop, heal(shop, "b-1")["heal_id"])
    assert nothing["outcome"] == "nothing"
    assert "declined this before" in " ".join(nothing["output"]["problems"])


def test_a_draft_is_kept_where_somebody_wants_to_look_at_it_first(shop: Server, bank: Bank) -> None:
    failed(shop, "drafts", bank, "d-1")
    begun = heal(shop, "d-1")
    answer(shop, task_of(shop, begun["heal_id"]), "drafted")
    found = ended(shop, begun["heal_id"])
    assert found["outcome"] == "drafted"
    draft = shop.get(f"/v1/drafts/{found['output']['draft']}").json
    assert (draft["workflow"], draft["base_version"], "max_attempts: 3" in draft["text"]) == ("drafts", 1, True)
    assert shop.get("/v1/workflows/drafts").json["version"] == 1


def test_a_version_that_came_meanwhile_is_not_overwritten(shop: Server, bank: Bank) -> None:
    failed(shop, "moves", bank, "m-1")
    begun = heal(shop, "m-1")
    task = task_of(shop, begun["heal_id"])
    other = text("moves", bank) + "description: another\n"
    assert shop.ask("POST", "/v1/workflows", other.encode(), {"Content-Type": "application/yaml"}).status == 201
    answer(shop, task, "approved")
    output = ended(shop, begun["heal_id"])["output"]
    assert (output["version"], output["execution_id"]) == (None, None)
    assert "version 2 has become active" in output["said"]
    assert shop.get(f"/v1/drafts/{output['draft']}").json["base_version"] == 1
    assert "description: another" in shop.get("/v1/workflows/moves/source").content.decode()


def test_kinds_that_may_be_made_by_themselves_are_so_often_a_day_and_no_more(shop: Server, bank: Bank) -> None:
    failed(shop, "autos", bank, "auto-0", "on_failure: incident, heal: {auto: [retry], per_day: 1}")

    def heals() -> list[dict[str, Any]]:
        found = shop.get("/v1/executions?workflow=refold.heal&filter=search.workflow%20%3D%3D%20%27autos%27").json
        return [one for one in found["executions"] if one["ended_at"] or "task" in [item["for"] for item in one["waiting_for"]]]

    deadline = time.monotonic() + DEADLINE_S
    while len(found := heals()) < 2:  # the first one heals; its fork fails, too, and the second one asks
        assert time.monotonic() < deadline, found
    by_outcome = {one["outcome"]: one["execution_id"] for one in found}
    output = state(shop, by_outcome["healed"])["output"]
    assert (output["approved_by"], output["by"], output["version"]) == ([], "rule", 2)
    assert state(shop, output["execution_id"])["forked_from"]["execution_id"] == "auto-0"
    assert by_outcome.keys() == {"healed", None}
    (slot,) = shop.get("/v1/executions?workflow=refold.heal_slot").json["executions"]
    assert slot["execution_id"].startswith("heal:autos:")
    bank.is_up = True


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"model": "nobody"}, 422, "/model: expected `provider:model`"),
        ({"model": "cohere:x"}, 422, "there is no provider `cohere`"),
        ({"auto": ["everything"]}, 422, "auto"),
        ({"budget": {"dollars": 1}}, 422, "dollars"),
        ({"last": 0}, 422, "last"),
        ({"why": 1}, 422, "why"),
    ],
)
def test_what_cannot_be_asked_is_told(shop: Server, bank: Bank, body: dict[str, Any], status: int, said: str) -> None:
    if shop.get("/v1/executions/wrong-1").status == 404:
        failed(shop, "wrongs", bank, "wrong-1")
    found = shop.post("/v1/executions/wrong-1/heal", body)
    assert found.status == status
    assert said in json.dumps(found.json)


def test_what_has_not_failed_is_not_healed(shop: Server, bank: Bank) -> None:
    bank.is_up = True
    assert shop.ask("POST", "/v1/workflows", text("goes", bank).encode(), {"Content-Type": "application/yaml"}).status == 201
    assert shop.post("/v1/workflows/goes/executions?wait=30", {"execution_id": "g-1", "input": {}}).json["status"] == "completed"
    assert shop.post("/v1/executions/g-1/heal", {}).json["type"].endswith("not_failed")
    assert shop.post("/v1/executions/none/heal", {}).status == 404


def test_two_at_once_are_one_and_a_killed_server_goes_on_with_it(tmp_path: Path, bank: Bank) -> None:
    server = Server(tmp_path, "--allow-private-addresses")
    failed(server, "dies", bank, "x-1")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: heal(server, "x-1"), range(8)))
    assert len({one["heal_id"] for one in found}) == 1
    assert sum(one["created"] for one in found) == 1
    server.process.kill()
    server.process.wait()
    bank.is_up = True
    server = Server(tmp_path, "--allow-private-addresses")
    try:
        task = task_of(server, found[0]["heal_id"])
        answer(server, task, "approved")
        server.process.kill()
        server.process.wait()
        server = Server(tmp_path, "--allow-private-addresses")
        output = ended(server, found[0]["heal_id"])["output"]
        assert ended(server, output["execution_id"])["status"] == "completed"
        forks = server.get("/v1/executions?filter=forked_from%20%3D%3D%20%27x-1%27").json["executions"]
        assert [one["execution_id"] for one in forks] == [output["execution_id"]]
        assert len(server.get("/v1/workflows/dies/versions").json["versions"]) == 2
    finally:
        server.process.terminate()
        server.process.wait()
