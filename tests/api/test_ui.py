"""The web UI as it is served: from memory, cached by content, safe, and out of the way of the API."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest

from api.app import make_app
from api.sites import Sites
from api.ui import HOW, POLICY, accepts_html, read_ui

SHELL = '<!doctype html><script src="./assets/theme-1.js"></script><link href="./assets/page-2.css"><div id="root"></div>'
PAGE = "text/html,application/xhtml+xml,*/*;q=0.8"


class Nothing:
    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was asked for")


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    content: bytes


class Asking:
    """Asks an application over the interface that every server has."""

    def __init__(self, folder: Path | None) -> None:
        ui = None if folder is None else read_ui(folder)
        self.app: Any = make_app(cast(Any, Nothing()), Sites("127.0.0.1"), task_endpoint=cast(Any, Nothing()), ui=ui)

    def __call__(self, path: str, method: str = "GET", accept: str = PAGE, **headers: str) -> Answer:
        return asyncio.run(self._ask(path, method, {"host": "127.0.0.1", "accept": accept, **headers}))

    async def _ask(self, path: str, method: str, headers: dict[str, str]) -> Answer:
        said: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            said.append(message)

        given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {
            "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"", "headers": given,
            "http_version": "1.1", "scheme": "http", "root_path": "", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8080),
        }  # fmt: skip
        await self.app(scope, receive, send)
        named = {name.decode().lower(): value.decode() for name, value in said[0]["headers"]}
        return Answer(said[0]["status"], named, b"".join(one.get("body", b"") for one in said[1:]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build as `make ui` leaves one, with next to nothing in it."""
    made = tmp_path_factory.mktemp("static")
    (made / "assets").mkdir()
    script = b"export const long = 1;" * 100
    contents = {"index.html": SHELL.encode(), "assets/theme-1.js": b"x", "assets/page-2.css": b"a{}", "assets/inter-3.woff2": b"\0font"}
    contents |= {"assets/index-4.js": script, "assets/index-4.js.gz": gzip.compress(script, mtime=0), "assets/index-4.js.br": b"brotli"}
    for name, content in contents.items():
        (made / name).write_bytes(content)
    (made / "build.json").write_text(json.dumps({"source": "0", "files": dict.fromkeys(contents, "")}))
    return made


@pytest.fixture(scope="module")
def ask(folder: Path) -> Asking:
    return Asking(folder)


@pytest.mark.parametrize("path", ["/", "/executions", "/executions/order-1", "/what/nobody/knows", "/executionsé", "/ex%2Fecutions"])
def test_whoever_accepts_html_gets_the_shell_for_every_path_that_nothing_else_has(ask: Asking, path: str) -> None:
    answer = ask(path)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b'id="root"' in answer.content
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("path", "way"),
    [("/", "assets/"), ("/executions", "assets/"), ("/executions/", "../assets/"), ("/a/b/c", "../../assets/"), ("//a", "../assets/")],
)
def test_the_shell_names_its_assets_relative_to_the_path_it_is_asked_by_so_a_prefix_that_a_proxy_takes_off_is_no_matter(
    ask: Asking, path: str, way: str
) -> None:
    assert re.findall(r'"([^"]*)theme-1\.js"', ask(path).content.decode()) == [way]


def test_a_path_that_is_too_deep_is_unknown(ask: Asking) -> None:
    assert ask("/" + "/".join("a" * 32)).status == 200
    assert ask("/" + "/".join("a" * 33)).status == 404


@pytest.mark.parametrize("target", ["*", ""])
def test_what_is_no_path_at_all_is_unknown(ask: Asking, target: str) -> None:
    assert ask(target).status == 404


@pytest.mark.parametrize("path", ["/v1", "/v1/nothing", "/health/nothing", "/openapi.json/x", "/answer", "/metrics/x"])
def test_where_the_api_is_a_page_is_never_the_answer(ask: Asking, path: str) -> None:
    answer = ask(path)
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")


def test_who_does_not_accept_html_is_told_that_there_is_nothing(ask: Asking) -> None:
    for accept in ("*/*", "application/json", "text/html;q=0", "", "text/html;q=x"):
        assert ask("/executions", accept=accept).status == 404, accept
    assert ask("/executions", accept="TEXT/HTML ; q=0.1").status == 200


