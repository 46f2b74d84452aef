"""What is kept in memory of an execution that has ended."""

from __future__ import annotations

from typing import Final

import msgspec

from contracts.journal import DIGEST_BYTES, Closing
from contracts.key import NO_KEY
from projections.trail import unpack_offsets

VERSION_BYTES: Final = 8
encode_closing: Final = msgspec.msgpack.Encoder().encode
_closings: Final = msgspec.msgpack.Decoder(Closing)


class EndedExecution(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is known of an execution that has ended: its status, the fingerprint of its start, where its last decision lies.

    Of one that is not kept for ever also from when on it is to be removed (milliseconds since 1970), and where its decisions lie
    (`pack_offsets`); that is empty where they are too many to be noted.

    `key` is the number of the key that it was sealed with; of one that was erased there is none, and no fingerprint.
    `last` is what its last decision says, where one cannot just look into the journal for it: digest, version (8 bytes) and, of one
    that is sealed, how it has ended (`noted`).
    """

    status: str
    request: bytes
    offset: int
    expires: int = 0
    trail: bytes = b""
    key: int = NO_KEY
    is_erased: bool = False
    last: bytes = b""

    @property
    def offsets(self) -> list[int]:
        """Where its decisions lie, as far as that was noted."""
        return list(unpack_offsets(0, self.trail))

    def noted(self) -> tuple[bytes, int, Closing | None] | None:
        """Digest and version of the last decision and, of one that is sealed, how it has ended; None where that was not noted."""
        if not self.last:
            return None
        version, closing = self.last[DIGEST_BYTES:][:VERSION_BYTES], self.last[DIGEST_BYTES + VERSION_BYTES :]
        return self.last[:DIGEST_BYTES], int.from_bytes(version, "big"), _closings.decode(closing) if closing else None
