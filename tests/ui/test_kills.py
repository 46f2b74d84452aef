"""Each journey with the server killed (`kill -9`) in its middle: nothing that was said or typed is lost, and nothing counts twice."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import expect

from tests import preloaded
from tests.api.conftest import Server

from .conftest import Opener, begin
from .test_builder import type_over
from .test_inbox import be

WAIT: dict[str, Any] = {"nodes": [{"id": "w", "type": "wait_signal", "config": {"name": "go"}}]}
WAITS: dict[str, Any] = {"name": "kill_waits", "nodes": [{"id": "l", "type": "repeat", "config": {"times": 50, "body": WAIT}}]}
ASKS: dict[str, Any] = {
    "name": "kill_asks",
    "nodes": [
        {
            "id": "approve",
            "type": "human_task",
            "config": {
                "kind": "confirmation",
                "question": "Is it so?",
                "form": {"type": "object", "required": ["reason"], "properties": {"reason": {"type": "string", "title": "Reason"}}},
            },
        },
        {"id": "done", "type": "end", "config": {"output": "{{ data }}"}},
    ],
    "edges": [{"from": "approve.approved", "to": "done"}],
}
TAKES: dict[str, Any] = {
    "name": "kill_takes",
    "input": {"type": "object", "properties": {"who": {"type": "string", "title": "Who"}}},
    "nodes": [{"id": "end", "type": "end", "config": {"output": "{{ input }}"}}],
}
TEXT = "# Why\nname: kill_built\nnodes:\n  - {id: first, type: noop}\n"
AWAY = re.compile("ERR_|WebSocket|Failed to load resource|^50[023]")


class Killed(Server):
    """A server that is killed, and is there again at the same address with the same data."""

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def again(self) -> None:
        """Begin anew. Returns once it answers."""
        port = self.url.rsplit(":", 1)[1]
        words = ["serve", "--data", str(self.data), "--port", port]
        self.process = preloaded.begin(*words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=preloaded.ROOT)
        assert self.process.stdout is not None
        assert " at http://" in self.process.stdout.readline()


@pytest.fixture(scope="module")
def killed(build: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killed]:
    """A server of this file's own."""
    server = Killed(tmp_path_factory.mktemp("kills"))
    for definition in (WAITS, ASKS, TAKES):
        server.post("/v1/workflows", definition)
    server.ask("POST", "/v1/workflows", TEXT.encode(), {"Content-Type": "application/yaml"})
    yield server
    if server.process.poll() is None:
        server.stop()


@pytest.fixture(autouse=True)
def forgiven(open_page: Opener) -> Iterator[None]:
    """That the server was away is what a browser complains of here, and nothing else."""
    yield
    open_page.wrong[:] = [one for one in open_page.wrong if not AWAY.search(one)]


def test_an_open_execution_can_be_read_meanwhile_and_goes_on_with_every_event_and_none_twice(open_page: Opener, killed: Killed) -> None:
    begin(killed, "kill_waits", None, "kill-live")
    page = open_page(f"{killed.url}/executions/kill-live?tab=events")
    grid = page.get_by_role("grid", name="Events")
    expect(grid.get_by_role("row").nth(2)).to_be_visible()
    for number in range(2):
        assert killed.post("/v1/executions/kill-live/signals/go", {}, Idempotency_Key=f"go-{number}").status < 300
    killed.kill()
    expect(page.get_by_text("Not live since")).to_be_visible(timeout=30_000)
    page.get_by_role("slider").press("Home")
    expect(page.get_by_role("button", name=re.compile("As of 1"))).to_be_visible()
    killed.again()
    for number in range(1, 4):  # one of them again
        assert killed.post("/v1/executions/kill-live/signals/go", {}, Idempotency_Key=f"go-{number}").status < 300
    last = killed.get("/v1/executions/kill-live/state").json["at"]
    expect(grid).to_have_attribute("aria-rowcount", str(last + 1), timeout=30_000)
    expect(page.get_by_text("Not live since")).to_be_hidden(timeout=30_000)
    page.get_by_role("combobox", name="Type of the events").select_option("SignalReceived")
    expect(grid).to_have_attribute("aria-rowcount", "5")


