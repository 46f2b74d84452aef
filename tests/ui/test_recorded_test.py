"""An execution is saved as a test of its workflow: from its own page, and after a test run in the builder."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from benchmarks.waiting import until
from tests.api.conftest import Server

from .conftest import ROOT, Look, Opener, begin, violations

TEXT = """\
name: ui_recorded
input: {type: object, properties: {amount: {type: number}}}
nodes:
  - {id: high, type: condition, config: {expression: "input.amount > 10"}}
  - {id: refuse, type: end, config: {outcome: refused}}
  - {id: paid, type: end, config: {outcome: paid, output: "{{ input.amount }}"}}
edges:
  - {from: high.true, to: refuse}
  - {from: high.false, to: paid}
"""


@pytest.fixture(scope="module")
def recorded(server: Server) -> Server:
    """A server with an execution of `ui_recorded` that was paid."""
    assert server.ask("POST", "/v1/workflows", TEXT.encode(), {"Content-Type": "application/yaml"}).status == 201
    done = server.post("/v1/workflows/ui_recorded/executions?wait=30", {"input": {"amount": 7.0}, "execution_id": "ui-recorded"})
    assert done.json["outcome"] == "paid"
    return server


def dialog_of(page: Page) -> Locator:
    return page.get_by_role("dialog", name=re.compile("A test of ui_recorded"))


def check_saved(page: Page, text: str, folder: Path) -> None:
    """The file that is saved is the test that the server wrote, and holds beside the definition."""
    with page.expect_download() as kept:
        dialog_of(page).get_by_role("button", name="Save ui_recorded.test.yaml").click()
    assert kept.value.suggested_filename == "ui_recorded.test.yaml"
    kept.value.save_as(folder / "ui_recorded.test.yaml")
    assert (folder / "ui_recorded.test.yaml").read_text() == text
    (folder / "ui_recorded.yaml").write_text(TEXT)
    ran = subprocess.run([sys.executable, "-m", "refold", "test", str(folder)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_an_execution_is_saved_as_a_test_and_copied_as_one(
    open_page: Opener, recorded: Server, look: Look, axe: str, tmp_path: Path
) -> None:
    page = open_page(f"{recorded.url}/executions/ui-recorded", look, permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Do", exact=True).click()
    page.get_by_role("menuitem", name="Save as a test …").click()
    text = recorded.get("/v1/executions/ui-recorded/test").json["text"]
    expect(dialog_of(page).locator("pre")).to_have_text(text)
    assert violations(page, axe) == []
    dialog_of(page).get_by_role("button", name="Copy").click()
    expect(dialog_of(page).get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == text
    check_saved(page, text, tmp_path)
    page.keyboard.press("Escape")
    expect(dialog_of(page)).to_have_count(0)


def test_a_test_run_of_a_draft_is_saved_as_a_test(open_page: Opener, recorded: Server, tmp_path: Path) -> None:
    page = open_page(f"{recorded.url}/workflows/ui_recorded/edit?test=open")
    panel = page.get_by_role("region", name="Test run", exact=True)
    panel.get_by_label(re.compile("^amount")).fill("7")
    panel.get_by_role("button", name="Run", exact=True).click()
    run = page.get_by_role("region", name=re.compile("^Test run .+"))
    run.get_by_role("button", name="Save as a test …").click()
    found = re.search(r"test=([\w-]+)", page.url)
    assert found is not None
    text = recorded.get(f"/v1/executions/{found[1]}/test").json["text"]
    expect(dialog_of(page).locator("pre")).to_have_text(text)
    check_saved(page, text, tmp_path)


def test_what_cannot_be_a_test_says_why(open_page: Opener, recorded: Server) -> None:
    approval = (ROOT / "examples" / "approval.yaml").read_bytes()
    assert recorded.ask("POST", "/v1/workflows", approval, {"Content-Type": "application/yaml"}).status == 201
    begin(recorded, "approval", {"amount": 1200.0}, "ui-recorded-asks")
    own = "/v1/executions?workflow=refold.notify&limit=1"
    until("the engine has an execution of its own", lambda: recorded.get(own).json["executions"] != [])
    (execution,) = recorded.get(own).json["executions"]
    page = open_page(f"{recorded.url}/executions/{execution['execution_id']}")
    page.get_by_role("button", name="Do", exact=True).click()
    page.get_by_role("menuitem", name="Save as a test …").click()
    refused = recorded.get(f"/v1/executions/{execution['execution_id']}/test")
    assert refused.status == 409
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text(refused.json["detail"])
    open_page.wrong[:] = [one for one in open_page.wrong if "409" not in one]
