"""The server and its settings in a browser: what it is, with what it was started, what its lists are made of, and making them anew."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.api.conftest import Server

from .conftest import Look, Opener, violations

TABS = ("?find=concurrency", "?tab=readModels", "?tab=backup", "?tab=browser")


def test_every_look_of_the_settings_shuts_nobody_out(open_page: Opener, server: Server, look: Look, axe: str) -> None:
    page = open_page(f"{server.url}/settings", look)
    for tab, heading in zip(TABS, ("concurrency", "Rebuild all", "refold backup BACKUP", "Theme"), strict=True):
        page.goto(f"{server.url}/settings{tab}")
        expect(page.get_by_text(heading).first).to_be_visible()
        assert violations(page, axe) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_setting_says_its_value_where_it_comes_from_and_what_it_means_and_is_found(open_page: Opener, server: Server) -> None:
    page = open_page(f"{server.url}/settings")
    rows = page.locator("dl > div", has=page.locator("dt code"))
    expect(rows.filter(has=page.get_by_text("port", exact=True))).to_contain_text("0 · flag --port")
    expect(rows.filter(has=page.get_by_text("lane", exact=True))).to_contain_text("environment REFOLD_LANE")
    page.get_by_label("Find a setting").fill("talk to slack")
    expect(page.get_by_text("No setting is like that.")).to_be_visible()
    page.get_by_label("Find a setting").fill("SMTP")
    expect(rows).to_have_count(3)
    expect(page).to_have_url(f"{server.url}/settings?find=SMTP")
    page.reload()
    expect(rows).to_have_count(3)


def test_a_read_model_is_made_anew_by_keyboard_alone_while_lists_go_on(open_page: Opener, server: Server) -> None:
    before = next(one for one in server.get("/v1/read-models").json["read_models"] if one["name"] == "audit")["rebuilds"]
    page = open_page(f"{server.url}/executions")
    expect(page.get_by_role("grid", name="Executions")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("o")
    page.get_by_role("radio", name="Server").focus()
    page.keyboard.press("ArrowRight")
    model = page.get_by_role("listitem", name="audit")
    model.get_by_role("button", name="Rebuild").press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("The rows of audit are made anew")
    page.get_by_role("dialog").get_by_role("button", name="Rebuild").press("Enter")
    expect(page.get_by_text("audit is being made anew.")).to_be_visible()
    expect(model).to_contain_text("0 rows differed")
    assert next(one for one in server.get("/v1/read-models").json["read_models"] if one["name"] == "audit")["rebuilds"] == before + 1


def test_how_this_browser_shows_it_is_set_here_too(open_page: Opener, server: Server) -> None:
    page = open_page(f"{server.url}/settings?tab=browser")
    page.get_by_label("Theme").select_option("dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
