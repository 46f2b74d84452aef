"""What models cost: by day, workflow, node, model and prompt; each point and each row leads to its executions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Position, expect

from tests.ai.fake import Reply, running_fake
from tests.api.conftest import Server

from .conftest import Look, Opener, violations, walk_to

ROWS = "[role=row][aria-selected]"
PRICED = {"use": "ollama:llama3.2", "max_tokens": 50, "price": {"input": 10, "output": 40}}
"""A call of the fake (11 tokens of input, 4 of output) costs 0.00027 US dollars."""
ANSWER: dict[str, Any] = {
    "name": "ui_answer",
    "settings": {"models": {"small": PRICED}},
    "nodes": [
        {"id": "sort", "type": "llm", "config": {"model": "small", "prompt": "{{ input }}", "schema": {"type": "object"}}},
        {"id": "reply", "type": "prompt", "config": {"prompt": "ui_reply", "model": "small", "inputs": {"mail": "{{ input }}"}}},
    ],
    "edges": [{"from": "sort", "to": "reply"}],
}
FREE: dict[str, Any] = {
    "name": "ui_free",
    "nodes": [{"id": "ask", "type": "llm", "config": {"model": "ollama:unheard-of", "prompt": "hi", "max_tokens": 50}}],
}


def prompt(how: str) -> dict[str, Any]:
    given = {"type": "object", "required": ["mail"], "properties": {"mail": {"type": "string"}}}
    return {"prompt": {"name": "ui_reply", "inputs": given, "prompt": f"{how}: {{{{ input.mail }}}}"}}


@pytest.fixture(scope="module")
def asked(build: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on which three executions of two workflows have asked two models, seven times in all."""
    with running_fake() as fake, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OLLAMA_BASE_URL", fake.base("ollama"))
        server = Server(tmp_path_factory.mktemp("costs"))
        for how in ("First", "Second"):
            fake.replies = [Reply(texts=("no json",)), Reply(texts=("{}",)), Reply()]
            server.post("/v1/prompts", prompt(how))
            server.publish(ANSWER)
            server.start("ui_answer", "hello", wait=30)
        server.publish(FREE)
        at = server.start("ui_free", None, wait=30)["position"]
        assert server.get(f"/v1/analytics/ai?min_position={at}").status == 200
        yield server
        server.stop()


def numbers(page: Page) -> Locator:
    return page.get_by_role("grid", name="Costs").locator(ROWS)


def executions(page: Page) -> Locator:
    return page.get_by_role("grid", name="Executions", exact=True).locator(ROWS)


def test_every_look_of_the_costs_shuts_nobody_out(open_page: Opener, asked: Server, look: Look, axe: str) -> None:
    page = open_page(f"{asked.url}/analytics/models", look)
    expect(page.get_by_role("img", name=re.compile("^Money"))).to_be_visible()
    expect(numbers(page)).to_have_count(1)
    expect(page.get_by_text("have no known price, and are not in the sum")).to_be_hidden()
    expect(page.get_by_text("One call has no known price, and is not in the sum")).to_be_visible()
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_sums_are_those_of_the_api_and_a_day_leads_to_its_executions_by_keyboard_alone(open_page: Opener, asked: Server) -> None:
    page = open_page(f"{asked.url}/analytics")
    page.get_by_role("link", name="Models").focus()
    page.keyboard.press("Enter")
    totals = page.get_by_role("region", name="In all of the time")
    expect(totals).to_contain_text("$0.0016")
    expect(totals.get_by_role("term").filter(has_text="Calls of models").locator("xpath=following-sibling::*")).to_have_text("7")
    row = numbers(page).first
    expect(row.get_by_role("gridcell").nth(1)).to_have_text("$0.0016")
    expect(row.get_by_role("gridcell").nth(3)).to_have_text("77")
    walk_to(page, page.get_by_role("grid", name="Costs"), row)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/executions\?filter=workflow\+in\+"))
    expect(executions(page)).to_have_count(3)


def test_a_point_leads_to_the_executions_that_asked_models_on_its_day(open_page: Opener, asked: Server) -> None:
    page = open_page(f"{asked.url}/analytics/models?last=7d&prompt=ui_reply@2")
    over = page.locator("[data-chart='Calls of models'] .u-over")
    expect(over).to_be_visible()
    box = over.bounding_box()
    assert box is not None
    place: Position = {"x": box["width"] * (1 - 0.5 / 7), "y": box["height"] / 2}
    over.hover(position=place)
    over.click(position=place)
    expect(page.get_by_role("button", name="Change: workflow in")).to_be_hidden()
    expect(executions(page)).to_have_text([re.compile("ui_answer"), re.compile("ui_answer")])


def test_what_is_told_apart_leads_deeper_and_all_of_it_stands_in_the_address(open_page: Opener, asked: Server) -> None:
    page = open_page(f"{asked.url}/analytics/models")
    page.locator("fieldset").get_by_text("Prompt", exact=True).click()
    expect(numbers(page)).to_have_text([re.compile("none that is kept"), re.compile("ui_reply@1"), re.compile("ui_reply@2")])
    numbers(page).filter(has_text="ui_reply@2").click()
    expect(page).to_have_url(re.compile("prompt=ui_reply%402"))
    expect(numbers(page)).to_have_text([re.compile("ui_answer")])
    page.get_by_role("combobox", name="Prompt").select_option("")
    numbers(page).filter(has_text="ui_answer").click()
    expect(page).to_have_url(re.compile("group=node"))
    expect(numbers(page)).to_have_text([re.compile(r"ui_answer / reply\$"), re.compile(r"ui_answer / sort\$")])
    page.locator("fieldset").get_by_text("Version", exact=True).click()
    numbers(page).filter(has_text="ui_answer 2").click()
    expect(page).to_have_url(re.compile("version"))
    expect(executions(page)).to_have_count(1)


def test_where_no_model_was_asked_it_says_so(open_page: Opener, asked: Server, axe: str) -> None:
    page = open_page(f"{asked.url}/analytics/models?from=2026-01-01&to=2026-01-02")
    expect(page.get_by_role("heading", name="No model was asked in this time")).to_be_visible()
    assert violations(page, axe) == []
    page.get_by_role("button", name="Look at the last 365 days").click()
    expect(numbers(page)).to_have_count(1)
