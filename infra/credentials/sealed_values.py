"""Sealing the texts that a schema marks as secret: with the data key of a credential of the engine's own, bound to an execution.

What is sealed for an execution can be opened for it, its children, and theirs, and for no other: a copy of it that somebody puts into
an input of another one stays sealed. The same text of the same execution comes out the same, so that a start that comes twice is one.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import msgspec

from contracts.credentials import OWN_NAME
from contracts.errors import KeyGone, LogError, NoCredential, Rejected
from contracts.ports.credentials import Use
from contracts.sealed_value import MARK, SEALED, has_sealed
from infra.keys.cipher import Cipher

if TYPE_CHECKING:
    from infra.credentials.store import CredentialStore

PADDED_TO: Final = 32
"""A text is sealed with blanks up to a multiple of so many bytes: its length tells little of it."""
_VALUES: Final = {"for": "values that a schema marks as secret"}
_SUMMARY: Final = "seals the values that input schemas mark as secret; kept by Refold itself"


class SealedValues:
    """May be used from any thread; `seal` waits for nothing once it was loaded, all else may wait for a disk or a database."""

    def __init__(self, store: CredentialStore) -> None:
        self._store, self._lock = store, threading.Lock()
        self._cipher: Cipher | None = None
        self.why_not = ""
        """Why the key could not be had when that was last tried in a thread of its own."""

    @property
    def is_ready(self) -> bool:
        """Whether the key is at hand. It never changes: another master key wraps the same."""
        return self._cipher is not None

    def load(self) -> None:
        """Have the key at hand; the first time ever it is made. Raises NoCredential, LogError, Rejected."""
        with self._lock:
            if self._cipher is None:
                if not self._is_made():
                    self._store.keep(OWN_NAME, "values", _VALUES, "engine", _SUMMARY)
                self._cipher = self._opened()

    def load_beside(self) -> None:
        """The same in a thread of its own, for who must not wait and comes again."""
        if not self._lock.locked():
            threading.Thread(target=self._try_to_load, name="refold-sealed-values", daemon=True).start()

    def _try_to_load(self) -> None:
        try:
            self.load()
        except (Rejected, LogError) as error:
            self.why_not = str(error)

    def seal(self, text: str, execution: str) -> str:
        """The text, to be opened for this execution and those below it alone. Raises what `load` does."""
        self.load()
        assert self._cipher is not None
        content = msgspec.json.encode(text)
        sealed = self._cipher.seal(content.ljust(-(-len(content) // PADDED_TO) * PADDED_TO), _about(execution))
        return f"{MARK}{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}~"

    def opened(self, sealed: Iterable[str], execution: str, use: Use) -> dict[str, str]:
        """The texts of those that were sealed for this execution; the use is written down first. Raises NoCredential, LogError."""
        cipher = self._cipher or self._opened()
        self._store.note_use(OWN_NAME, use)
        found: dict[str, str] = {}
        for one in sealed:
            code = SEALED.fullmatch(one)
            assert code is not None, "what is no sealed value was to be opened"
            try:
                content = base64.urlsafe_b64decode(code[1] + "=" * (-len(code[1]) % 4))
                found[one] = msgspec.json.decode(cipher.unseal(content, _about(execution)), type=str)
            except (KeyGone, ValueError):
                continue
        return found

    def kept(self, text: str, about: str) -> str:
        """See CredentialKeeper.keep_secret."""
        try:
            return self.seal(text, about)
        except Rejected:
            if self._is_made():
                raise
            return text

    def text_of(self, stored: str, about: str, use: Use) -> str:
        """See CredentialKeeper.kept_secret."""
        if not has_sealed(stored.encode()):
            return stored
        found = self.opened((stored,), about, use)
        if stored not in found:
            raise NoCredential(OWN_NAME, f"what was sealed for {about} cannot be opened with it")
        return found[stored]

    def _is_made(self) -> bool:
        try:
            return any(one.name == OWN_NAME for one in self._store.all())
        except Rejected:  # none can be kept
            return False

    def _opened(self) -> Cipher:
        return self._store.opened(OWN_NAME)[2]


def _about(execution: str) -> bytes:
    return b"refold value\0" + execution.encode("utf-8", "surrogatepass")