def test_an_answer_that_was_typed_while_the_server_died_counts_once(open_page: Opener, killed: Killed) -> None:
    begin(killed, "kill_asks", None, "kill-asked")
    page = open_page(f"{killed.url}/inbox/kill-asked~approve@1?which=all")
    be(page, "ada@example.com")
    page.get_by_label("Reason").fill("because")
    killed.kill()
    page.get_by_role("button", name="approved").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Reason")).to_have_value("because")
    killed.again()
    page.reload()
    expect(page.get_by_label("Reason")).to_have_value("because")
    page.get_by_role("button", name="approved").click()
    expect(page.get_by_text(re.compile("This task is over: answered"))).to_be_visible()
    history = killed.get("/v1/executions/kill-asked/history?from=1&limit=100").content
    assert (history.count(b'"TaskAnswered"'), b"because" in history) == (1, True)


def test_a_start_that_nobody_answered_is_sent_again_and_starts_one(open_page: Opener, killed: Killed) -> None:
    page = open_page(f"{killed.url}/workflows/kill_takes")
    page.get_by_role("button", name="Start", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Who").fill("Ada")
    killed.kill()
    dialog.get_by_role("button", name="Start").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    expect(dialog.get_by_label("Who")).to_have_value("Ada")
    killed.again()
    dialog.get_by_role("button", name="Start").click()
    dialog.get_by_role("link").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("Ada")
    at = killed.get("/health/ready").json["position"]
    assert len(killed.get(f"/v1/executions?workflow=kill_takes&min_position={at}").json["executions"]) == 1


def test_a_draft_that_was_typed_while_the_server_was_away_is_kept_and_published(open_page: Opener, killed: Killed) -> None:
    page = open_page(f"{killed.url}/workflows/kill_built/edit")
    expect(page.get_by_text("It can be published")).to_be_visible()
    killed.kill()
    type_over(page, "id: first", "id: second")
    expect(page.get_by_text("The draft is kept in this browser")).to_be_visible()
    killed.again()
    expect(page.get_by_text("Draft kept")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("It can be published")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Publish").click()
    dialog = page.get_by_role("dialog")
    publish = dialog.get_by_role("button", name="Publish")
    expect(publish).to_be_enabled()
    killed.kill()
    publish.click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    killed.again()
    publish.click()
    expect(page).to_have_url(re.compile("/workflows/kill_built$"), timeout=30_000)
    assert killed.get("/v1/workflows/kill_built").json["version"] == 2
    assert killed.get("/v1/workflows/kill_built/source").content.decode() == TEXT.replace("first", "second")
    assert killed.ask("GET", "/v1/drafts/kill_built").status == 404


def test_many_that_are_resolved_go_on_after_the_server_was_killed(open_page: Opener, killed: Killed) -> None:
    fails = {"id": "check", "type": "fail", "config": {"type": "order.odd", "message": "odd"}}
    killed.post("/v1/workflows", {"name": "kill_many", "nodes": [fails]})
    ids = [f"kill-many-{number}" for number in range(5)]
    for one in ids:
        at = killed.post("/v1/workflows/kill_many/executions?wait=30", {"input": {}, "execution_id": one}).json["position"]
    killed.get(f"/v1/incidents?min_position={at}")
    page = open_page(f"{killed.url}/incidents?workflow=kill_many&node=check&type=order.odd&shape=odd")
    page.get_by_role("button", name="Resolve all").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("5 executions, as of now:")).to_be_visible()
    dialog.get_by_text("Let it fail", exact=True).first.click()
    does = dialog.get_by_role("button", name="Let it fail: 5")
    expect(does).to_be_enabled()
    killed.kill()
    does.click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    killed.again()
    does.click()
    expect(page).to_have_url(re.compile("operation="))
    killed.kill()
    killed.again()
    expect(page.get_by_text("5 of 5: 5 done, 0 passed over, 0 failed")).to_be_visible(timeout=30_000)
    for one in ids:
        assert killed.get(f"/v1/executions/{one}").json["status"] == "failed"
