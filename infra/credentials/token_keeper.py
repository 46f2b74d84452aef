"""Access tokens of credentials of kind `oauth2`: kept sealed like all else, and asked for ahead of their end, by one for all.

    a worker needs one ─► there is one for long enough ─────────────────────────────────────────► it is used
                        └► it ends soon: `TokenAsked`, which one alone can record, of all processes ─► asked for ─► `TokenGiven`
                             └► all others use the one before until it ends, and then wait for who asks

Who asks and is killed is waited for as long as `LEASE_MS`; then somebody else asks.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import msgspec

from contracts.errors import NoCredential
from contracts.ports.credentials import Secret
from infra.credentials.aggregate import KeptCredential
from infra.credentials.tokens import Authorization, TokenEndpoint, Tokens

if TYPE_CHECKING:
    from infra.keys.cipher import Cipher

AHEAD_MS: Final = 60_000
"""So long before its end a token is replaced, or for the last third of its time if that is shorter."""
LEASE_MS: Final = 30_000
WAIT_S: Final = 40.0
LOOK_EVERY_S: Final = 0.1
WRITES_MAX: Final = 10

T = TypeVar("T")
_log: Final = logging.getLogger("refold.credentials")


class Store(Protocol):
    """What it needs of the store. Each of them looks at what is recorded by now."""

    def opened(self, name: str) -> tuple[KeptCredential, Mapping[str, str], Cipher]:
        """A credential, its newest values, and what opens what is sealed with its data key. Raises NoCredential, LogError."""

    def record(self, event_class: type[Any], kept: KeptCredential, by: str, **fields: Any) -> bool:
        """Record an event; False where somebody else was quicker. Raises LogError."""

    def now(self) -> int:
        """Milliseconds since 1970."""


class TokenKeeper:
    """May be used from any thread; it may wait for a server elsewhere."""

    def __init__(self, store: Store, endpoint: TokenEndpoint) -> None:
        self._store, self.endpoint = store, endpoint
        self._gates: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def secret(self, name: str) -> Secret:
        """The access token that counts. Raises NoCredential, LogError."""
        kept, _, cipher = self._store.opened(name)
        tokens, now = _tokens(kept, cipher), self._store.now()
        if tokens is not None and now < tokens.until - _ahead(tokens):
            return _secret(tokens)
        gate = self._gate(name)
        is_in_use = tokens is not None and now < tokens.until
        if not gate.acquire(blocking=not is_in_use):
            assert tokens is not None
            return _secret(tokens)
        try:
            return _secret(self._fresh(name))
        finally:
            gate.release()

    def _gate(self, name: str) -> threading.Lock:
        with self._lock:
            return self._gates.setdefault(name, threading.Lock())

    def _fresh(self, name: str) -> Tokens:
        """Of all processes one asks; the others go on with what there is, or wait."""
        ends_at = time.monotonic() + WAIT_S
        while True:
            kept, values, cipher = self._store.opened(name)
            tokens, now = _tokens(kept, cipher), self._store.now()
            if tokens is not None and now < tokens.until - _ahead(tokens):
                return tokens
            if kept.asked_until <= now:
                if self._store.record(KeptCredential.TokenAsked, kept, "", until=now + LEASE_MS):
                    return self._ask(name, values, tokens)
            elif tokens is not None and now < tokens.until:
                return tokens
            elif time.monotonic() > ends_at:
                raise NoCredential(name, "another process asks for its token, and has got none yet", retryable=True)
            else:
                time.sleep(LOOK_EVERY_S)

    def _ask(self, name: str, values: Mapping[str, str], before: Tokens | None) -> Tokens:
        try:
            found = self.endpoint.fresh(name, values, before)
        except NoCredential as error:
            record(self._store, name, KeptCredential.TokenRefused, "")
            if before is None or self._store.now() >= before.until:
                raise
            _log.warning("%s; the token before is used until it ends", error)
            return before
        record(self._store, name, KeptCredential.TokenGiven, "", found)
        return found


def record(store: Store, name: str, event_class: type[Any], by: str, content: Tokens | Authorization | None = None, **more: Any) -> None:
    """Record an event, whoever else writes at the same time; what it has is sealed. Raises NoCredential, LogError."""
    for _ in range(WRITES_MAX):
        kept, _values, cipher = store.opened(name)
        sealed = {} if content is None else {"sealed": cipher.seal(msgspec.json.encode(content), _about(name, type(content))).hex()}
        if store.record(event_class, kept, by, **sealed, **more):
            return
    raise NoCredential(name, "others write it all the time", retryable=True)


def _tokens(kept: KeptCredential, cipher: Cipher) -> Tokens | None:
    return unsealed(kept.tokens, kept.name, cipher, Tokens)


def unsealed(sealed: str, name: str, cipher: Cipher, shape: type[T]) -> T | None:
    """What was sealed of a credential; None where nothing was."""
    if not sealed:
        return None
    return msgspec.json.decode(cipher.unseal(bytes.fromhex(sealed), _about(name, shape)), type=shape)


def _about(name: str, shape: type[Any]) -> bytes:
    return f"refold {shape.__name__.lower()}\0{name}".encode()


def _ahead(tokens: Tokens) -> int:
    return min(AHEAD_MS, (tokens.until - tokens.given_at) // 3)


def _secret(tokens: Tokens) -> Secret:
    return Secret({"token": tokens.access}, kind="oauth2")
