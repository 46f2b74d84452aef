"""What-if, as the API asks for it: which version is to decide, over which recorded executions."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class WhatIfAsked(NamedTuple):
    """What is to be compared: a definition as canonical JSON (version 0: none that is published), and with which recorded executions.

    The last `most` of the workflow `against` that began at `since` (milliseconds since 1970) or later and that the `filter` takes.
    """

    workflow: str
    version: int
    hash: str
    content: bytes
    against: str
    most: int
    since: int
    filter: str | None
    now_ms: int


class Comparing(Protocol):
    """What a service does about it."""

    async def what_if(self, asked: WhatIfAsked) -> bytes:
        """What a version would change in recorded executions, as JSON. Raises Unavailable."""
