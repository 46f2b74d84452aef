"""A request as it comes: its parts, how large its head may be, and until when it has to be whole."""

from __future__ import annotations

from typing import Any, Final

from api.gate import BODY_S, PAUSE_S
from api.problems import BadRequest

HEAD_BYTES_MAX: Final = 32 * 1024
HEAD_LINES_MAX: Final = 100
"""How large the head of a request may be, and how many lines of headers it may have."""
HEAD_S: Final = 30.0
"""How long a head may take until it is whole."""


class Message:
    """A request as it was parsed. It answers what uvicorn asks its parser, for a request that is replayed later."""

    url = body = method = b""
    version = ""
    keeps_alive = wants_upgrade = is_whole = False
    kind: bytes | None = None
    key: bytes | None = None
    """Its content type and its `Idempotency-Key`, once `is_hot` is known."""
    is_hot: bool | None = None
    """Whether the lane may take it; None until that was asked."""
    since = heard_at = 0.0
    """When it was seen to be half, and when more of it came."""

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []

    def note(self, parser: Any) -> None:
        """What the parser knows once the headers are whole."""
        self.method = parser.get_method()
        self.version = parser.get_http_version()
        self.keeps_alive = parser.should_keep_alive()
        self.wants_upgrade = parser.should_upgrade()

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing special about the connection."""
        return self.version == "1.1" and self.keeps_alive and not self.wants_upgrade

    @property
    def ends_at(self) -> float:
        """Until when the rest of it has to be there."""
        return min(self.heard_at + PAUSE_S, self.since + BODY_S) if self.version else self.since + HEAD_S

    def check_head(self) -> None:
        """Raise BadRequest for a head over the limits."""
        if len(self.headers) > HEAD_LINES_MAX:
            raise too_large_head(f"{len(self.headers)} lines of headers; at most {HEAD_LINES_MAX} may be")
        size = len(self.method) + len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > HEAD_BYTES_MAX:
            raise too_large_head(f"{size:,} bytes; at most {HEAD_BYTES_MAX:,} may be")

    def get_method(self) -> bytes:
        """See httptools."""
        return self.method

    def get_http_version(self) -> str:
        """See httptools."""
        return self.version

    def should_keep_alive(self) -> bool:
        """See httptools."""
        return self.keeps_alive

    def should_upgrade(self) -> bool:
        """See httptools."""
        return self.wants_upgrade


def too_large_head(found: str) -> BadRequest:
    """The refusal of a head over the limits."""
    return BadRequest(431, "head_too_large", f"the head of the request has {found}")
