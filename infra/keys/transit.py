"""Values on their way to an owner elsewhere: sealed with a key that travels in the command, so that both are gone with the command.

    sender   value ─► sealed in `blobs` ─► @transit:NAME:BYTES:KEY in the command ─► `commands`
    owner    command ─► value, as it was given ─► sealed with the key of its execution

Who sends does not know the key of an execution that another process owns, nor whether it has one.
"""

from __future__ import annotations

import secrets
from typing import Final

from contracts.errors import KeyGone, LogCorrupt
from contracts.key import NO_KEY
from contracts.ports.blobs import SealedStore
from contracts.values import IN_TRANSIT
from infra.keys.cipher import KEY_BYTES, Cipher

_ABOUT: Final = b"transit"


class SealedTransit:
    """A `Transit` by way of where sealed contents lie. Several threads may use an instance, where they may use that."""

    def __init__(self, store: SealedStore) -> None:
        self._store = store

    def seal(self, content: bytes) -> bytes:
        """See Transit. Raises ImportError where `cryptography` is missing."""
        key = secrets.token_bytes(KEY_BYTES)
        cipher = Cipher(key)
        name = cipher.name("")
        self._store.put(NO_KEY, name, cipher.seal(content, _ABOUT))
        return b"%s%s:%d:%s" % (IN_TRANSIT, name.encode(), len(content), key.hex().encode())

    def opened(self, value: bytes) -> bytes:
        """See Transit."""
        name, _, key = value.removeprefix(IN_TRANSIT).decode().split(":")
        try:
            return Cipher(bytes.fromhex(key)).unseal(self._store.get(NO_KEY, name), _ABOUT)
        except (KeyError, KeyGone):
            raise LogCorrupt(f"a value on its way to its execution is lost: {name}") from None
