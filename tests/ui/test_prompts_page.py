"""Prompts that are kept: what a version says, who uses it, and what is different between two."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.api.conftest import Server

from .conftest import Look, Opener, violations, walk_to

INPUTS = {"type": "object", "required": ["mail"], "properties": {"mail": {"type": "string"}}}


def kept(how: str, **more: Any) -> dict[str, Any]:
    text = f"Answer in {how}.\n<b>{{{{ input.mail }}}}</b>"
    return {"prompt": {"name": "ui_mail", "description": "Answers a mail.", "inputs": INPUTS, "system": "Be kind.", "prompt": text, **more}}


@pytest.fixture(scope="module")
def prompts(server: Server) -> Server:
    """A server with two versions of a prompt; a workflow has the first one."""
    server.post("/v1/prompts", kept("three sentences", max_tokens=400, model="openai:gpt-5-mini"))
    config = {"prompt": "ui_mail", "inputs": {"mail": "{{ input }}"}}
    server.publish({"name": "ui_mails", "nodes": [{"id": "reply", "type": "prompt", "config": config}]})
    server.post("/v1/prompts", kept("one sentence", max_tokens=100, model="openai:gpt-5-mini"))
    server.post("/v1/prompts", {"prompt": {"name": "ui_alone", "inputs": {"type": "object"}, "prompt": "Say hello."}})
    return server


def view(page: Page) -> Locator:
    return page.get_by_role("article", name="ui_mail")


def test_every_look_of_a_prompt_shuts_nobody_out(open_page: Opener, prompts: Server, look: Look, axe: str) -> None:
    page = open_page(f"{prompts.url}/prompts?prompt=ui_mail", look)
    expect(view(page).get_by_role("group", name="Prompt", exact=True)).to_contain_text("one sentence")
    assert violations(page, axe) == []
    for tab in ("Differences", "Versions"):
        page.get_by_role("tab", name=tab).click()
        expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
        assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_by_keyboard_alone_one_reads_a_prompt_and_what_has_changed_in_it(open_page: Opener, prompts: Server) -> None:
    page = open_page(f"{prompts.url}/executions")
    expect(page.get_by_role("grid", name="Executions", exact=True)).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("p")
    table = page.get_by_role("grid", name="Prompts")
    walk_to(page, table, table.locator("[role=row][aria-selected]").filter(has_text="ui_mail"))
    page.keyboard.press("Enter")
    expect(view(page).get_by_role("group", name="Prompt", exact=True)).to_have_text("Answer in one sentence.\n<b>{{ input.mail }}</b>")
    expect(view(page)).to_contain_text("ui_mails version 1 has version 1 of it")
    page.get_by_role("tab", name="What it says").focus()
    page.keyboard.press("ArrowRight")
    difference = page.get_by_role("group", name="From version 1 to version 2")
    expect(difference.locator("del").filter(has_text="three sentences")).to_be_visible()
    expect(difference.locator("ins").filter(has_text="one sentence")).to_be_visible()
    expect(view(page)).to_contain_text("Changed: prompt, max_tokens")


def test_which_version_is_looked_at_stands_in_the_address_and_back_works(open_page: Opener, prompts: Server) -> None:
    page = open_page(f"{prompts.url}/prompts?prompt=ui_mail&tab=versions")
    page.get_by_role("button", name="Version 1", exact=True).click()
    expect(page).to_have_url(re.compile("version=1$"))
    expect(view(page).get_by_role("group", name="Prompt", exact=True)).to_contain_text("three sentences")
    expect(view(page).get_by_role("link", name="What it has cost")).to_have_attribute("href", re.compile("prompt=ui_mail%401"))
    page.go_back()
    expect(page.get_by_role("button", name="Version 1", exact=True)).to_be_visible()
    page.get_by_role("link", name="What it has cost").click()
    expect(page.get_by_role("heading", name="No model was asked in this time")).to_be_visible()


def test_a_prompt_with_one_version_and_one_that_there_is_not_say_so(open_page: Opener, prompts: Server) -> None:
    page = open_page(f"{prompts.url}/prompts?prompt=ui_alone&tab=diff")
    expect(page.get_by_text("There is one version, and nothing to compare it with.")).to_be_visible()
    page.goto(f"{prompts.url}/prompts?prompt=nobody")
    expect(page.get_by_role("heading", name="There is no prompt nobody")).to_be_visible()
    open_page.wrong = [one for one in open_page.wrong if "404" not in one]
