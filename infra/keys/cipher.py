"""Sealing with one key: AES-256-GCM, under nonces that follow from what is sealed.

A nonce that is used twice under one key gives away what was sealed. Chance does not guard against that where a decision is
made again after a failed append, nor does a counter that may be set back. So the nonce is a keyed digest (BLAKE2b, 96 bits) of
the content and what it is about: the same twice gives the same bytes, and whatever differs in anything has another nonce.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from contracts.errors import KeyGone
from refold.extras import how_to_install

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
_LENGTH_BYTES: Final = 8


class Cipher:
    """One key at work. Raises ImportError where `cryptography` is missing."""

    def __init__(self, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        assert len(key) == KEY_BYTES, f"a key has {KEY_BYTES} bytes, not {len(key)}"
        self._aead = AESGCM(_derived(key, b"refold seal"))
        self._nonce_key, self._name_key = _derived(key, b"refold nonce"), _derived(key, b"refold name")

    def seal(self, content: bytes, about: bytes) -> bytes:
        """The content sealed, with its nonce before it."""
        hasher = blake2b(len(about).to_bytes(_LENGTH_BYTES, "big"), digest_size=NONCE_BYTES, key=self._nonce_key)
        hasher.update(about)
        hasher.update(content)
        nonce = hasher.digest()
        return nonce + self._aead.encrypt(nonce, content, about)

    def unseal(self, sealed: bytes, about: bytes) -> bytes:
        """What was sealed. Raises KeyGone where this is not the key, or it was sealed about something else."""
        from cryptography.exceptions import InvalidTag

        try:
            return self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about)
        except (InvalidTag, ValueError):
            raise KeyGone("this is not the key that it was sealed with") from None

    def name(self, text: str) -> str:
        """A name of 64 hex digits for a text."""
        return blake2b(text.encode(), digest_size=32, key=self._name_key).hexdigest()


def check_can_seal() -> str:
    """What is missing to seal anything; empty where nothing is."""
    try:
        import cryptography.hazmat.primitives.ciphers.aead  # noqa: F401  # whether it is there
    except ImportError:
        return f"the library `cryptography` is missing: {how_to_install('erase')}"
    return ""


def _derived(key: bytes, purpose: bytes) -> bytes:
    return blake2b(digest_size=KEY_BYTES, key=key, person=purpose).digest()
