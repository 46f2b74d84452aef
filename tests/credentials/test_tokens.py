"""Credentials of kind `oauth2`, against a real OAuth 2.0 server: tokens are asked for once for all who need them, ahead of their end."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contracts.errors import NoCredential
from contracts.ports.credentials import Secret
from infra.clock import ManualClock
from infra.credentials.aggregate import KeptCredential
from infra.credentials.master_keys import KeyFile
from infra.credentials.recorder import Place, in_file
from infra.credentials.store import CredentialStore
from refold.cli.commands.authorize import came_back_with
from refold.cli.commands.output import BadInput
from tests.cli.conftest import CommandLine, refold, wait_for_line  # noqa: F401  # a fixture
from tests.credentials.oauth_server import CLIENT, SECRET, OAuthServer
from workers.running.egress.addresses import is_any

Opens = Callable[[], CredentialStore]


@pytest.fixture
def oauth() -> Iterator[OAuthServer]:
    made = OAuthServer()
    yield made
    made.may_answer.set()
    made.close()


@pytest.fixture
def opens(place: Place, tmp_path: Path, clock: ManualClock) -> Iterator[Opens]:
    """The same store once more, which may reach loopback."""
    made: list[CredentialStore] = []

    def open_() -> CredentialStore:
        made.append(CredentialStore(place, KeyFile(tmp_path / "master.key"), clock, is_allowed=is_any))
        return made[-1]

    yield open_
    for store in made:
        store.close()


@pytest.fixture
def store(opens: Opens) -> CredentialStore:
    return opens()


def client(oauth: OAuthServer, **more: str) -> dict[str, str]:
    return {"token_url": f"{oauth.url}/token", "client_id": CLIENT, "client_secret": SECRET, **more}


def at_once(stores: list[CredentialStore]) -> list[str]:
    """The token that each of them gives, each in a thread of its own."""
    got: list[str] = []

    def use(store: CredentialStore) -> None:
        got.append(store.secret("crm").values["token"])

    threads = [threading.Thread(target=use, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def test_of_many_workers_in_many_processes_one_asks_for_the_token(opens: Opens, oauth: OAuthServer) -> None:
    opens().create("crm", "oauth2", client(oauth, scope="read write"), "ann")
    got = at_once([opens() for _ in range(3)] * 3)
    assert (len(got), set(got), len(oauth.asked)) == (9, set(oauth.access_tokens), 1)
    assert oauth.asked[0] == {"grant_type": "client_credentials", "scope": "read write"}


def test_a_token_is_replaced_ahead_of_its_end_once_for_all_and_nobody_waits(opens: Opens, oauth: OAuthServer, clock: ManualClock) -> None:
    stores = [opens() for _ in range(3)]
    stores[0].create("crm", "oauth2", client(oauth), "ann")
    first = stores[0].secret("crm").values["token"]
    clock.advance(3_600_000 - 60_001)
    assert stores[1].secret("crm").values["token"] == first
    clock.advance(2)
    oauth.may_answer.clear()
    asking = threading.Thread(target=stores[0].secret, args=("crm",))
    asking.start()
    while len(oauth.asked) < 2:
        pass  # the request is on its way
    assert {one.secret("crm").values["token"] for one in stores} == {first}, "who does not ask goes on with what there is"
    oauth.may_answer.set()
    asking.join()
    assert {one.secret("crm").values["token"] for one in stores} == {oauth.access_tokens[1]}
    assert len(oauth.asked) == 2


def test_a_token_that_lasts_shorter_is_replaced_in_its_last_third(store: CredentialStore, oauth: OAuthServer, clock: ManualClock) -> None:
    oauth.lasts = 30
    store.create("crm", "oauth2", client(oauth), "ann")
    store.secret("crm")
    clock.advance(19_999)
    store.secret("crm")
    assert len(oauth.asked) == 1
    clock.advance(1)
    store.secret("crm")
    assert len(oauth.asked) == 2


def test_who_asks_and_dies_is_waited_for_no_longer_than_his_lease(opens: Opens, oauth: OAuthServer, clock: ManualClock) -> None:
    store = opens()
    store.create("crm", "oauth2", client(oauth), "ann")
    kept, _, _ = store.opened("crm")
    assert store.record(KeptCredential.TokenAsked, kept, "", until=clock.now() + 30_000)
    got: list[Secret] = []
    waiting = threading.Thread(target=lambda: got.append(opens().secret("crm")))
    waiting.start()
    assert (got, oauth.asked) == ([], [])
    clock.advance(30_000)
    waiting.join()
    assert got[0].values["token"] == oauth.access_tokens[0]


def test_a_server_that_is_away_costs_nothing_as_long_as_the_token_lasts(
    store: CredentialStore, oauth: OAuthServer, clock: ManualClock
) -> None:
    store.create("crm", "oauth2", client(oauth), "ann")
    first = store.secret("crm").values["token"]
    oauth.answer = 503, b"<html>away</html>"
    clock.advance(3_600_000 - 1)
    assert store.secret("crm").values["token"] == first
    clock.advance(1)
    with pytest.raises(NoCredential, match="its token endpoint answered 503, and no token") as caught:
        store.secret("crm")
    assert caught.value.retryable
    oauth.answer = None
    assert store.secret("crm").values["token"] == oauth.access_tokens[1]


@pytest.mark.parametrize(
    ("answer", "said", "retryable"),
    [
        ((200, b"<html>"), "answered 200, and no token", False),
        ((200, b'{"token": "x"}'), "without an `access_token`", True),
        ((200, b'{"access_token": 7}'), "without an `access_token`", True),
        ((200, b"[" * 100_000), "answered 200, and no token", False),
        ((200, b'"' + b"x" * 300_000 + b'"'), "could not be asked: the response is larger", True),
        ((400, b'{"error": "unauthorized_client", "error_description": "no"}'), "has refused: unauthorized_client: no", False),
        ((429, b"slow down"), "answered 429, and no token", False),
    ],
)
def test_what_is_no_token_is_told(
    store: CredentialStore, oauth: OAuthServer, answer: tuple[int, bytes], said: str, retryable: bool
) -> None:
    store.create("crm", "oauth2", client(oauth), "ann")
    oauth.answer = answer
    with pytest.raises(NoCredential, match=said) as caught:
        store.secret("crm")
    assert caught.value.retryable == retryable
    oauth.answer = None
    assert store.secret("crm").values["token"] == oauth.access_tokens[0]


@pytest.mark.parametrize("lasts", ["soon", None, "1e400", -1, 2**70, [3600]])
def test_an_odd_lifetime_is_taken_as_a_bounded_one(store: CredentialStore, oauth: OAuthServer, lasts: object) -> None:
    oauth.lasts = lasts
    store.create("crm", "oauth2", client(oauth), "ann")
    assert store.secret("crm").values["token"] == oauth.access_tokens[0]


def authorized(store: CredentialStore, oauth: OAuthServer) -> tuple[str, str]:
    """Somebody was sent to the server, and comes back with state and code."""
    url = store.consents.begin("crm", "http://127.0.0.1:9/back", "ann")

    class NoRedirect(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.build_opener(NoRedirect).open(url)
    return came_back_with(caught.value.headers["location"])


def test_a_person_authorizes_it_and_refresh_tokens_are_replaced(opens: Opens, oauth: OAuthServer, clock: ManualClock) -> None:
    store = opens()
    store.create("crm", "oauth2", client(oauth, authorize_url=f"{oauth.url}/authorize", scope="all"), "ann")
    with pytest.raises(NoCredential, match="nobody has authorized it yet: `refold credentials authorize crm`"):
        store.secret("crm")
    state, code = authorized(store, oauth)
    opens().consents.finish("crm", state, code, "ann")
    for _ in range(3):
        assert opens().secret("crm").values["token"] == oauth.access_tokens[-1]
        clock.advance(3_600_000)
    assert [form["grant_type"] for form in oauth.asked] == ["authorization_code", "refresh_token", "refresh_token"]
    oauth.refresh_tokens.clear()
    with pytest.raises(NoCredential, match=r"has refused: invalid_grant: .*; authorize it again") as caught:
        store.secret("crm")
    assert (SECRET in str(caught.value), "r3fresh" in str(caught.value)) == (False, False)
    store.consents.finish("crm", *authorized(store, oauth), "ann")
    assert store.secret("crm").values["token"] == oauth.access_tokens[-1]


def test_who_was_not_sent_or_comes_twice_gets_nothing(store: CredentialStore, oauth: OAuthServer) -> None:
    store.create("crm", "oauth2", client(oauth, authorize_url=f"{oauth.url}/authorize"), "ann")
    with pytest.raises(NoCredential, match="nobody has begun this authorization"):
        store.consents.finish("crm", "some state", "some code", "mallory")
    before = authorized(store, oauth)
    state, code = authorized(store, oauth)
    with pytest.raises(NoCredential, match="or it was begun anew since"):
        store.consents.finish("crm", *before, "ann")
    store.consents.finish("crm", state, code, "ann")
    with pytest.raises(NoCredential, match="this authorization was finished already, by ann: there is nothing left to do"):
        store.consents.finish("crm", state, code, "ann")
    assert len(oauth.access_tokens) == 1


@pytest.mark.parametrize(
    "address", ["", "http://x/", "http://x/?code=1", "http://x/?error=access_denied&error_description=no", "\ud800?state=1"]
)
def test_an_address_that_brings_no_code_is_refused(address: str) -> None:
    with pytest.raises(BadInput):
        came_back_with(address)


def test_tokens_are_stored_sealed(refold: CommandLine, oauth: OAuthServer, clock: ManualClock) -> None:  # noqa: F811
    refold.file("client.json", json.dumps(client(oauth)))
    refold("credentials", "create", "crm", "--kind", "oauth2", "--file", "client.json")
    store = CredentialStore(in_file(refold.data / "credentials.db"), KeyFile(refold.data / "master.key"), clock, is_allowed=is_any)
    token = store.secret("crm").values["token"]
    left = b"".join(file.read_bytes() for file in refold.data.iterdir())
    assert (token.encode() in left, SECRET.encode() in left) == (False, False)
    store.close()


def test_the_command_line_takes_what_the_browser_comes_back_with(refold: CommandLine, oauth: OAuthServer) -> None:  # noqa: F811
    refold.file("client.json", json.dumps(client(oauth, authorize_url=f"{oauth.url}/authorize")))
    refold("credentials", "create", "crm", "--kind", "oauth2", "--file", "client.json")
    refold.file("refold.toml", "allow_private_addresses = true\n")
    process = refold.start("credentials", "authorize", "crm")
    url = wait_for_line(process, "go to http").removeprefix("go to ").strip()
    with urllib.request.urlopen(url) as page:
        assert b"you can close this page" in page.read()
    out, err = process.communicate(timeout=60)
    assert (process.returncode, "credential crm is authorized" in out) == (0, True), err
    assert [form["grant_type"] for form in oauth.asked] == ["authorization_code"]
