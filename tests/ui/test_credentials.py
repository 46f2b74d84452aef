"""Credentials in a browser: kept, rotated, deleted without being seen; authorized at a real provider, also while the server is killed."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.api.conftest import Server
from tests.credentials.oauth_server import CLIENT, REFUSED, SECRET, OAuthServer

from .conftest import Look, Opener, violations, walk_to
from .proxy import below

TOKEN = "s3cr3t-t0ken"
PASTE = """(field, text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text", text);
    field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def oauth() -> Iterator[OAuthServer]:
    made = OAuthServer()
    made.asks = True
    yield made
    made.close()


class Keeping:
    """A server that may reach loopback, on a port that it has again after it was killed."""

    def __init__(self, data: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._words = (data, "--allow-private-addresses", "--port", str(free.getsockname()[1]))
        self.server = Server(*self._words)

    def kill(self) -> None:
        self.server.kill()

    def start_again(self) -> None:
        self.server = Server(*self._words)


@pytest.fixture(scope="module")
def keeping(build: Any, oauth: OAuthServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeping]:
    made = Keeping(tmp_path_factory.mktemp("credentials") / "data")
    server = made.server
    values = {"token_url": f"{oauth.url}/token", "authorize_url": f"{oauth.url}/authorize", "client_id": CLIENT, "client_secret": SECRET}
    server.post("/v1/credentials", {"name": "crm", "kind": "oauth2", "values": values, "summary": "the CRM"})
    server.post("/v1/credentials", {"name": "shop", "kind": "bearer", "values": {"token": TOKEN}, "workflows": ["ui_pays"]})
    pays = {"id": "pay", "type": "http_request", "config": {"url": f"{server.url}/health/live", "credential": "shop"}}
    server.publish({"name": "ui_pays", "nodes": [pays]})
    server.start("ui_pays", wait=30)
    yield made
    made.kill()


def test_every_look_of_a_credential_shuts_nobody_out(open_page: Opener, keeping: Keeping, look: Look, axe: str) -> None:
    page = open_page(f"{keeping.server.url}/credentials", look)
    page.locator("[role=row][aria-selected]", has_text="shop").click()
    expect(page.get_by_role("heading", name="shop")).to_be_visible()
    expect(page.get_by_role("link", name="ui_pays").first).to_be_visible()
    expect(page.get_by_text("attempt 1, version 1")).to_be_visible()
    assert violations(page, axe) == []
    page.get_by_role("button", name="Keep a credential").click()
    page.get_by_label("Kind").select_option("oauth2")
    expect(page.get_by_label("client_secret")).to_have_attribute("type", "password")
    assert violations(page, axe) == []
    page.keyboard.press("Escape")
    page.goto(f"{keeping.server.url}/credentials?chosen=crm&outcome=refused")
    expect(page.get_by_text("crm was not authorized: its server has refused.")).to_be_visible()
    expect(page.get_by_role("button", name="Connect")).to_be_visible()
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_one_is_kept_rotated_and_deleted_by_keyboard_alone_and_its_secret_stands_nowhere(open_page: Opener, keeping: Keeping) -> None:
    server = keeping.server
    sent: list[str] = []
    page = open_page(f"{server.url}/executions")
    page.on("request", lambda one: sent.append(f"{one.method} {one.url}"))
    expect(page.get_by_role("heading", name="Executions")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("k")
    grid = page.get_by_role("grid", name="Credentials")
    expect(grid).to_be_visible()
    page.keyboard.press("c")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").focus()
    page.keyboard.type("hook key")
    expect(dialog.get_by_text("Letters, digits")).to_be_visible()
    for _ in range(4):
        page.keyboard.press("Backspace")
    page.keyboard.type("_key")
    dialog.get_by_label("token: the token").focus()
    page.keyboard.type(TOKEN)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="hook_key")).to_be_visible()
    expect(page).to_have_url(f"{server.url}/credentials?chosen=hook_key")
    page.get_by_role("button", name="Other values").press("Enter")
    dialog.get_by_label("token: the token").focus()
    page.keyboard.type("another-secret")
    page.keyboard.press("Enter")
    expect(page.get_by_text("hook_key has version 2.")).to_be_visible()
    expect(dialog).to_be_hidden()
    walk_to(page, grid, page.locator("[role=row][aria-selected]", has_text="shop"))
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Delete").press("Enter")
    expect(dialog.get_by_text("nodes.pay.config.credential")).to_be_visible()
    expect(dialog.get_by_role("button", name="Delete", exact=True)).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Escape")
    walk_to(page, grid, page.locator("[role=row][aria-selected]", has_text="hook_key"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="hook_key")).to_be_visible()
    page.get_by_role("button", name="Delete").press("Enter")
    dialog.get_by_role("button", name="Delete", exact=True).press("Enter")
    expect(page.locator("[role=row][aria-selected]", has_text="hook_key")).to_have_count(0)
    left = page.content() + page.evaluate("JSON.stringify([localStorage, sessionStorage, location.href, history.state])") + "".join(sent)
    assert not any(secret in left for secret in (TOKEN, "another-secret"))


def test_what_no_field_can_hold_is_not_taken_as_another_secret(open_page: Opener, keeping: Keeping) -> None:
    page = open_page(f"{keeping.server.url}/credentials")
    page.get_by_role("button", name="Keep a credential").click()
    page.get_by_label("Kind").select_option("signing")
    field = page.get_by_label("secret: what requests are signed with")
    field.evaluate(PASTE, "-----BEGIN KEY-----\nabc\n-----END KEY-----\n")
    expect(page.get_by_text("refold credentials create NAME --kind signing --file FILE")).to_be_visible()
    expect(field).to_have_value("")


def agree(page: Page, name: str, answer: str = "Allow") -> None:
    """Leave for the provider, and answer there."""
    page.get_by_role("button", name=name).click()
    expect(page.get_by_role("heading", name="Let Refold in?")).to_be_visible()
    page.get_by_role("link", name=answer).click()


def test_a_person_authorizes_it_below_a_prefix_once_and_is_told_what_came_of_it(
    open_page: Opener, keeping: Keeping, oauth: OAuthServer
) -> None:
    before = len(oauth.access_tokens)
    with below("/refold", keeping.server.host) as address:
        page = open_page(f"{address}/credentials?chosen=crm")
        agree(page, "Connect", "Deny")
        expect(page).to_have_url(f"{address}/credentials?chosen=crm&outcome=refused")
        expect(page.get_by_text(f"access_denied: {REFUSED}")).to_be_visible()
        back: list[str] = []
        page.on("request", lambda one: back.append(one.url) if "/oauth2/callback" in one.url else None)
        agree(page, "Connect")
        expect(page.get_by_text("crm is authorized: what uses it is given tokens from now on.")).to_be_visible()
        expect(page.get_by_text("It is authorized: tokens are got and replaced by themselves.")).to_be_visible()
        page.get_by_role("button", name="Understood").click()
        expect(page).to_have_url(f"{address}/credentials?chosen=crm")
        page.goto(back[0])
        expect(page.get_by_text("crm was authorized by this already: there is nothing left to do.")).to_be_visible()
        page.goto(f"{address}/oauth2/callback?state=guessed.crm&code=guessed")
        expect(page.get_by_text("Nothing was authorized: nobody has begun this here")).to_be_visible()
        assert "code=" not in page.evaluate("JSON.stringify([localStorage, sessionStorage, location.href])")
        page.close()  # what stands before the server goes now
    assert len(oauth.access_tokens) == before + 1


def test_a_server_that_is_killed_while_a_person_is_away_takes_him_back_afterwards(
    open_page: Opener, keeping: Keeping, oauth: OAuthServer
) -> None:
    page = open_page(f"{keeping.server.url}/credentials?chosen=crm")
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_role("heading", name="Let Refold in?")).to_be_visible()
    keeping.kill()
    keeping.start_again()
    page.get_by_role("link", name="Allow").click()
    expect(page.get_by_text("crm is authorized: what uses it is given tokens from now on.")).to_be_visible()
    assert keeping.server.get("/v1/credentials/crm").json["consent"]["stage"] == "given"
    open_page.wrong = [one for one in open_page.wrong if "WebSocket" not in one]
