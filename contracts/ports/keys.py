"""Keys: one an execution, by number, kept apart from all else that is stored, so that one alone can be thrown away."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from contracts.errors import KeyGone, Rejected


class Keys(Protocol):
    """A store of keys. What is sealed twice in the same way comes out the same; what differs in anything never shares a nonce."""

    def take(self) -> int:
        """The number of a key that nobody has used, durable when the call returns. Raises LogFull, LogUnreachable; Rejected where keys
        cannot be had at all.
        """

    def begin_at(self, number: int, journal: str = "") -> None:
        """Those of a journal below this number were given, also where they are not here any more: none of them is given again.

        Raises KeysMissing where that journal's keys are kept elsewhere, LogUnreachable.
        """

    def seal(self, key: int, content: bytes, about: bytes) -> bytes:
        """The content, readable with this key alone, and bound to what it is about. Raises KeyGone."""

    def unseal(self, key: int, sealed: bytes, about: bytes) -> bytes:
        """What was sealed. Raises KeyGone where the key is not there, or is not the one that sealed it about this."""

    def name(self, key: int, text: str) -> str:
        """A name of 64 hex digits that tells nothing of the text without the key. Raises KeyGone."""

    def throw_away(self, keys: Iterable[int]) -> None:
        """From now on nobody has these keys, durable when the call returns. Twice is once. Raises LogError where that is not known."""


class NoKeys:
    """Where no keys are at hand: nothing can be sealed, and what is sealed stays so. `why` is told who asks for one."""

    def __init__(self, why: str = "this log keeps no keys") -> None:
        self._why = why

    def take(self) -> int:
        """See Keys."""
        raise Rejected("no_keys", f"payloads cannot be sealed: {self._why}")

    def begin_at(self, number: int, journal: str = "") -> None:
        """See Keys: none is given."""

    def seal(self, key: int, content: bytes, about: bytes) -> bytes:
        """See Keys."""
        raise KeyGone(f"key {key} is not there: {self._why}")

    def unseal(self, key: int, sealed: bytes, about: bytes) -> bytes:
        """See Keys."""
        raise KeyGone(f"key {key} is not there: {self._why}")

    def name(self, key: int, text: str) -> str:
        """See Keys."""
        raise KeyGone(f"key {key} is not there: {self._why}")

    def throw_away(self, keys: Iterable[int]) -> None:
        """See Keys: there is none."""
