"""The parts that pages are made of: by eye, by keyboard, by screen reader."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.api.conftest import Server

from .conftest import Look, Opener, violations


def test_every_part_shuts_nobody_out_in_any_look(open_page: Opener, server: Server, look: Look, axe: str) -> None:
    page = open_page(f"{server.url}/parts", look)
    expect(page.get_by_role("heading", name="States")).to_be_visible()
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_tabs_are_one_stop_and_arrows_choose(open_page: Opener, server: Server) -> None:
    page = open_page(f"{server.url}/parts")
    page.get_by_role("tab", name="Input").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Output")).to_be_focused()
    expect(page.get_by_role("tabpanel")).to_have_text("Output")
    page.keyboard.press("End")
    expect(page.get_by_role("tab", name="Attempts 2")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Tab")
    expect(page.get_by_role("tabpanel")).to_be_focused()


def test_a_menu_is_walked_by_arrows_and_letters_and_gives_the_focus_back(open_page: Opener, server: Server, axe: str) -> None:
    page = open_page(f"{server.url}/parts")
    button = page.get_by_role("button", name="Actions")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Pause")).to_be_focused()
    page.keyboard.press("t")
    expect(page.get_by_role("menuitem", name="Terminate")).to_be_focused()
    page.keyboard.press("Enter")  # cannot be done, and says why
    expect(page.get_by_role("menu")).to_be_visible()
    assert violations(page, axe) == []
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Cancel")).to_be_visible()


def test_what_was_refused_is_said_in_the_dialog_and_nothing_typed_is_lost(open_page: Opener, server: Server, axe: str) -> None:
    page = open_page(f"{server.url}/parts")
    page.get_by_role("button", name="Ask").click()
    dialog = page.get_by_role("dialog", name="Cancel order-1?")
    dialog.get_by_label("Reason").fill("a customer has called")
    dialog.get_by_role("button", name="Cancel it").click()
    expect(dialog.get_by_role("alert")).to_contain_text("nodes[2].config.expression")
    expect(dialog.get_by_label("Reason")).to_have_value("a customer has called")
    assert violations(page, axe) == []
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Ask")).to_be_focused()


def test_a_value_shows_its_numbers_as_recorded_and_says_what_is_cut(open_page: Opener, server: Server) -> None:
    page = open_page(f"{server.url}/parts")
    value = page.get_by_role("group", name="Value", exact=True)
    expect(value).to_contain_text('"amount": 10000.0')
    expect(value).to_contain_text('"id": 9007199254740993')
    expect(value).to_contain_text("… 1,000 characters in all")
    value.focus()
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(value).to_contain_text('"lines": […], 1 inside')
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(value).to_contain_text("{…} 6 inside")


def test_what_is_copied_by_plain_http_where_a_browser_gives_no_clipboard_is_copied_all_the_same(open_page: Opener, server: Server) -> None:
    page = open_page(f"{server.url}/parts")
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.reload()
    button = page.get_by_role("button", name="Copy", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Copied", exact=True)).to_be_focused()
    field = page.get_by_label("Text", exact=True)
    field.fill("")
    page.keyboard.press("ControlOrMeta+v")
    expect(field).to_have_value("refold worker my_activities")


def test_the_border_between_panes_is_moved_by_keys_and_stays_where_it_was(open_page: Opener, server: Server) -> None:
    page = open_page(f"{server.url}/parts")
    border = page.get_by_role("separator", name="Size of the second pane")
    border.focus()
    page.keyboard.press("ArrowLeft")
    expect(border).to_have_attribute("aria-valuenow", "176")
    page.reload()
    expect(border).to_have_attribute("aria-valuenow", "176")
