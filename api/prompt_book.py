"""What the API needs of an engine about prompts: those that are kept, and what of them a definition would hold."""

from __future__ import annotations

from typing import Protocol

from contracts.caller import Caller
from contracts.catalog import PromptPublished
from contracts.definitions import WorkflowDefinition


class PromptBook(Protocol):
    """A part of a `Service`."""

    def prompts(self) -> list[PromptPublished]:
        """Of each prompt the latest version, by name."""

    async def know_prompts(self) -> None:
        """Read on, as somebody else may have published one."""

    def prompt_versions(self, name: str) -> list[PromptPublished]:
        """All versions of a prompt, the first one first. Raises Rejected where there is none."""

    def prompt(self, name: str, version: int | None = None) -> PromptPublished:
        """A version of a prompt, without a number the latest one. Raises Rejected where there is none."""

    async def publish_prompt(self, name: str, prompt_hash: str, content: bytes, caller: Caller) -> tuple[PromptPublished, bool]:
        """Keep a prompt as the next version of its name, and whether it is one. Raises Rejected, LogError."""

    def pinned(self, definition: WorkflowDefinition) -> WorkflowDefinition:
        """The definition with the prompts that it names, as they are now."""
