"""Workers and the cluster: who is there, what they have in hand, what nobody takes, and who owns the partitions."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.api.conftest import Server

from .conftest import Look, Opener, violations


def asks_for(kind: str) -> dict[str, Any]:
    return {"name": kind, "nodes": [{"id": "work", "type": kind}]}


@pytest.fixture(scope="module")
def worked(server: Server) -> Server:
    """Of one kind a task is in hand; another one nobody offers."""
    for kind in ("ui_offered", "ui_wanted"):
        server.post("/v1/workflows", asks_for(kind))
        server.post(f"/v1/workflows/{kind}/executions?wait=1", {"input": 0, "execution_id": f"{kind}-1"})
    asked = {"protocol": 1, "worker": "ui-worker", "kinds": ["ui_offered"], "credits": 1, "wait_s": 30}
    (task,) = server.post("/v1/worker/poll", asked).json["tasks"]
    assert task["task"]
    return server


@pytest.mark.parametrize("tab", ["workers", "tasks", "cluster"])
def test_every_look_shuts_nobody_out(open_page: Opener, worked: Server, look: Look, tab: str, axe: str) -> None:
    page = open_page(f"{worked.url}/workers?tab={tab}", look)
    shown = {"workers": "ui-worker", "tasks": "ui_offered-1", "cluster": "Partitions"}[tab]
    expect(page.get_by_text(shown, exact=True).first).to_be_visible()
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_is_in_hand_what_nobody_offers_and_who_owns_what_is_found_by_keyboard_alone(open_page: Opener, worked: Server) -> None:
    page = open_page(f"{worked.url}/executions")
    expect(page.get_by_role("grid", name="Executions")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(page.get_by_role("region", name="Nobody offers").get_by_role("listitem").filter(has_text="ui_wanted")).to_contain_text(
        "one task"
    )
    worker = page.locator("[role=row][aria-selected]", has_text="ui-worker")
    expect(worker).to_contain_text("ui_offered")
    page.get_by_role("radio", name="Workers").focus()
    page.keyboard.press("ArrowLeft")
    partition = page.get_by_role("grid", name="Partitions").locator("[role=row][aria-selected]").first
    expect(partition).to_contain_text(worked.get("/v1/cluster").json["partitions"][0]["owner"])
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("tab=tasks"))
    tasks = page.get_by_role("grid", name="Tasks in hand")
    expect(tasks.get_by_text("ui_offered-1")).to_be_visible()
    tasks.focus()
    page.keyboard.press("Home")
    expect(tasks).to_have_attribute("aria-activedescendant", re.compile(r"^\S+$"))  # a list of ids is split at spaces
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/executions/ui_offered-1\?node=work"))
