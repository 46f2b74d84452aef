"""How a person authorizes a credential of kind `oauth2`: sent to its server with a state, come back with a code, which counts once.

    sent ─► `AuthorizationBegun` ─► back with a code ─► `CameBack`, which one alone can record ─► tokens are asked for ─► `TokenGiven`
                                 └► back with a refusal ─► `ConsentRefused` ◄────────────────────── the server refuses ──┘

All of it is in events: whichever process the person comes back to goes on, also after the one that sent him was killed. Killed after
`CameBack` it is over, and is begun again: a code that is shown twice makes some servers take back what they gave for it.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final, Protocol

from contracts.credentials import Consent, CredentialRow
from contracts.errors import NoConsent, NoCredential
from infra.credentials.aggregate import KeptCredential
from infra.credentials.token_keeper import Store, record, unsealed
from infra.credentials.tokens import Authorization, TokenEndpoint

if TYPE_CHECKING:
    from infra.keys.cipher import Cipher

AWAITED_MS: Final = 30 * 60_000
"""So long a person may take."""
SAID_LENGTH_MAX: Final = 300
_AGAIN: Final = "; begin again"


class Keeper(Store, Protocol):
    """What it needs of the store."""

    def get(self, name: str) -> CredentialRow:
        """A credential. Raises Rejected where there is none."""


class Consents:
    """See `contracts.ports.credentials.Consents`. May be used from any thread."""

    def __init__(self, store: Keeper, endpoint: TokenEndpoint) -> None:
        self._store, self._endpoint = store, endpoint

    def begin(self, name: str, redirect_uri: str, by: str, browser: str = "") -> str:
        """See the port."""
        self._store.get(name)
        _, values, _ = self._store.opened(name)
        if not values.get("authorize_url"):
            raise NoCredential(name, "it has no `authorize_url`: nobody needs to authorize it")
        url, begun = self._endpoint.authorization(name, values, redirect_uri, browser)
        record(self._store, name, KeptCredential.AuthorizationBegun, by, begun)
        return url

    def finish(self, name: str, state: str, code: str, by: str, browser: str = "") -> CredentialRow:
        """See the port."""
        self._store.get(name)
        while True:
            kept, values, cipher = self._store.opened(name)
            begun = _awaited(kept, cipher, state, browser, self._store.now())
            if self._store.record(KeptCredential.CameBack, kept, by):
                break
        try:
            tokens = self._endpoint.by_code(name, values, code, begun)
        except NoCredential as error:
            record(self._store, name, KeptCredential.ConsentRefused, by, said=_plain(str(error)))
            raise NoConsent(name, "away" if error.retryable else "refused", error.why) from None
        record(self._store, name, KeptCredential.TokenGiven, by, tokens)
        return self._store.get(name)

    def refuse(self, name: str, state: str, said: str, by: str, browser: str = "") -> None:
        """See the port."""
        self._store.get(name)
        while True:
            kept, _, cipher = self._store.opened(name)
            _awaited(kept, cipher, state, browser, self._store.now())
            if self._store.record(KeptCredential.ConsentRefused, kept, by, said=_plain(said)):
                return

    @staticmethod
    def at(kept: KeptCredential, now: int) -> Consent:
        """How far it is by now."""
        is_over = kept.consent.stage == "begun" and now > kept.consent.at + AWAITED_MS
        return kept.consent._replace(stage="expired") if is_over else kept.consent


def _awaited(kept: KeptCredential, cipher: Cipher, state: str, browser: str, now: int) -> Authorization:
    """What was begun, and is come back to. Raises NoConsent."""
    name, consent = kept.name, Consents.at(kept, now)
    begun = unsealed(kept.authorization, name, cipher, Authorization)
    if begun is not None and _is_same(begun, state, browser):
        if consent.stage == "expired":
            raise NoConsent(name, "expired", f"it was begun more than {AWAITED_MS // 60_000} minutes ago{_AGAIN}")
        return begun
    before = unsealed(kept.came_back, name, cipher, Authorization)
    if before is not None and _is_same(before, state, browser):
        if consent.stage == "given":
            raise NoConsent(name, "again", f"this authorization was finished already, by {consent.by}: there is nothing left to do")
        raise NoConsent(name, "broken_off", f"somebody came back from this authorization already, and it was not finished{_AGAIN}")
    raise NoConsent(name, "foreign", f"nobody has begun this authorization here, or it was begun anew since{_AGAIN}")


def _is_same(begun: Authorization, state: str, browser: str) -> bool:
    is_state = secrets.compare_digest(begun.state.encode(), state.encode(errors="replace"))
    return is_state and secrets.compare_digest(begun.browser.encode(), browser.encode(errors="replace") if begun.browser else b"")


def _plain(said: str) -> str:
    """What a server says, as it may be stored and shown: of one line, and not long."""
    return "".join(sign if sign.isprintable() else " " for sign in said)[:SAID_LENGTH_MAX].strip()
