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


class MigrationAsked(NamedTuple):
    """What is to be planned: all open executions of a workflow that go by the version `before`, and that the `filter` takes.

    `names` says which nodes are called otherwise in the version; with `rehearses` it also decides over what is recorded.
    """

    workflow: str
    version: int
    hash: str
    before: int
    names: tuple[tuple[str, str], ...]
    rehearses: bool
    filter: str | None
    now_ms: int


class CoverageAsked(NamedTuple):
    """Of which version it is counted what executions have taken: the last so many of its workflow that began."""

    workflow: str
    version: int
    hash: str
    last: int


class Comparing(Protocol):
    """What a service does about it."""

    async def what_if(self, asked: WhatIfAsked) -> bytes:
        """What a version would change in recorded executions, as JSON. Raises Unavailable."""

    async def plan_migration(self, asked: MigrationAsked) -> bytes:
        """What would become of executions that go on by another version, as JSON. Raises Unavailable."""

    async def coverage(self, asked: CoverageAsked) -> bytes:
        """What recorded executions have taken of a version, as JSON. Raises Unavailable."""
