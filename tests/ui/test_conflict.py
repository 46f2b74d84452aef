"""Two who write one draft at once: a merge of both, in which nothing of either is lost; also where the server is killed in the middle."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.api.conftest import Server

from .conftest import Look, Opener, violations

TEXT = """\
# Why this is here
name: NAME
nodes:
  - {id: first, type: delay, config: {for: 1s}}
  - {id: done, type: end}
edges:
  - {from: first, to: done}
"""
YAML = {"Content-Type": "application/yaml"}


def publish(server: Server, name: str) -> str:
    text = TEXT.replace("NAME", name)
    assert server.ask("POST", "/v1/workflows", text.encode(), YAML).status == 201
    return text


def write(server: Server, name: str, text: str, revision: int = 0) -> None:
    body = {"text": text, "workflow": name, "base_version": 1}
    assert server.ask("PUT", f"/v1/drafts/{name}?revision={revision}", body).status == 200


def text_of(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Text of the definition")


def type_over(page: Page, before: str, after: str) -> None:
    """Take a text out, and type another one."""
    text_of(page).click()
    page.keyboard.press("Control+f")
    page.keyboard.type(before)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.insert_text(after)


def opened(open_page: Opener, server: Server, name: str, look: Look | None = None) -> Page:
    page = open_page(f"{server.url}/workflows/{name}/edit", *([look] if look else []))
    expect(page.locator('[data-path="first"]')).to_be_visible()
    return page


def merging(page: Page) -> Locator:
    page.get_by_role("alert", name="Changed by somebody else").get_by_role("button", name="Merge").press("Enter")
    dialog = page.get_by_role("dialog", name="Merge with what somebody else wrote")
    expect(dialog).to_be_visible()
    return dialog


def expected(opener: Opener, *also: str) -> None:
    """A browser says of each answer that is no success; that a draft was overtaken is what these tests provoke."""
    assert [one for one in opener.wrong if not any(word in one for word in ("409", "412", *also))] == []
    opener.wrong.clear()


def draft(server: Server, name: str) -> Any:
    return server.get(f"/v1/drafts/{name}").json["text"]


def test_what_does_not_touch_is_merged_and_kept_once_it_was_seen(open_page: Opener, server: Server) -> None:
    text = publish(server, "ui_merged")
    page = opened(open_page, server, "ui_merged")
    theirs = text.replace("for: 1s", "for: 9s")
    write(server, "ui_merged", theirs)
    type_over(page, "# Why this is here", "# Because")
    dialog = merging(page)
    expect(dialog).to_contain_text("by them alone: 1; by you alone: 1")
    assert draft(server, "ui_merged") == theirs
    dialog.get_by_role("button", name="Keep this as the draft").press("Enter")
    expect(page.get_by_text("Draft kept")).to_be_visible()
    both = theirs.replace("# Why this is here", "# Because")
    assert draft(server, "ui_merged") == both
    expect(text_of(page)).to_contain_text("for: 9s")
    text_of(page).press("Control+z")
    expect(text_of(page)).to_contain_text("for: 1s")
    expected(open_page)


def test_where_both_wrote_one_chooses_by_keyboard_alone_and_may_type_into_the_result(open_page: Opener, server: Server, axe: str) -> None:
    text = publish(server, "ui_touching")
    page = opened(open_page, server, "ui_touching")
    write(server, "ui_touching", text.replace("for: 1s", "for: 9s"))
    type_over(page, "for: 1s", "for: 2s")
    dialog = merging(page)
    keep = dialog.get_by_role("button", name="Keep this as the draft")
    expect(keep).to_have_attribute("aria-disabled", "true")
    expect(dialog).to_contain_text("One place is still to be chosen")
    assert violations(page, axe) == []
    place = dialog.get_by_role("group", name="Both changed this: 1 of 1")
    place.get_by_role("radio", name="Theirs", exact=True).focus()
    page.keyboard.press("Space")
    result = dialog.get_by_role("textbox", name="What is kept then")
    expect(result).to_contain_text("for: 9s")
    page.keyboard.press("ArrowDown")
    expect(result).to_contain_text("for: 2s")
    result.focus()
    page.keyboard.press("Control+Home")
    page.keyboard.type("# both\n")
    expect(place.get_by_role("radio", name="Yours")).to_be_checked()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.reload()
    dialog = merging(page)
    expect(dialog.get_by_role("textbox", name="What is kept then")).to_contain_text("# both")
    dialog.get_by_role("button", name="Keep this as the draft").press("Enter")
    expect(page.get_by_text("Draft kept")).to_be_visible()
    assert draft(server, "ui_touching") == "# both\n" + text.replace("for: 1s", "for: 2s")
    expected(open_page)


@pytest.fixture(scope="module")
def looked_at(server: Server) -> Server:
    text = publish(server, "ui_touched")
    write(server, "ui_touched", text.replace("for: 1s", "for: 9s"))
    return server


def test_every_look_of_a_merge_shuts_nobody_out(open_page: Opener, looked_at: Server, look: Look, axe: str) -> None:
    page = open_page(f"{looked_at.url}/workflows", look)
    kept = {
        "text": TEXT.replace("NAME", "ui_touched").replace("for: 1s", "for: 2s"),
        "revision": 0,
        "base": TEXT.replace("NAME", "ui_touched"),
    }
    page.evaluate("(kept) => localStorage.setItem('refold.draft.ui_touched', JSON.stringify(kept))", kept)
    page.goto(f"{looked_at.url}/workflows/ui_touched/edit")
    dialog = merging(page)
    expect(dialog.get_by_role("group", name="Both changed this: 1 of 1")).to_be_visible()
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_two_pages_typed_while_the_server_was_away_is_there_of_both(open_page: Opener, server: Server) -> None:
    text = publish(server, "ui_two_pages")
    page = opened(open_page, server, "ui_two_pages")
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator('[data-path="first"]')).to_be_visible()
    page.context.route("**/v1/**", lambda route: route.abort())
    type_over(page, "# Why this is here", "# One")
    expect(page.get_by_text("The draft is kept in this browser")).to_be_visible()
    type_over(other, "for: 1s", "for: 5s")
    expect(other.get_by_text("The draft is kept in this browser")).to_be_visible()
    other.close()
    page.context.unroute("**/v1/**")
    page.goto("about:blank")
    page.goto(f"{server.url}/workflows/ui_two_pages/edit")
    dialog = merging(page)
    dialog.get_by_role("button", name="Keep this as the draft").press("Enter")
    expect(page.get_by_text("Draft kept")).to_be_visible()
    assert draft(server, "ui_two_pages") == text.replace("# Why this is here", "# One").replace("for: 1s", "for: 5s")
    expected(open_page, "ERR_FAILED")


def test_a_draft_that_was_published_by_somebody_else_is_merged_with_what_is_active(open_page: Opener, server: Server) -> None:
    text = publish(server, "ui_gone")
    write(server, "ui_gone", text.replace("id: first,", "id: first, name: First,"))
    page = opened(open_page, server, "ui_gone")
    assert server.ask("POST", "/v1/workflows", text.replace("for: 1s", "for: 9s").encode(), YAML).status == 201
    assert server.ask("DELETE", "/v1/drafts/ui_gone?revision=1").status == 200
    type_over(page, "# Why this is here", "# Because")
    expect(page.get_by_text("Published or discarded by somebody else")).to_be_visible()
    dialog = merging(page)
    dialog.get_by_role("button", name="Keep this as the draft").press("Enter")
    expect(page.get_by_text("Draft kept")).to_be_visible()
    kept = server.get("/v1/drafts/ui_gone").json
    assert (kept["text"], kept["base_version"]) == (text.replace("for: 1s", "for: 9s").replace("# Why this is here", "# Because"), 2)
    expected(open_page)


def test_a_server_that_is_killed_in_the_middle_of_a_merge_costs_nothing_that_was_typed(
    open_page: Opener, build: Any, tmp_path: Path
) -> None:
    own = [Server(tmp_path / "data")]
    try:
        text = publish(own[0], "ui_killed")
        page = opened(open_page, own[0], "ui_killed")
        write(own[0], "ui_killed", text.replace("for: 1s", "for: 9s"))
        type_over(page, "for: 1s", "for: 2s")
        dialog = merging(page)
        own[0].kill()
        dialog.get_by_role("radio", name="Both, theirs first").check()
        dialog.get_by_role("textbox", name="What is kept then").press("Control+Home")
        page.keyboard.type("# typed after it died\n")
        dialog.get_by_role("button", name="Keep this as the draft").press("Enter")
        expect(page.get_by_text("The draft is kept in this browser")).to_be_visible()
        own.append(Server(tmp_path / "data", "--port", own[0].host.partition(":")[2]))
        expect(page.get_by_text("Draft kept")).to_be_visible()
        kept = draft(own[1], "ui_killed")
        assert kept.startswith("# typed after it died\n")
        assert re.search(r"for: 9s.*\n.*for: 2s", kept)
        expected(open_page, "ERR_CONNECTION")
        page.close()  # before its server is gone: it would say so
    finally:
        own[-1].kill()
