"""The pictures of the documentation: the pages as they are, with data that is the same each time. `make screenshots` writes them."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.api.conftest import ROOT, Server

from .conftest import Look, Opener

PICTURES = ROOT / "docs" / "pictures"
LOOK = Look(1200, 720)
ORDER = (ROOT / "examples" / "order_fulfilment.yaml").read_text()
YAML = {"Content-Type": "application/yaml"}
SAME_TIMES = """document.querySelectorAll("time").forEach((one) => { one.textContent = "21.11. 08:00:00" })"""


def publish(server: Server, text: str) -> None:
    assert server.ask("POST", "/v1/workflows", text.encode(), YAML).status == 201


def keep(page: Page, name: str) -> None:
    """As a file of the documentation, with times that do not change."""
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    page.evaluate(SAME_TIMES)
    page.screenshot(path=PICTURES / f"{name}.png", animations="disabled", caret="hide")
    page.close()  # before its server is gone: it would say so


def test_pictures(open_page: Opener, build: object, tmp_path: Path) -> None:
    """All of them, from one server whose only workflow is the example."""
    PICTURES.mkdir(exist_ok=True)
    server = Server(tmp_path / "data")
    try:
        publish(server, ORDER)
        page = open_page(f"{server.url}/workflows/order_fulfilment/edit?node=charge", LOOK)
        expect(page.get_by_text("It can be published")).to_be_visible()
        expect(page.locator('[data-path="charge"]')).to_be_visible()
        keep(page, "builder")
        publish(server, ORDER.replace("max_attempts: 5, initial_delay: 200ms", "max_attempts: 8, initial_delay: 500ms", 1))
        page = open_page(f"{server.url}/workflows/order_fulfilment?version=2&before=1&tab=diff&as=graph", LOOK)
        expect(page.locator('[data-path="charge"]')).to_contain_text("changed")
        keep(page, "differences")
        page = open_page(f"{server.url}/templates?template=approval", LOOK)
        expect(page.get_by_role("group", name="Graph of Approve a payment")).to_be_visible()
        keep(page, "templates")
    finally:
        server.kill()