def test_only_a_get_is_answered_with_a_page(ask: Asking) -> None:
    assert ask("/executions", method="POST").status == 404
    assert ask("/executions", method="HEAD").status == 200


def test_an_asset_is_kept_for_ever_and_one_that_is_gone_is_never_the_shell(ask: Asking) -> None:
    found, gone = ask("/assets/page-2.css"), ask("/assets/page-1.css")
    assert (found.status, found.content, found.headers["content-type"]) == (200, b"a{}", "text/css; charset=utf-8")
    assert found.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (gone.status, gone.headers["content-type"]) == (404, "application/problem+json")
    assert "cache-control" not in gone.headers
    for path in ("/assets/", "/assets/../index.html", "/assets/%2e%2e/build.json", "/assets/index-4.js.gz"):
        assert ask(path).status == 404, path


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("identity", None),
        ("", None),
        ("*", "br"),
        ("BR", "br"),
    ],
)
def test_what_was_compressed_when_it_was_built_goes_out_so_to_whoever_takes_it(ask: Asking, accepted: str, encoding: str | None) -> None:
    answer = ask("/assets/index-4.js", accept_encoding=accepted)
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-length"] == str(len(answer.content))


def test_what_is_compressed_by_itself_goes_out_as_it_is(ask: Asking) -> None:
    answer = ask("/assets/inter-3.woff2", accept_encoding="br, gzip")
    assert answer.content == b"\0font"
    assert "content-encoding" not in answer.headers
    assert "vary" not in answer.headers


def test_who_has_the_same_content_is_told_so_and_the_tag_is_of_the_content_and_its_encoding(ask: Asking, folder: Path) -> None:
    first = ask("/executions")
    again = ask("/executions", if_none_match=f'"other", W/{first.headers["etag"]}')
    assert (again.status, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert ask("/a/b").headers["etag"] != first.headers["etag"]
    assert Asking(folder)("/executions").headers["etag"] == first.headers["etag"]
    tags = {ask("/assets/index-4.js", accept_encoding=one).headers["etag"] for one in ("br", "gzip", "")}
    assert len(tags) == 3


def test_what_is_served_may_load_and_ask_nothing_but_this_server(ask: Asking) -> None:
    for path in ("/executions", "/assets/index-4.js"):
        headers = ask(path).headers
        assert headers["content-security-policy"] == POLICY
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")
        assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "unsafe" not in POLICY
    assert POLICY.startswith("default-src 'none'; ")
    assert {"base-uri 'none'", "frame-ancestors 'none'"} <= set(POLICY.split("; "))


def test_a_page_of_another_site_is_refused_as_everywhere(ask: Asking) -> None:
    assert ask("/executions", host="evil.example").status == 421


def test_without_a_build_the_front_page_says_how_to_come_by_one_and_all_else_is_as_before(tmp_path: Path) -> None:
    ask = Asking(tmp_path)
    front = ask("/")
    assert front.status == 200
    assert HOW.split("`")[1] in front.content.decode()
    assert "default-src 'none'" in front.headers["content-security-policy"]
    for path, accept in (("/executions", PAGE), ("/assets/index-4.js", PAGE), ("/", "*/*"), ("/", "application/json")):
        assert ask(path, accept=accept).headers["content-type"] == "application/problem+json"


def test_half_a_build_is_none(folder: Path, tmp_path: Path) -> None:
    for content in ("", "[]", '{"files": 5}', '{"files": {"gone.js": ""}}', '{"files": {}}'):
        (tmp_path / "build.json").write_text(content)
        assert not read_ui(tmp_path).is_built


def test_a_server_that_is_to_have_no_ui_has_none() -> None:
    assert Asking(None)("/").headers["content-type"] == "application/problem+json"


def test_accept_is_read_as_it_stands_in_several_lines() -> None:
    assert accepts_html([(b"accept", b"image/png"), (b"accept", b"text/html")])
    assert not accepts_html([(b"accept", b"text/htmlx"), (b"accept-language", b"text/html")])
