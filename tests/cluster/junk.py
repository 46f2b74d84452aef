"""Records that nobody can read, for any topic."""

from __future__ import annotations

from typing import Final

import msgspec

NEWER_TASK: Final = b'{"protocol":2,"task":"new","what":"nobody here knows"}'
JUNK: Final[tuple[bytes, ...]] = (
    b"",
    b"junk",
    b"\x00" * 100,
    b"\xff\xfe\xfd",
    b"{",
    b"{}",
    b'{"protocol":1}',
    b'{"protocol":1,"task":"\xff"}',
    b'{"protocol":1,"task":"no id","execution":"e","path":"p","attempt":1,"kind":"note","queue":"default"}',
    b'{"protocol":1,"task":"e/p@1","execution":"e","path":"p","attempt":1}',
    b'{"protocol":1,"worker":"w","task":"no id","output":1}',
    b'{"heartbeat":1}',
    b'{"assignment":{"generation":-1}}',
    b'{"execution":1,"path":2,"attempt":3}',
    b"[" * 100_000,
    msgspec.msgpack.encode([1, 2, 3]),
    msgspec.msgpack.encode({"a": 1}),
    msgspec.msgpack.encode([3, b"nonce"]),
    b"RFB1" + b"\xff" * 60,
    b"RFB1" + b"\x00" * 56,
    b"RFSf" + b"\xff" * 60,
    b"RFSf" + b"\x7f" * 60,
    b"RFSp" + b"\x00" * 60,
)


def junk_for(topic: str) -> list[bytes]:
    """What nobody can read in a topic. Some is readable, or of a newer version, in another."""
    readable = {"cancellations": b'"path":"p"', "resources": b"nonce"}.get(topic)
    return [content for content in JUNK if readable is None or readable not in content]
