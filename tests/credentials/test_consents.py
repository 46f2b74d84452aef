"""How a person authorizes a credential: a state and a code count once, in one browser, in time; what happens meanwhile changes nothing."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest

from contracts.errors import NoConsent, Rejected
from infra.clock import ManualClock
from infra.credentials.aggregate import KeptCredential
from infra.credentials.consents import AWAITED_MS
from infra.credentials.master_keys import KeyFile
from infra.credentials.recorder import Place
from infra.credentials.store import CredentialStore
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
def opens(place: Place, tmp_path: Path, clock: ManualClock, oauth: OAuthServer) -> Iterator[Opens]:
    """The store as another process opens it; it has a credential that a person is to authorize."""
    made: list[CredentialStore] = []

    def open_() -> CredentialStore:
        made.append(CredentialStore(place, KeyFile(tmp_path / "master.key"), clock, is_allowed=is_any))
        return made[-1]

    values = {"token_url": f"{oauth.url}/token", "authorize_url": f"{oauth.url}/authorize", "client_id": CLIENT, "client_secret": SECRET}
    open_().create("crm", "oauth2", values, "ann")
    yield open_
    for store in made:
        store.close()


class _Stays(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def back_from(url: str) -> tuple[str, str]:
    """State and code that a person who agrees is sent back with."""
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.build_opener(_Stays).open(url)
    found = parse_qs(urlsplit(caught.value.headers["location"]).query)
    return found["state"][0], found["code"][0]


def sent(store: CredentialStore, browser: str = "") -> tuple[str, str]:
    return back_from(store.consents.begin("crm", "http://127.0.0.1:9/oauth2/callback", "ann", browser))


def refused(store: CredentialStore, state: str, code: str, browser: str = "") -> str:
    with pytest.raises(NoConsent) as caught:
        store.consents.finish("crm", state, code, "ann", browser)
    return caught.value.outcome


def stage(store: CredentialStore) -> str:
    found = store.get("crm").consent
    assert found is not None
    return found.stage


def test_the_state_tells_which_credential_it_is_of_and_nothing_that_can_be_guessed(opens: Opens) -> None:
    (first, _), (second, _) = sent(opens()), sent(opens())
    assert (first.endswith(".crm"), first == second, len(first) > 60) == (True, False, True)


def test_another_process_finishes_what_one_has_begun_that_was_killed(opens: Opens, oauth: OAuthServer) -> None:
    state, code = sent(opens(), "in this browser")
    row = opens().consents.finish("crm", state, code, "ben", "in this browser")
    assert row.consent is not None
    assert (row.consent.stage, row.consent.given_by, len(oauth.asked)) == ("given", "ben", 1)
    assert refused(opens(), state, code, "in this browser") == "again"
    assert len(oauth.asked) == 1, "the code is shown once, however often somebody comes back with it"


def test_another_browser_cannot_finish_it_and_takes_nothing_away(opens: Opens, oauth: OAuthServer) -> None:
    state, code = sent(opens(), "in this browser")
    assert [refused(opens(), state, code, other) for other in ("", "in another", "\ud800")] == ["foreign"] * 3
    with pytest.raises(NoConsent):
        opens().consents.refuse("crm", state, "no", "mallory", "in another")
    assert (stage(opens()), oauth.asked) == ("begun", [])
    opens().consents.finish("crm", state, code, "ann", "in this browser")


def test_of_two_who_come_back_at_once_one_shows_the_code(opens: Opens, oauth: OAuthServer) -> None:
    state, code = sent(opens())
    oauth.may_answer.clear()
    first = Thread(target=opens().consents.finish, args=("crm", state, code, "ann"))
    first.start()
    while not oauth.asked:
        pass  # it is on its way
    assert (refused(opens(), state, code), stage(opens())) == ("broken_off", "came_back")
    oauth.may_answer.set()
    first.join()
    assert (stage(opens()), len(oauth.asked)) == ("given", 1)


def test_who_is_killed_while_tokens_are_asked_for_leaves_nothing_half_and_it_is_begun_again(opens: Opens) -> None:
    store = opens()
    state, code = sent(store)
    kept, _, _ = store.opened("crm")
    assert store.record(KeptCredential.CameBack, kept, "ann")
    assert (refused(opens(), state, code), stage(opens())) == ("broken_off", "came_back")
    opens().consents.finish("crm", *sent(opens()), "ann")
    assert stage(opens()) == "given"


def test_what_takes_too_long_is_not_waited_for_and_says_so(opens: Opens, oauth: OAuthServer, clock: ManualClock) -> None:
    state, code = sent(opens())
    clock.advance(AWAITED_MS)
    assert stage(opens()) == "begun"
    clock.advance(1)
    assert (stage(opens()), refused(opens(), state, code), oauth.asked) == ("expired", "expired", [])


def test_a_refusal_is_kept_in_the_words_of_the_server(opens: Opens, oauth: OAuthServer) -> None:
    state, code = sent(opens())
    opens().consents.refuse("crm", state, "access_denied: no\n<b>and</b> " + "long " * 100, "ann")
    found = opens().get("crm").consent
    assert found is not None
    assert (found.stage, found.said.startswith("access_denied: no <b>and</b> long"), len(found.said) <= 300) == ("refused", True, True)
    assert refused(opens(), state, code) == "broken_off"
    oauth.answer = 400, b'{"error": "invalid_grant", "error_description": "that code is old"}'
    assert refused(opens(), *sent(opens())) == "refused"
    found = opens().get("crm").consent
    assert found is not None
    assert "its token endpoint has refused: invalid_grant: that code is old" in found.said
    oauth.answer = 503, b"<html>away</html>"
    assert refused(opens(), *sent(opens())) == "away"


def test_a_token_that_is_replaced_meanwhile_ends_no_authorization(opens: Opens, oauth: OAuthServer, clock: ManualClock) -> None:
    opens().consents.finish("crm", *sent(opens()), "ann")
    state, code = sent(opens())
    clock.advance(3_600_000 - AWAITED_MS)
    clock.advance(AWAITED_MS - 60_000)
    opens().secret("crm")
    assert [form["grant_type"] for form in oauth.asked] == ["authorization_code", "refresh_token"]
    assert refused(opens(), state, code) == "expired", "it was begun long ago, and is still known"


def test_what_a_credential_was_before_it_was_deleted_is_nobodys_authorization(opens: Opens, oauth: OAuthServer) -> None:
    state, code = sent(opens())
    opens().delete("crm", "ann")
    with pytest.raises(Rejected, match="there is no credential crm"):
        opens().consents.finish("crm", state, code, "ann")
    values = {"token_url": f"{oauth.url}/token", "client_id": CLIENT, "client_secret": SECRET}
    opens().create("crm", "oauth2", values, "ann")
    assert (refused(opens(), state, code), opens().get("crm").consent) == ("foreign", None)


def test_the_last_use_of_each_is_known_from_wherever_it_was_recorded(opens: Opens, clock: ManualClock) -> None:
    first, second = opens(), opens()
    first.create("hook", "signing", {"secret": "a secret"}, "ann")
    assert first.last_uses() == {}
    for _ in range(3):
        clock.advance(1_000)
        second.secret("hook")
    assert {name: one.at for name, one in first.last_uses().items()} == {"hook": clock.now()}
    assert first.last_uses() == opens().last_uses()
