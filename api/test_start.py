"""What a service is told of a test run, and says of the definition that an execution goes by."""

from __future__ import annotations

from typing import NamedTuple

from contracts.pins import Plan


class TestStart(NamedTuple):
    """Of a test run: its plan, and the version (0: none) and content hash of its definition."""

    plan: Plan
    version: int
    definition: str

    @staticmethod
    def of(version: int, definition: str, carried: bytes) -> TestStart:
        """With nothing pinned yet; what is `carried` is a definition that is not published (`domain/definition/unpublished.py`)."""
        return TestStart(Plan(definition=carried), version, definition)


class Executed(NamedTuple):
    """The definition that an execution goes by, as JSON; version 0 is none that is published."""

    workflow: str
    version: int
    hash: str
    is_published: bool
    definition: bytes
