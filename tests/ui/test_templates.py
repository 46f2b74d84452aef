"""The gallery of templates: found, looked at, filled in, and made a draft of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.api.conftest import Server

from .conftest import Look, Opener, violations

OWN = """\
# template:
#   title: Warn when it is too much
#   tags: [ours]
#   holes:
#     limit: {at: variables.limit, title: From how much on}
#     message: {at: "nodes[warn].config.message", title: What is said}
name: warn_someone
variables: {limit: 10000.0}   # by hand
nodes:
  - {id: warn, type: log, config: {message: 'too much'}}
"""


@pytest.fixture(scope="module")
def gallery(build: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a folder of its own templates, one of which is broken."""
    own: Path = tmp_path_factory.mktemp("templates")
    (own / "warn.yaml").write_text(OWN)
    (own / "broken.yaml").write_text("name: [")
    served = Server(tmp_path_factory.mktemp("gallery"), engine={"templates": str(own)})
    yield served
    served.stop()


def test_every_look_of_the_gallery_shuts_nobody_out(open_page: Opener, gallery: Server, look: Look, axe: str) -> None:
    page = open_page(f"{gallery.url}/templates", look)
    expect(page.get_by_role("group", name="Graph of Warn when it is too much")).to_be_visible()
    expect(page.get_by_role("region", name="One file cannot be shown")).to_contain_text("broken.yaml")
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_one_is_found_filled_in_and_made_a_draft_by_keyboard_alone(open_page: Opener, gallery: Server) -> None:
    page = open_page(f"{gallery.url}/workflows")
    page.get_by_role("button", name="From a template").press("Enter")
    expect(page.get_by_role("list", name="Templates")).to_contain_text("Approve a payment")
    page.keyboard.press("/")
    page.keyboard.type("TOO much ours")
    expect(page.get_by_role("list", name="Templates").get_by_role("listitem")).to_have_count(1)
    expect(page).to_have_url(re.compile("find=TOO"))
    form = page.get_by_role("form", name="Fill in")
    form.get_by_label("Name of the workflow").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("Not a name")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type("20000.50")
    page.keyboard.press("Enter")
    expect(form).to_contain_text("A name begins with a small letter")
    form.get_by_label("Name of the workflow").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("ui_warned")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/workflows/new.*draft=new-"))
    text = OWN.split("\n", 6)[6].replace("warn_someone", "ui_warned").replace("10000.0", "20000.50")
    expect(page.get_by_role("textbox", name="Text of the definition")).to_contain_text("limit: 20000.50}   # by hand")
    drafts = gallery.get("/v1/drafts").json["drafts"]
    assert [gallery.get(f"/v1/drafts/{one['name']}").json["text"] for one in drafts] == [text]
    expect(page.get_by_text("It can be published")).to_be_visible()


def test_what_is_not_found_says_so_and_the_address_says_which_one_is_looked_at(open_page: Opener, gallery: Server) -> None:
    page = open_page(f"{gallery.url}/templates?template=nightly_report")
    expect(page.get_by_role("group", name="Graph of A report for each night")).to_be_visible()
    expect(page.get_by_label("In which time zone")).to_have_value("Europe/Berlin")
    page.get_by_role("button", name=re.compile("Approve a payment")).click()
    expect(page).to_have_url(re.compile("template=approval"))
    page.go_back()
    expect(page.get_by_role("group", name="Graph of A report for each night")).to_be_visible()
    page.get_by_label("Find by title, description or tag").fill("no such thing")
    expect(page.get_by_text("No template is like that")).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    expect(page.get_by_role("group", name="Graph of A report for each night")).to_be_visible()
