"""The way back from an OAuth 2.0 server to this one: the callback over HTTP, with the cookie of a browser, against a real provider."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from tests.api.conftest import Answer, Server
from tests.credentials.oauth_server import CLIENT, REFUSED, SECRET, OAuthServer
from tests.credentials.test_consents import back_from

Serve = Callable[..., Server]


@pytest.fixture(scope="module")
def oauth() -> Iterator[OAuthServer]:
    made = OAuthServer()
    yield made
    made.close()


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory, oauth: OAuthServer) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("consent"), engine={"allow_private_addresses": True}, server={"ui": False})
    yield server
    server.kill()


def keep(server: Server, oauth: OAuthServer, name: str) -> None:
    values = {"token_url": f"{oauth.url}/token", "authorize_url": f"{oauth.url}/authorize", "client_id": CLIENT, "client_secret": SECRET}
    made = server.post("/v1/credentials", {"name": name, "kind": "oauth2", "values": values})
    assert (made.status, made.json["consent"]["stage"]) == (201, "none")


class Left(NamedTuple):
    """Somebody who has left for the server of a credential: where he is sent to, and what his browser keeps."""

    url: str
    cookie: str

    @property
    def redirect_uri(self) -> str:
        return parse_qs(urlsplit(self.url).query)["redirect_uri"][0]


def leave(server: Server, name: str, page: str = "") -> Left:
    answer = server.post(f"/v1/credentials/{name}/connect", {"page": page or f"{server.url}/"})
    assert answer.status == 200, answer.content
    return Left(answer.json["url"], answer.headers["set-cookie"])


def come_back(server: Server, state: str, code: str, cookie: str = "", **more: str) -> Answer:
    asked = f"state={quote(state)}&code={quote(code)}" + "".join(f"&{name}={quote(value)}" for name, value in more.items())
    return server.ask("GET", f"/oauth2/callback?{asked}", headers={"Cookie": cookie.partition(";")[0]} if cookie else {})


def test_a_person_comes_back_once_and_is_told_so_the_second_time(asked: Server, oauth: OAuthServer) -> None:
    keep(asked, oauth, "once")
    left = leave(asked, "once")
    assert left.redirect_uri == f"{asked.url}/oauth2/callback"
    assert left.cookie.endswith("; Max-Age=1800; Path=/oauth2/callback; HttpOnly; SameSite=Lax")
    state, code = back_from(left.url)
    first, second = come_back(asked, state, code, left.cookie), come_back(asked, state, code, left.cookie)
    assert (first.status, b"It is authorized" in first.content) == (200, True)
    assert (second.status, b"It was authorized by this already" in second.content) == (200, True)
    consent = asked.get("/v1/credentials/once").json["consent"]
    assert (consent["stage"], consent["given_by"], consent["said"]) == ("given", "anonymous", "")
    acts = [row["about"] for row in asked.get("/v1/audit?command=AuthorizeCredential").json["audit"]]
    assert acts == ["credential once"]
    told = asked.get("/v1/credentials?needed_by=true").content + first.content + asked.stderr().encode()
    assert not any(secret.encode() in told for secret in (SECRET, code, state, oauth.access_tokens[-1]))


@pytest.mark.parametrize(
    ("bring", "said"),
    [
        (lambda state, code, cookie: (state, code, ""), b"in this browser"),
        (lambda state, code, cookie: (state, code, cookie.replace("=", "=x")), b"in this browser"),
        (lambda state, code, cookie: (f"x{state}", code, cookie), b"in this browser"),
        (lambda state, code, cookie: (f"{state}x", code, cookie), b"in this browser"),
        (lambda state, code, cookie: ("", code, cookie), b"in this browser"),
        (lambda state, code, cookie: (state, "", cookie), b"neither a code nor a refusal"),
        (lambda state, code, cookie: (state, "x" * 10_001, cookie), b"neither a code nor a refusal"),
    ],
)
def test_who_was_not_sent_so_changes_nothing(asked: Server, oauth: OAuthServer, bring: Any, said: bytes) -> None:
    if not any(one["name"] == "foreign" for one in asked.get("/v1/credentials").json["credentials"]):
        keep(asked, oauth, "foreign")
    left, tokens = leave(asked, "foreign"), len(oauth.asked)
    found = come_back(asked, *bring(*back_from(left.url), left.cookie))
    assert (found.status, said in found.content) == (409, True), found.content
    assert asked.get("/v1/credentials/foreign").json["consent"]["stage"] == "begun"
    assert len(oauth.asked) == tokens


def test_what_the_provider_says_stands_with_the_credential_in_its_own_words(asked: Server, oauth: OAuthServer) -> None:
    keep(asked, oauth, "refused")
    left = leave(asked, "refused")
    state = parse_qs(urlsplit(left.url).query)["state"][0]
    found = come_back(asked, state, "", left.cookie, error="access_denied", error_description=REFUSED)
    assert (found.status, b"The server has refused" in found.content, REFUSED.encode() in found.content) == (409, True, False)
    consent = asked.get("/v1/credentials/refused").json["consent"]
    assert (consent["stage"], consent["said"], consent["given_at"]) == ("refused", f"access_denied: {REFUSED}", None)


@pytest.mark.parametrize("page", ["http://refold.example/", "http://10.1.2.3:8080/", "https://refold.example/below/"])
def test_where_nobody_knows_by_which_address_people_come_it_is_not_begun(asked: Server, oauth: OAuthServer, page: str) -> None:
    if not any(one["name"] == "nowhere" for one in asked.get("/v1/credentials").json["credentials"]):
        keep(asked, oauth, "nowhere")
    refused = asked.post("/v1/credentials/nowhere/connect", {"page": page})
    assert (refused.status, refused.json["reason"]) == (409, "no_public_url")
    assert f"REFOLD_PUBLIC_URL={page.rstrip('/')}" in refused.json["detail"]
    assert f"register {page}oauth2/callback" in refused.json["detail"]
    assert asked.get("/v1/credentials/nowhere").json["consent"]["stage"] == "none"


@pytest.mark.parametrize(
    "page",
    [
        "",
        "javascript:alert(1)",
        "http://127.0.0.1/#x",
        "http://a@127.0.0.1/",
        "http://127.0.0.1/x",
        7,
        "http://127.0.0.1/\r\n/",
        "http://half]/",
        "http://[::1/",
        "http://[::1]x/",
    ],
)
def test_what_is_no_address_of_a_page_is_refused(asked: Server, page: Any) -> None:
    assert asked.post("/v1/credentials/any/connect", {"page": page}).status == 422


def test_kinds_say_which_values_are_to_be_seen_by_nobody(asked: Server) -> None:
    found = asked.get("/v1/credential-kinds").json
    kinds = {one["kind"]: {field["name"]: field for field in one["fields"]} for one in found["kinds"]}
    assert {name for name, field in kinds["oauth2"].items() if field["is_secret"]} == {"client_secret", "refresh_token"}
    assert (kinds["basic"]["username"]["is_secret"], kinds["basic"]["password"]["is_required"]) == (False, True)
    assert (kinds["oauth2"]["client_auth"]["choices"][0], kinds["values"], found["redirect_uri"]) == ("client_secret_basic", {}, None)


def test_behind_a_proxy_the_setting_says_where_people_come_back_to_also_after_the_server_was_killed(
    serve: Serve, oauth: OAuthServer, tmp_path: Path
) -> None:
    settings = {"allow_private_addresses": True, "public_url": "https://refold.example/below"}
    first = serve(engine=settings)
    keep(first, oauth, "crm")
    assert first.get("/v1/credential-kinds").json["redirect_uri"] == "https://refold.example/below/oauth2/callback"
    elsewhere = first.post("/v1/credentials/crm/connect", {"page": f"{first.url}/"})
    assert (elsewhere.status, elsewhere.json["reason"]) == (409, "another_address")
    assert "open https://refold.example/below/credentials, and begin there" in elsewhere.json["detail"]
    left = leave(first, "crm", "https://refold.example/below/")
    assert left.cookie.endswith("; Path=/below/oauth2/callback; HttpOnly; SameSite=Lax; Secure")
    state, code = back_from(left.url)
    first.kill()
    second = serve(engine=settings)
    assert come_back(second, state, code, left.cookie).status in (200, 303)
    assert second.get("/v1/credentials/crm").json["consent"]["stage"] == "given"
    assert second.get("/v1/credentials").json["credentials"][0]["last_use"] is None
