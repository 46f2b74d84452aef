"""An API is brought in by its OpenAPI document, its actions are found, and each says which node runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.api.conftest import Server

from .conftest import Look, Opener, violations

ORDER: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/Order"}}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1", "description": "Orders and what becomes of them."},
    "servers": [{"url": "https://shop.example.com/v1"}],
    "components": {
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}, "key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
        "schemas": {"Order": {"type": "object", "properties": {"id": {"type": "string"}, "total": {"type": "number"}}}},
    },
    "security": [{"token": []}],
    "paths": {
        "/orders/{order}": {
            "get": {
                "operationId": "get_order",
                "summary": "One order",
                "parameters": [
                    {"name": "order", "in": "path", "required": True, "schema": {"type": "string"}, "description": "its id"},
                    {"name": "whole", "in": "query", "schema": {"type": "boolean"}},
                ],
                "responses": {"200": {"description": "it", "content": {"application/json": ORDER}}},
            }
        },
        "/orders": {
            "post": {
                "operationId": "make_order",
                "summary": "A new order",
                "requestBody": {"content": {"application/json": ORDER, "text/csv": {}}},
                "responses": {"201": {"description": "made"}},
            }
        },
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def shop(server: Server) -> Server:
    """A server that has the connector `ui_shop`, and a workflow that uses it."""
    made = server.post("/v1/connectors/convert", {"openapi": DOCUMENT, "name": "ui_shop"}).json["connector"]
    assert server.post("/v1/connectors", {"connector": made}).status == 201
    config = {"connector": "ui_shop", "action": "get_order", "credential": "shop", "input": {"order": "7"}}
    server.publish({"name": "ui_asks_shop", "nodes": [{"id": "look", "type": "connector", "config": config}]})
    return server


def no_overflow(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_every_look_of_a_connector_shuts_nobody_out(open_page: Opener, shop: Server, look: Look, axe: str) -> None:
    page = open_page(f"{shop.url}/connectors?connector=ui_shop", look)
    expect(page.get_by_role("grid", name="Actions").get_by_text("get_order")).to_be_visible()
    assert violations(page, axe) == []
    page.get_by_text("get_order", exact=True).click()
    expect(page.get_by_role("region", name="get_order").get_by_text("its id")).to_be_visible()
    assert violations(page, axe) == []
    assert no_overflow(page)
    page.get_by_role("tab", name="Used by").click()
    expect(page.get_by_role("link", name="ui_asks_shop")).to_be_visible()
    page.get_by_role("button", name="Import an API …").click()
    expect(page.get_by_role("dialog", name="Import an API")).to_be_visible()
    assert violations(page, axe) == []


def test_an_api_is_brought_in_looked_at_published_and_put_into_a_workflow(open_page: Opener, shop: Server, tmp_path: Path) -> None:
    page = open_page(f"{shop.url}/connectors")
    page.get_by_role("grid", name="Connectors").wait_for()
    page.keyboard.press("c")
    dialog = page.get_by_role("dialog", name="Import an API")
    dialog.get_by_label("Or its text").fill("openapi: 2.0")
    dialog.get_by_role("button", name="Look at it").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    open_page.wrong = [one for one in open_page.wrong if "422" not in one]  # that is what it was about
    document = tmp_path / "shop.json"
    document.write_text(json.dumps(DOCUMENT))
    dialog.get_by_label("Its file").set_input_files(document)
    expect(dialog.get_by_label("Or its text")).to_have_value(json.dumps(DOCUMENT))
    dialog.get_by_label("What it is to be called").fill("ui_brought")
    dialog.get_by_role("button", name="Look at it").click()
    expect(dialog.get_by_text("ui_brought: 2 actions at https://shop.example.com/v1")).to_be_visible()
    expect(dialog.get_by_text("make_order").first).to_be_visible()
    expect(dialog.get_by_text("text/csv")).to_be_visible()  # what is not taken
    dialog.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("article", name="ui_brought")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("one order")
    expect(page.get_by_role("grid", name="Actions").get_by_text("make_order")).to_have_count(0)
    page.get_by_text("get_order", exact=True).click()
    action = page.get_by_role("region", name="get_order")
    expect(action.get_by_text("a credential of the kind bearer")).to_be_visible()
    node = action.locator("pre").inner_text()
    assert "action=get_order" in page.url
    text = f"name: ui_by_hand\nnodes:\n{node}"
    told = shop.ask("POST", "/v1/workflows/validate", text.encode(), {"Content-Type": "application/yaml"}).json
    assert [one["path"] for one in told["problems"]] == []


def test_what_is_not_there_is_said(open_page: Opener, shop: Server) -> None:
    page = open_page(f"{shop.url}/connectors?connector=ui_shop&action=gone")
    expect(page.get_by_text("This version has no action gone.")).to_be_visible()
    page.get_by_role("button", name="All actions").click()
    page.get_by_label("Find an action").fill("nothing like it")
    expect(page.get_by_text("No action is like that.")).to_be_visible()
    page.goto(f"{shop.url}/connectors?connector=nobody")
    expect(page.get_by_text("There is no connector nobody")).to_be_visible()
    page.get_by_role("button", name="All connectors").click()
    expect(page.get_by_role("grid", name="Connectors")).to_be_visible()
    open_page.wrong = [one for one in open_page.wrong if "404" not in one]
