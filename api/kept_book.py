"""What the API needs of an engine about what is kept by name and version, prompts and connectors, and what definitions hold of it."""

from __future__ import annotations

from typing import Protocol

from contracts.caller import Caller
from contracts.catalog import ConnectorPublished, PromptPublished
from contracts.definitions import WorkflowDefinition


class KeptBook(Protocol):
    """A part of a `Service`."""

    def prompts(self) -> list[PromptPublished]:
        """Of each prompt the latest version, by name."""

    async def know_prompts(self) -> None:
        """Read on, as somebody else may have published one, or a connector."""

    def prompt_versions(self, name: str) -> list[PromptPublished]:
        """All versions of a prompt, the first one first. Raises Rejected where there is none."""

    def prompt(self, name: str, version: int | None = None) -> PromptPublished:
        """A version of a prompt, without a number the latest one. Raises Rejected where there is none."""

    async def publish_prompt(self, name: str, prompt_hash: str, content: bytes, caller: Caller) -> tuple[PromptPublished, bool]:
        """Keep a prompt as the next version of its name, and whether it is one. Raises Rejected, LogError."""

    def pinned(self, definition: WorkflowDefinition) -> WorkflowDefinition:
        """The definition with the prompts and connectors that it names, as they are now."""

    def connectors(self) -> list[ConnectorPublished]:
        """Of each connector the latest version, by name."""

    def connector_versions(self, name: str) -> list[ConnectorPublished]:
        """All versions of a connector, the first one first. Raises Rejected where there is none."""

    def connector(self, name: str, version: int | None = None) -> ConnectorPublished:
        """A version of a connector, without a number the latest one. Raises Rejected where there is none."""

    async def publish_connector(self, name: str, connector_hash: str, content: bytes, caller: Caller) -> tuple[ConnectorPublished, bool]:
        """Keep a connector as the next version of its name, and whether it is one. Raises Rejected, LogError."""
