"""Credentials: how who needs a secret gets it by its name, and what it is then. Nobody writes one down, or shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, NoReturn, Protocol

from contracts.credentials import OWN_NAME, CredentialAct, CredentialRow, Rotated, UseRow
from contracts.errors import NoCredential


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Secret:
    """A credential as it counts now: its values by their names (`username`, `password`, `token` …).

    It neither prints nor pickles: what shows it shows `•••`.
    """

    values: Mapping[str, str]
    previous: Secret | None = None
    """The version before, as long as a rotation lets both count."""
    kind: str = ""
    version: int = 0

    def __repr__(self) -> str:
        return "Secret(•••)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written down")

    @property
    def valid(self) -> tuple[Secret, ...]:
        """All that count now, the newest first: who checks what others send takes either."""
        return (self,) if self.previous is None else (self, self.previous)


class Use(NamedTuple):
    """What a credential is used for: an attempt of a node, or what the engine does by itself (`purpose`)."""

    execution: str = ""
    path: str = ""
    attempt: int = 0
    workflow: str = ""
    purpose: str = ""


NO_USE = Use()


class Credentials(Protocol):
    """Where secrets come from, in an event loop."""

    async def resolve(self, name: str, use: Use = NO_USE) -> Secret:
        """The credential of that name. Raises NoCredential, LogError where they cannot be read just now."""


class CredentialsAtHand(Protocol):
    """The same for threads, which may wait."""

    def secret(self, name: str, use: Use = NO_USE) -> Secret:
        """See `Credentials.resolve`."""

    def open_values(self, sealed: Iterable[str], execution: str, use: Use) -> Mapping[str, str]:
        """The texts of sealed values (`contracts.sealed_value`), of those that were sealed for this execution.

        Raises NoCredential where none can be opened here, LogError.
        """


class NoCredentials:
    """Where no credentials are at hand. `why` is told who asks for one."""

    def __init__(self, why: str = "no credentials are kept here") -> None:
        self._why = why

    async def resolve(self, name: str, use: Use = NO_USE) -> Secret:
        """See Credentials."""
        return self.secret(name, use)

    def secret(self, name: str, use: Use = NO_USE) -> Secret:
        """See CredentialsAtHand."""
        raise NoCredential(name, self._why)

    def open_values(self, sealed: Iterable[str], execution: str, use: Use) -> Mapping[str, str]:
        """See CredentialsAtHand."""
        raise NoCredential(OWN_NAME, self._why)


class Consents(Protocol):
    """How people authorize credentials of kind `oauth2`: they are sent to its server, and come back. May wait for a server elsewhere."""

    def begin(self, name: str, redirect_uri: str, by: str, browser: str = "") -> str:
        """Where a person is to go, who then comes back to `redirect_uri`; with `browser` by that one alone. Who was sent before is not
        waited for any more. Raises Rejected where there is none of that name, NoCredential for one that nobody needs to authorize.
        """

    def finish(self, name: str, state: str, code: str, by: str, browser: str = "") -> CredentialRow:
        """Somebody has come back with a code, and tokens are got for it, once. Raises Rejected, NoConsent."""

    def refuse(self, name: str, state: str, said: str, by: str, browser: str = "") -> None:
        """Somebody has come back with a refusal, in the words of the server. Raises Rejected, NoConsent for one that nobody has sent."""


class CredentialKeeper(Protocol):
    """The credentials of the log, without their values. What it does may wait for a disk or a database: ask it in another thread."""

    def all(self) -> list[CredentialRow]:
        """All that there are, by name."""

    def get(self, name: str) -> CredentialRow:
        """One of them. Raises Rejected where there is none."""

    def acts(self) -> list[tuple[int, CredentialAct]]:
        """What was done to credentials, by whom and when: each with its number, the first one first."""

    def uses(self, name: str, limit: int) -> list[UseRow]:
        """Its last uses, the latest first, also of one that was deleted."""

    def create(
        self, name: str, kind: str, values: Mapping[str, str], by: str, summary: str = "", workflows: Sequence[str] = ()
    ) -> CredentialRow:
        """Keep a new one; the same once more is once. Raises Rejected for a name that is taken."""

    def rotate(self, name: str, values: Mapping[str, str], by: str, overlap_ms: int) -> CredentialRow:
        """Let it have these values; those before count beside them for so long."""

    def last_uses(self) -> Mapping[str, UseRow]:
        """By name who was given a credential last, as far back as uses are kept."""

    @property
    def consents(self) -> Consents:
        """Where people authorize them."""

    def rotate_master_key(self, by: str) -> Rotated:
        """Have another master key wrap all of them; again after it was broken off finishes it. Raises NoCredential where there is none."""

    def delete(self, name: str, by: str) -> None:
        """Keep it no more; once it was deleted, again is the same."""

    def keep_secret(self, text: str, about: str) -> str:
        """A secret as it may be stored elsewhere, `about` one thing alone: sealed, or as it is where no credentials can be kept.

        Raises NoCredential where there is a key that cannot be had, LogError.
        """

    def kept_secret(self, stored: str, about: str, use: Use) -> str:
        """The secret again. Raises NoCredential where it cannot be opened, LogError."""
