"""A ring of keys: seals with those that a vault keeps, and makes new ones ahead, many in one go."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

from contracts.errors import KeyGone, Rejected
from infra.keys.cipher import KEY_BYTES, Cipher, check_can_seal

AHEAD: Final = 64
"""So many keys are made in one go, for one wait for the disk; those that are left at the end are never used."""
CIPHERS_MAX: Final = 10_000
"""So many are kept at hand."""


class Vault(Protocol):
    """Where keys are kept, by number."""

    def begin(self, journal: str, end: int) -> None:
        """The keys of a journal are wanted, of which those below `end` were given. Raises KeysMissing where this is not their place."""

    def add(self, keys: Sequence[bytes], at_least: int = 0) -> int:
        """Keep them, durable when the call returns: the number of the first, which is no lower than that; the others follow.

        Raises LogFull, LogUnreachable.
        """

    def get(self, number: int) -> bytes | None:
        """The key; None where it was thrown away, or never was."""

    def throw_away(self, numbers: Sequence[int]) -> None:
        """Overwrite them, durable when the call returns. Twice is once. Raises LogError."""


class KeyRing:
    """`Keys` that a vault keeps. One thread uses an instance at a time.

    Who throws keys away may keep those in memory that it uses; with `ciphers_max` 0 the vault is asked each time, as others do.
    """

    def __init__(self, vault: Vault, chance: Callable[[int], bytes] = secrets.token_bytes, ciphers_max: int = CIPHERS_MAX) -> None:
        self._vault, self._chance, self._ciphers_max = vault, chance, ciphers_max
        self._ahead: deque[int] = deque()
        self._begins_at = 0
        self._ciphers: dict[int, Cipher] = {}

    def take(self) -> int:
        """See Keys."""
        if not self._ahead:
            missing = check_can_seal()
            if missing:
                raise Rejected("no_keys", f"payloads cannot be sealed: {missing}")
            first = self._vault.add([self._chance(KEY_BYTES) for _ in range(AHEAD)], self._begins_at)
            self._ahead.extend(range(first, first + AHEAD))
        return self._ahead.popleft()

    def begin_at(self, number: int, journal: str = "") -> None:
        """See Keys."""
        self._vault.begin(journal, number)
        self._begins_at = number
        while self._ahead and self._ahead[0] < number:
            self._ahead.popleft()

    def seal(self, key: int, content: bytes, about: bytes) -> bytes:
        """See Keys."""
        return self._cipher(key).seal(content, about)

    def unseal(self, key: int, sealed: bytes, about: bytes) -> bytes:
        """See Keys."""
        return self._cipher(key).unseal(sealed, about)

    def name(self, key: int, text: str) -> str:
        """See Keys."""
        return self._cipher(key).name(text)

    def throw_away(self, keys: Iterable[int]) -> None:
        """See Keys."""
        numbers = sorted(set(keys))
        if numbers:
            self._vault.throw_away(numbers)
        for number in numbers:
            self._ciphers.pop(number, None)

    def _cipher(self, number: int) -> Cipher:
        found = self._ciphers.get(number)
        if found is None:
            key = self._vault.get(number)
            if key is None:
                raise KeyGone(f"key {number} was thrown away, or is not here")
            try:
                found = Cipher(key)
            except ImportError:
                raise KeyGone(f"key {number} cannot be used: {check_can_seal()}") from None
            if self._ciphers_max:
                if len(self._ciphers) >= self._ciphers_max:
                    del self._ciphers[next(iter(self._ciphers))]
                self._ciphers[number] = found
        return found


class MemoryVault:
    """Keys that live as long as the process."""

    def __init__(self) -> None:
        self._keys: dict[int, bytes] = {}
        self._end = 0

    def begin(self, journal: str, end: int) -> None:
        """See Vault: there is no other."""

    def add(self, keys: Sequence[bytes], at_least: int = 0) -> int:
        """See Vault."""
        first = max(self._end, at_least)
        self._end = first + len(keys)
        self._keys.update(enumerate(keys, start=first))
        return first

    def get(self, number: int) -> bytes | None:
        """See Vault."""
        return self._keys.get(number)

    def throw_away(self, numbers: Sequence[int]) -> None:
        """See Vault."""
        for number in numbers:
            self._keys.pop(number, None)
